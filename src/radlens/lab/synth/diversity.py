"""How unlike the images of one class are each other: a generator that repeats itself shows here."""

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from numpy.typing import NDArray
from torch import Tensor

from radlens.domain.evaluation import Measures
from radlens.domain.synthesis import LEAST
from radlens.lab.bootstrap import measure, resamples
from radlens.lab.scores import share
from radlens.lab.synth.fidelity import RESAMPLES

# Wang et al. 2004 (IEEE TIP 13): window, its spread, and the two constants for values in [0, 1].
WINDOW, SPREAD, K1, K2 = 11, 1.5, 0.01, 0.03
# The first three weights of Wang, Simoncelli and Bovik 2003 (Asilomar), whose other two need sides
# of more than 160 pixels, made to sum to one.
SCALES = tuple(weight / 0.6305 for weight in (0.0448, 0.2856, 0.3001))
PAIRS, BATCH = 300, 100

Array = NDArray[np.floating]


# Images (n, 64, 64) in [0, 1], the unit of each and its class, both (n,).
Side = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]


def diversity(made: Side, real: Side, *, seed: int) -> Measures:
    """The mean likeness of two images of one class, ``ssim`` and ``ms_ssim``; real: ``..._real``.

    The lower, the more diverse. Intervals draw units again. Empty where one side has fewer images
    than ``LEAST``.
    """
    if min(len(made[0]), len(real[0])) < LEAST:
        return {}
    found: dict[str, Array] = {}
    rng = np.random.default_rng(seed)
    for suffix, (images, unit, kind) in (("", made), ("_real", real)):
        one, other = pairs(unit, kind, rng)
        again = resamples(unit, rng, RESAMPLES)
        weight = again[:, one] * again[:, other]
        for name, values in alike(images, one, other).items():
            found[f"{name}{suffix}"] = share(weight @ values, weight.sum(1))
    return {name: measure(values, len(made[0])) for name, values in found.items()}


def pairs(
    unit: NDArray[np.int64], kind: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of ``PAIRS`` pairs of images of one class and two units, each pair once."""
    first, second = np.triu_indices(len(unit), 1)
    fits = np.flatnonzero((unit[first] != unit[second]) & (kind[first] == kind[second]))
    some = rng.permutation(fits)[:PAIRS]
    return first[some], second[some]


@torch.inference_mode()
def alike(
    images: NDArray[np.float32], one: NDArray[np.int64], other: NDArray[np.int64]
) -> dict[str, Array]:
    """``ssim`` and ``ms_ssim`` (m,) of the images at these pairs of positions."""
    stack = torch.from_numpy(images)[:, None]
    parts = [
        _alike(stack[one[at : at + BATCH]], stack[other[at : at + BATCH]])
        for at in range(0, max(len(one), 1), BATCH)
    ]
    ssim, several = (torch.cat(each).double().numpy() for each in zip(*parts, strict=True))
    return {"ssim": ssim, "ms_ssim": several}


def _alike(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """``ssim`` and ``ms_ssim`` (m,) of images a and b (m, 1, side, side)."""
    first, several = None, torch.ones(len(a))
    for at, weight in enumerate(SCALES, 1):
        whole, contrast = _compared(a, b)
        first = whole if first is None else first
        several = several * (whole if at == len(SCALES) else contrast).clamp(min=0) ** weight
        a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
    assert first is not None  # noqa: S101 - there is more than one scale
    return first, several


def _compared(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """The mean SSIM, edges mirrored, and the mean contrast with structure where the window fits."""
    edge = WINDOW // 2
    line = torch.exp(-((torch.arange(WINDOW) - edge) ** 2) / (2 * SPREAD**2))
    window = torch.outer(line, line)[None, None] / line.sum() ** 2
    a, b = (F.pad(x, (edge,) * 4, mode="reflect") for x in (a, b))
    mean_a, mean_b, aa, bb, ab = (F.conv2d(x, window) for x in (a, b, a * a, b * b, a * b))
    spread = (aa - mean_a**2).clamp(min=0) + (bb - mean_b**2).clamp(min=0)
    contrast = (2 * (ab - mean_a * mean_b) + K2**2) / (spread + K2**2)
    light = (2 * mean_a * mean_b + K1**2) / (mean_a**2 + mean_b**2 + K1**2)
    inner = contrast[..., edge:-edge, edge:-edge]
    return (light * contrast).mean((1, 2, 3)), inner.mean((1, 2, 3))
