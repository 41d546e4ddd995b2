"""How good scores are, as plain numpy, fast enough for thousands of bootstrap resamples."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def auroc(truth: Array, score: Array, weight: Array | None = None) -> Array:
    """Area under the ROC curve of each resample, NaN where a class is missing.

    ``truth`` (n,) of 0 and 1, ``score`` (n,), ``weight`` (resamples, n) how often each case was
    drawn, by default each once. Ties count one half (Mann and Whitney 1947; Fawcett 2006).
    """
    drawn = np.ones((1, len(truth))) if weight is None else weight
    order = np.argsort(score, kind="stable")
    positive = drawn[:, order] * truth[order]
    negative = drawn[:, order] * (1 - truth[order])
    starts = np.flatnonzero(np.diff(score[order], prepend=np.nan) != 0)
    positive = np.add.reduceat(positive, starts, axis=1)
    negative = np.add.reduceat(negative, starts, axis=1)
    below = np.cumsum(negative, axis=1) - negative / 2
    pairs = positive.sum(1) * negative.sum(1)
    with np.errstate(invalid="ignore"):
        return np.asarray((positive * below).sum(1) / np.where(pairs > 0, pairs, np.nan))


def average_precision(truth: Array, score: Array, weight: Array | None = None) -> Array:
    """Average precision (the step-wise area under precision and recall) of each resample.

    Shapes as for ``auroc``; equal scores are one step, as in scikit-learn.
    """
    drawn = np.ones((1, len(truth))) if weight is None else weight
    order = np.argsort(-score, kind="stable")
    starts = np.flatnonzero(np.diff(score[order], prepend=np.nan) != 0)
    positive = np.add.reduceat(drawn[:, order] * truth[order], starts, axis=1)
    called = np.cumsum(np.add.reduceat(drawn[:, order], starts, axis=1), axis=1)
    hits = np.cumsum(positive, axis=1)
    precision = hits / np.maximum(called, 1e-12)
    total = hits[:, -1]
    with np.errstate(invalid="ignore"):
        return np.asarray((precision * positive).sum(1) / np.where(total > 0, total, np.nan))


def confusion(
    truth: NDArray[np.int64], answer: NDArray[np.int64], classes: int
) -> NDArray[np.int64]:
    """Counts of shape (classes, classes): rows are the truth, columns the answer."""
    counts = np.bincount(truth * classes + answer, minlength=classes * classes)
    return counts.reshape(classes, classes)


def recalls(counts: Array | NDArray[np.int64]) -> Array:
    """The share of each class that was found, NaN where it has no case; counts (..., c, c)."""
    of_class = counts.sum(-1)
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    return np.asarray(hits / np.where(of_class > 0, of_class, np.nan))
