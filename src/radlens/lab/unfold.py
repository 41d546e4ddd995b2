"""The network of a bundle -> one that can be trained on, with its norms as layers of their own.

The exporter folds a norm into the convolution before it. The same function with norms that a
training step can follow needs their statistics, which are taken from training images.
"""

from collections.abc import Callable

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from radlens.domain.errors import BadBundle
from radlens.domain.model import InputSpec
from radlens.lab.batches import as_input, grey_images
from radlens.lab.dataset import Cases
from radlens.lab.export import probes
from radlens.lab.networks import Net
from radlens.lab.weights import load_strictly, with_more_labels

# How many training images the statistics of the norms come from, and how many go at once.
IMAGES, BATCH = 256, 32


@torch.no_grad()
def unfold(network: Net, exported: bytes, *, cases: Cases, spec: InputSpec) -> None:
    """Fill ``network`` so that it answers like the exported one; raises BadBundle.

    Weights come back as the bundle stores them, in 16 bits. Labels that the network has beyond the
    exported ones keep the head that was drawn for them.
    """
    network.eval()
    given = with_more_labels(network, _for_each_member(stored(exported)))
    state = network.state_dict()
    state |= {name: given[name].clone() for name in state if name in given}
    folded = {
        norm: given[f"{conv}.weight_bias"]
        for norm, conv in after(network, probes(spec)).items()
        if f"{conv}.weight_bias" in given
    }
    norms = {name: module for name, module in network.named_modules() if name in folded}
    for name, bias in folded.items():
        eps = float(getattr(norms[name], "eps"))  # noqa: B009 - a norm by construction
        ones = torch.ones_like(bias)
        state |= _norm(name, weight=ones, bias=bias, mean=0 * ones, var=(1 - eps) * ones)
    counters = ("num_batches_tracked",)
    for name in state:
        part = name.rpartition(".")[0]
        if name not in given and part not in folded and not name.endswith(counters):
            raise BadBundle(f"The bundle's network has no {name}.")
    load_strictly(network, state)
    for name, (mean, var) in _statistics(network, norms, cases, spec).items():
        eps = float(getattr(norms[name], "eps"))  # noqa: B009
        weight, bias = (var + eps).sqrt(), folded[name] + mean
        state |= _norm(name, weight=weight, bias=bias, mean=mean, var=var)
    load_strictly(network, state)


def stored(exported: bytes) -> dict[str, Tensor]:
    """The tensors of an exported graph in 32 bits, by their names in the network."""
    graph = onnx.load_from_string(exported).graph
    return {
        tensor.name.removesuffix(".half"): torch.from_numpy(
            numpy_helper.to_array(tensor).astype(np.float32)
        )
        for tensor in graph.initializer
    }


def _for_each_member(given: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors with those of a pair that the exporter kept once, for both members.

    Layers that are frozen alike compute the same, and stand in the graph under the first's name.
    """
    first, second = "members.0.", "members.1."
    shared = {
        second + name.removeprefix(first): tensor
        for name, tensor in given.items()
        if name.startswith(first)
    }
    return shared | given


def after(network: Net, x: Tensor) -> dict[str, str]:
    """For each norm that directly follows a convolution, by names: that convolution."""
    made: dict[int, str] = {}
    found: dict[str, str] = {}
    outputs: list[Tensor] = []  # kept alive, so that no two share an id

    def convolved(name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def note(_module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
            outputs.append(output)
            made[id(output)] = name

        return note

    def normed(name: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        def note(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            if id(inputs[0]) in made:
                found[name] = made[id(inputs[0])]

        return note

    hooks = []
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            hooks.append(module.register_forward_hook(convolved(name)))
        if isinstance(module, nn.BatchNorm2d):
            hooks.append(module.register_forward_pre_hook(normed(name)))
    network(x)
    for hook in hooks:
        hook.remove()
    return found


def _statistics(
    network: Net, norms: dict[str, nn.Module], cases: Cases, spec: InputSpec
) -> dict[str, tuple[Tensor, Tensor]]:
    """Mean and variance (channels,) of what each norm is given, over some training images."""
    # For each norm: how many values a channel was given, their sums, the sums of their squares.
    sums = {name: torch.zeros(3, 1, dtype=torch.float64) for name in norms}

    def counting(name: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        def note(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            x = inputs[0].double()
            each = [torch.ones_like(x), x, x.square()]
            sums[name] = sums[name] + torch.stack([part.sum((0, 2, 3)) for part in each])

        return note

    hooks = [norms[name].register_forward_pre_hook(counting(name)) for name in norms]
    # Spread over the split, which may be sorted by class.
    which = np.linspace(0, len(cases) - 1, min(IMAGES, len(cases))).astype(np.int64)
    for part in np.array_split(which, -(-len(which) // BATCH)):
        network(as_input(grey_images(cases, part), spec))
    for hook in hooks:
        hook.remove()
    found = {}
    for name, (n, total, squares) in sums.items():
        mean = total / n
        found[name] = (mean.float(), (squares / n - mean.square()).clamp(min=0).float())
    return found


def _norm(
    name: str, *, weight: Tensor, bias: Tensor, mean: Tensor, var: Tensor
) -> dict[str, Tensor]:
    return {
        f"{name}.weight": weight,
        f"{name}.bias": bias,
        f"{name}.running_mean": mean,
        f"{name}.running_var": var,
    }
