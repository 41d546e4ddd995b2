"""How near made images are to held-out real ones, beside how near other real images are.

Frechet distance (Heusel et al. 2017, NeurIPS), kernel distance (Binkowski et al. 2018, ICLR),
precision and recall (Kynkaanniemi et al. 2019, NeurIPS), density and coverage (Naeem et al. 2020,
ICML), all in the features of one network.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from radlens.domain.evaluation import Measures
from radlens.domain.synthesis import LEAST
from radlens.lab.bootstrap import measure, resamples

# The Frechet distance estimates a covariance: of so many principal components of the real training
# images at most, and of no more than this part of the images at hand.
DIMENSIONS, PART = 64, 4
NEIGHBOURS = 5
RESAMPLES = 500
RATIO = "fid_ratio"

Array = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Sample:
    """Features ``x`` (n, channels) of n images, and the ``unit`` (n,) that each belongs to."""

    x: Array
    unit: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.x)

    def some(self, n: int, rng: np.random.Generator) -> "Sample":
        """So many of them, drawn without putting back."""
        which = np.sort(rng.permutation(len(self))[:n])
        return Sample(self.x[which], self.unit[which])


def fidelity(made: Sample, train: Sample, held_out: Sample, *, seed: int) -> Measures:
    """By name each figure of the made images, and under ``..._real`` that of training images.

    Both are measured against the same held-out images and with as many images as the fewer of the
    two have. Intervals draw units again: for the distances of both sides; for precision and
    density the images', for recall and coverage the held-out images', with the neighbourhoods as
    they are. Empty where one side has fewer than ``LEAST``.
    """
    n = min(len(made), len(train))
    if min(n, len(held_out)) < LEAST:
        return {}
    rng = np.random.default_rng(seed)
    basis, scale = components(train.x, min(DIMENSIONS, n // PART, len(held_out) // PART))
    sides = [side.some(n, rng) for side in (made, train)]
    sides = [Sample(side.x / scale, side.unit) for side in sides]
    real = Sample(held_out.x / scale, held_out.unit)
    again = [resamples(side.unit, rng, RESAMPLES) for side in (*sides, real)]
    drawn: dict[str, Array] = {}
    for suffix, side, weight in zip(("", "_real"), sides, again, strict=False):
        drawn |= {
            f"{name}{suffix}": values
            for name, values in _of_side(side.x, real.x, basis, weight, again[-1]).items()
        }
    drawn[RATIO] = settled(drawn["fid"]) / settled(drawn["fid_real"])
    centred = {"fid", "fid_real"}  # resampling adds noise, which looks like distance
    return {name: measure(v, n, centred=name in centred) for name, v in drawn.items()}


def _of_side(
    x: Array, real: Array, basis: Array, weight: Array, real_weight: Array
) -> dict[str, Array]:
    return {
        "fid": frechet(x @ basis, real @ basis, weight, real_weight),
        "kid": kernel(x, real, weight, real_weight),
        **shares(neighbourhoods(x, real, NEIGHBOURS), weight, real_weight),
    }


def components(x: Array, dimensions: int) -> tuple[Array, float]:
    """The first principal axes (channels, dimensions) of x (n, channels), and its scale: with it
    taken out, the mean square of a feature is one."""
    axes = np.linalg.eigh(np.cov(x, rowvar=False))[1][:, ::-1][:, :dimensions]
    return axes, float(np.sqrt((x**2).mean()))


def settled(values: Array) -> Array:
    """Distances of resamples without what their own noise adds; not a number where none is left."""
    shifted = values.copy()
    shifted[1:] -= values[1:].mean() - values[0]
    return np.where(shifted > 0, shifted, np.nan)


def frechet(a: Array, b: Array, a_weight: Array, b_weight: Array) -> Array:
    """The squared Frechet distance of the Gaussians of a and b, one of each resample's weights.

    ``a`` (n, k), ``b`` (m, k), weights (resamples, n) and (resamples, m) count each image.
    """
    found = np.empty(len(a_weight))
    for at, (wa, wb) in enumerate(zip(a_weight, b_weight, strict=True)):
        (mean_a, cov_a), (mean_b, cov_b) = _gaussian(a, wa), _gaussian(b, wb)
        values, axes = np.linalg.eigh(cov_a)
        root = (axes * np.sqrt(values.clip(0))) @ axes.T
        shared = np.sqrt(np.linalg.eigvalsh(root @ cov_b @ root).clip(0)).sum()
        apart = ((mean_a - mean_b) ** 2).sum()
        found[at] = max(apart + np.trace(cov_a) + np.trace(cov_b) - 2 * shared, 0)
    return found


def _gaussian(x: Array, weight: Array) -> tuple[Array, Array]:
    mean = weight @ x / weight.sum()
    centred = x - mean
    return mean, (centred * weight[:, None]).T @ centred / (weight.sum() - 1)


def kernel(a: Array, b: Array, a_weight: Array, b_weight: Array) -> Array:
    """The unbiased squared MMD of a and b under the cubic kernel, of each resample.

    An image is never compared with itself, however often it was drawn; weights as ``frechet``.
    """

    def cubed(one: Array, other: Array) -> Array:
        return np.asarray((one @ other.T / one.shape[1] + 1) ** 3)

    def within(x: Array, weight: Array) -> Array:
        grams = cubed(x, x)
        square = weight**2
        pairs = weight.sum(1) ** 2 - square.sum(1)
        return np.asarray((((weight @ grams) * weight).sum(1) - square @ grams.diagonal()) / pairs)

    across = ((a_weight @ cubed(a, b)) * b_weight).sum(1) / (a_weight.sum(1) * b_weight.sum(1))
    return np.asarray(within(a, a_weight) + within(b, b_weight) - 2 * across)


def neighbourhoods(x: Array, real: Array, k: int) -> Mapping[str, Array]:
    """What each image contributes: ``precision`` and ``density`` (n,) of x, ``recall`` and
    ``coverage`` (m,) of real; k as ``NEIGHBOURS``."""
    apart = distances(x, real)
    radius, own = _radius(real, k), _radius(x, k)
    inside = apart < radius
    return {
        "precision": inside.any(1).astype(float),
        "density": inside.sum(1) / k,
        "recall": (apart < own[:, None]).any(0).astype(float),
        "coverage": (apart.min(0) < radius).astype(float),
    }


def shares(of_image: Mapping[str, Array], weight: Array, real_weight: Array) -> dict[str, Array]:
    """The means of ``neighbourhoods`` in each resample."""
    over = {"precision": weight, "density": weight, "recall": real_weight, "coverage": real_weight}
    return {name: over[name] @ v / over[name].sum(1) for name, v in of_image.items()}


def distances(a: Array, b: Array) -> Array:
    """Euclidean distances (n, m) of a (n, channels) and b (m, channels)."""
    square = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    return np.asarray(np.sqrt(square.clip(0)))


def _radius(x: Array, k: int) -> Array:
    """How far the k-th nearest other image is, (n,)."""
    apart = distances(x, x)
    np.fill_diagonal(apart, 0)
    return np.asarray(np.partition(apart, k, axis=1)[:, k])
