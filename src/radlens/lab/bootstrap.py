"""Intervals by drawing whole patients again (percentile bootstrap, Efron 1979)."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from radlens.domain.evaluation import Measure

RESAMPLES = 2000
# Numbers in one block of weights: what fits a processor's cache, whatever the number of cases.
BLOCK = 2**18

Array = NDArray[np.floating]


def resamples(unit: NDArray[np.int64], rng: np.random.Generator, count: int = RESAMPLES) -> Array:
    """How often each case is drawn, shape (1 + count, n); row 0 is the split itself."""
    return np.concatenate(list(blocks(unit, rng, count)))


def blocks(
    unit: NDArray[np.int64], rng: np.random.Generator, count: int = RESAMPLES
) -> Iterator[Array]:
    """The rows of ``resamples`` in parts, so that memory does not grow with the cases.

    ``unit`` (n,) names the patient (or near-duplicate group) of each case: whole units are drawn,
    so that two images of one patient do not pass for two observations.
    """
    names, index = np.unique(unit, return_inverse=True)
    units, rows = len(names), max(16, BLOCK // len(unit))
    yield np.ones((1, len(unit)))
    for start in range(0, count, rows):
        size = min(rows, count - start)
        drawn = rng.multinomial(units, np.full(units, 1 / units), size=size)
        yield drawn.astype(np.float64)[:, index]


def measure(values: Array, n: int, *, centred: bool = False) -> Measure | None:
    """Figure and interval from one number a resample, the first being the split itself.

    None where the figure is not known. ``centred`` is for errors that every resample makes larger,
    because it adds its own noise: that shift is taken off, and nothing goes below zero.
    """
    value, again = float(values[0]), values[1:][~np.isnan(values[1:])]
    if np.isnan(value) or not len(again):
        return None
    low, high = np.percentile(again, (2.5, 97.5))
    if centred:
        shift = float(again.mean()) - value
        value, low, high = (max(x, 0.0) for x in (value, low - shift, high - shift))
    return Measure(round(value, 5), round(float(low), 5), round(float(high), 5), n)
