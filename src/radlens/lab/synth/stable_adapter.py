"""LoRA layers: put into the networks, kept in checkpoints, and in the file that diffusers reads."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as dump
from torch import Tensor

from radlens.domain.errors import BadBundle, BadRecipe
from radlens.lab.checkpoint import State, keep, kept, part, restore, write
from radlens.lab.synth.stable_parts import (
    LoraConfig,
    convert_state_dict_to_diffusers,
    get_peft_model_state_dict,
    inject_adapter_in_model,
    set_peft_model_state_dict,
)
from radlens.lab.synth.stable_weights import Parts

ADAPTER = "pytorch_lora_weights.safetensors"  # as diffusers looks for it
NAME = "default"
# The attention of each network (Hu et al. 2022, ICLR).
LAYERS = {
    "unet": ["to_q", "to_k", "to_v", "to_out.0"],
    "text_encoder": ["q_proj", "k_proj", "v_proj", "out_proj"],
}
# Files name the text encoder's layers so, whether or not its class still does.
SHELL = "text_model."
Networks = dict[str, Any]


def adapted(parts: Parts, *, rank: int, text: bool, seed: int = 0) -> Networks:
    """The networks that learn, by name, with fresh layers drawn by the seed."""
    networks = {"unet": parts.unet} | ({"text_encoder": parts.text_encoder} if text else {})
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for name, network in networks.items():
            # alpha as large as the rank: a program that reads no alpha scales alike.
            config = LoraConfig(
                r=rank,
                lora_alpha=rank,
                init_lora_weights="gaussian",
                target_modules=LAYERS[name],
            )
            inject_adapter_in_model(config, network, NAME)
    return networks


def keep_layers(folder: Path, at: State, networks: Networks, rule: torch.optim.Optimizer) -> None:
    """A checkpoint; raises BadRecipe rather than keep what is not a number."""
    tensors = {
        f"{name}.{key}": value
        for name, network in networks.items()
        for key, value in get_peft_model_state_dict(network).items()
    }
    if not _finite(tensors):
        raise BadRecipe(f"The weights are no numbers after step {at.step}.", hint="Lower lr.")
    keep(folder, at, tensors, rule)


def resume(folder: Path, run: str, networks: Networks, rule: torch.optim.Optimizer) -> State:
    """Put a checkpoint back, or start anew where there is none; BadRecipe for another run's."""
    at, tensors = kept(folder, run)
    if tensors:
        for name, network in networks.items():
            set_peft_model_state_dict(network, part(tensors, f"{name}."))
        restore(rule, part(tensors, "rule."))
    return at


def save_layers(folder: Path, networks: Networks) -> None:
    """One file, as diffusers' ``load_lora_weights`` and the programs around it read it."""
    tensors = {
        filed: value.detach().float().cpu().contiguous() for filed, _, _, value in _named(networks)
    }
    write(folder / ADAPTER, dump(tensors, {"format": "pt"}))


def load_layers(folder: Path, parts: Parts) -> Networks:
    """Put the layers in the folder's file into the parts' networks; give these by name.

    Raises BadBundle where they are damaged, or not of these networks to the last name and shape.
    """
    try:
        tensors = load_file(folder / ADAPTER)
        rank = min(next(iter(tensors.values())).shape)
    except (OSError, SafetensorError, StopIteration, ValueError) as error:
        raise BadBundle(f"The LoRA layers in {folder.name} cannot be read.") from error
    text = any(name.startswith("text_encoder.") for name in tensors)
    networks = adapted(parts, rank=rank, text=text)
    wanted = {filed: value.shape for filed, _, _, value in _named(networks)}
    if wanted != {filed: value.shape for filed, value in tensors.items()} or not _finite(tensors):
        raise BadBundle(
            f"The LoRA layers in {folder.name} do not belong to these weights.",
            hint="Name the weights that they were trained on, or train them again.",
        )
    for name, network in networks.items():
        mine = {key: tensors[filed] for filed, owner, key, _ in _named(networks) if owner == name}
        set_peft_model_state_dict(network, mine)
    return networks


def _named(networks: Networks) -> Iterator[tuple[str, str, str, Tensor]]:
    """For every tensor its name in files, its network, its name there, and itself."""
    for name, network in networks.items():
        layers = get_peft_model_state_dict(network)
        for filed, (key, value) in zip(
            convert_state_dict_to_diffusers(layers), layers.items(), strict=True
        ):
            shell = SHELL if name == "text_encoder" and not filed.startswith(SHELL) else ""
            yield f"{name}.{shell}{filed}", name, key, value


def _finite(tensors: dict[str, Tensor]) -> bool:
    return all(bool(value.isfinite().all()) for value in tensors.values())
