"""What the input gate adds to a network: signals from maps that the one pass makes anyway."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from radlens.domain.gate import MEANINGS
from radlens.domain.model import InputSpec
from radlens.lab.batches import as_input
from radlens.lab.networks import Net

# By measurement, see docs/adr/0009-input-gate.md.
COMPONENTS = 32
SHRINKAGE = 1e-2
MOST = 600
SEED = 0
# The quiet half of the features must not weigh without bound: parts of the mean spread and 1.
LEAST_SCALE, LEAST_NOISE = 1e-2, 1e-3

Array = NDArray[np.floating]
# How an image is spoiled, in the order of the signals after the first.
POSITIONS = tuple(MEANINGS)[1:]


class Watch(nn.Module):
    """Maps of the watched layers, then of deeper ones -> signals (n, 1 + positions).

    The first is a Mahalanobis distance in parts of its root mean square on train, under the
    covariance of probabilistic principal components (Tipping and Bishop 1999, J. R. Statist. Soc.
    B 61, equation 6); it sees the ``watched`` first maps. The others are log-odds of each position
    against upright, and see all of them: what is up shows in parts of a body, not in its texture.
    """

    centre: Tensor
    scale: Tensor
    basis: Tensor
    precision: Tensor
    middle: Tensor
    probe: Tensor
    bias: Tensor

    def __init__(self, watched: int, **parts: Array) -> None:
        super().__init__()
        self.watched = watched
        for name, values in parts.items():
            self.register_buffer(name, torch.as_tensor(np.asarray(values), dtype=torch.float32))

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        z = (described(maps[: self.watched]) - self.centre) * self.scale
        squared = z.square().sum(1) * self.precision - (z @ self.basis).square().sum(1)
        distance = (squared.clamp(min=0) / z.shape[1]).sqrt()
        odds = (described(maps) - self.middle) @ self.probe + self.bias
        return torch.cat([distance[:, None], odds], 1)


def described(maps: Sequence[Tensor]) -> Tensor:
    """Mean and standard deviation over space of every channel, shape (n, features)."""
    means = [each.mean((2, 3)) for each in maps]
    spreads = [
        (each - mean[:, :, None, None]).square().mean((2, 3)).sqrt()
        for each, mean in zip(maps, means, strict=True)
    ]
    return torch.cat([*means, *spreads], 1)


class Watched(nn.Module):
    """A network and its watch: x (n, 3, rows, cols) -> logits, evidence, signals."""

    def __init__(self, network: Net, watch: Watch) -> None:
        super().__init__()
        self.network, self.watch = network, watch

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        logits, evidence, maps = looked_into(self.network, x)
        return logits, evidence, self.watch(maps)


def looked_into(network: Net, x: Tensor) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Logits, evidence and the maps of the watched and the deeper layers from one pass."""
    maps: list[Tensor] = []
    hooks = [
        network.get_submodule(name).register_forward_hook(lambda _, __, out: maps.append(out))
        for name in (*network.watched, *network.deeper)
    ]
    try:
        logits, evidence = network(x)
    finally:
        for hook in hooks:
            hook.remove()
    return logits, evidence, maps


def fit_watch(network: Net, grey: Array, spec: InputSpec) -> Watch:
    """Fit on images of its own kind, grey (n, rows, cols) in [0, 1]."""
    upright = np.asarray(grey, np.float32)
    wrong = spoiled(upright)
    x = [_features(network, images, spec) for images in (upright, *wrong.values())]
    near, everything = x[0][0], [each[1] for each in x]
    centre, scale = near.mean(0), _scale(near)
    basis, precision = _components((near - centre) * scale)
    middle = everything[0].mean(0)
    probe, bias = _probe([each - middle for each in everything])
    return Watch(
        len(network.watched),
        centre=centre,
        scale=scale,
        basis=basis,
        precision=precision,
        middle=middle,
        probe=probe,
        bias=bias,
    )


def parted(unit: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which training images the watch is fitted on, and which are left to set thresholds by.

    At most ``MOST`` and two thirds are for fitting; images of one ``unit`` (n,) stay together.
    """
    units, counts = np.unique(unit, return_counts=True)
    order = np.random.default_rng(SEED).permutation(len(units))
    fits = counts[order].cumsum() <= max(min(MOST, 2 * len(unit) // 3), counts[order[0]])
    inside = np.isin(unit, units[order[fits]])
    return np.flatnonzero(inside), np.flatnonzero(~inside)


def spoiled(grey: Array) -> dict[str, Array]:
    """The images (n, rows, cols) inverted and in every wrong position, by the signals' names."""
    return {
        "inverted": 1 - grey,
        "turned-left": np.rot90(grey, 1, (1, 2)),
        "upside-down": np.rot90(grey, 2, (1, 2)),
        "turned-right": np.rot90(grey, 3, (1, 2)),
    }


def _features(network: Net, grey: Array, spec: InputSpec) -> tuple[Array, Array]:
    """What is described of greys by the watched maps (n, features), and by all (n, features)."""
    network.eval()
    near, everything = [], []
    with torch.inference_mode():
        for part in np.array_split(np.ascontiguousarray(grey), -(-len(grey) // 16)):
            maps = looked_into(network, as_input(torch.from_numpy(part)[:, None], spec))[2]
            near.append(described(maps[: len(network.watched)]).numpy())
            everything.append(described(maps).numpy())
    first, second = (np.concatenate(each).astype(np.float64) for each in (near, everything))
    return first, second


def _scale(x: Array) -> Array:
    """One over the spread of each feature (features,); none counts as spread by nothing at all."""
    spread = x.std(0)
    return np.asarray(1 / np.maximum(spread, LEAST_SCALE * spread.mean() + 1e-9))


def _components(z: Array) -> tuple[Array, Array]:
    """``basis`` (features, k) and ``precision``: z' C^-1 z is precision |z|^2 - |z basis|^2."""
    most = max(min(COMPONENTS, len(z) // 3, z.shape[1] // 3), 1)
    pca = PCA(most, svd_solver="full").fit(z)
    noise = max(float(pca.noise_variance_), LEAST_NOISE)
    weight = 1 / noise - 1 / np.maximum(pca.explained_variance_, noise)
    return pca.components_.T * np.sqrt(weight), np.array(1 / noise)


def _probe(z: list[Array]) -> tuple[Array, Array]:
    """Weights (features, positions) and biases of the log-odds against upright.

    As many upright images as of each other position: the odds start from one to one.
    """
    together = np.concatenate(z)
    spread = together.std(0) + 1e-9  # an inverted image is far away: without this, no convergence
    position = np.repeat(np.arange(len(z)), len(z[0]))
    fitted = LogisticRegression(C=SHRINKAGE, max_iter=1000).fit(together / spread, position)
    weights, biases = fitted.coef_ / spread, fitted.intercept_
    return (weights[1:] - weights[:1]).T, biases[1:] - biases[0]
