"""How far probabilities are from what they say, for many bootstrap resamples at once."""

import numpy as np
from numpy.typing import NDArray

from radlens.lab.scores import share

BINS = 10  # of equal width, for the plain figure and the diagram
MASSES = 15  # of equal size, for the debiased one, as Kumar et al. use
LEAST = 10  # cases in each of those: a share of one or two cases says nothing of its own noise

Array = NDArray[np.floating]


def ece(p: Array, y: Array, drawn: Array) -> Array:
    """Expected calibration error in BINS equal bins (Naeini et al. 2015; Guo et al. 2017).

    ``p`` and ``y`` (n,), ``drawn`` (resamples, n) how often each case was drawn.
    """
    gap = drawn @ (np.eye(BINS)[equal_width(p)] * (p - y)[:, None])
    return share(np.abs(gap).sum(1), drawn.sum(1))


def squared_error_debiased(p: Array, y: Array, drawn: Array) -> Array:
    """The squared calibration error less the noise of its own bins; below zero by chance.

    The debiased estimator of Kumar, Liang and Ma 2019 (NeurIPS, section 5), with bins of equal
    mass: of each squared gap the variance of its observed share, s (1 - s) / (n - 1), is taken
    off. The plain ECE is too large for every model, the more so the fewer the cases (Roelofs et
    al. 2022, AISTATS). Bins in which fewer than two cases were drawn are left out.
    """
    member = np.eye(MASSES)[equal_mass(p)]
    n = drawn @ member
    said, seen = (share(drawn @ (member * v[:, None]), n) for v in (p, y))
    squared = (said - seen) ** 2 - seen * (1 - seen) / np.maximum(n - 1, 1)
    counted = n > 1
    return share(np.where(counted, n * squared, 0).sum(1), np.where(counted, n, 0).sum(1))


def signed_root(squared: Array) -> Array:
    """The root of a squared error, with the sign of what chance took below zero."""
    return np.asarray(np.sign(squared) * np.sqrt(np.abs(squared)))


def equal_width(p: Array) -> NDArray[np.int64]:
    """The bin of each probability, shape (n,)."""
    return np.minimum((p * BINS).astype(np.int64), BINS - 1)


def equal_mass(p: Array) -> NDArray[np.int64]:
    """The bin of each probability, about as many in each; equal probabilities share a bin.

    MASSES bins, or as few as leave LEAST cases to each.
    """
    first = np.searchsorted(np.sort(p), p)
    bins = min(MASSES, max(len(p) // LEAST, 1))
    return (first * bins // max(len(p), 1)).astype(np.int64)
