"""How good scores are, as plain numpy, fast enough for thousands of bootstrap resamples."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def auroc(truth: Array, score: Array, weight: Array | None = None) -> Array:
    """Area under the ROC curve of each resample, NaN where a class is missing; see ``areas``."""
    return areas(truth, score, weight)[0]


def average_precision(truth: Array, score: Array, weight: Array | None = None) -> Array:
    """Average precision of each resample, NaN where there is no positive; see ``areas``."""
    return areas(truth, score, weight)[1]


def areas(truth: Array, score: Array, weight: Array | None = None) -> tuple[Array, Array]:
    """Area under the ROC curve and average precision of each resample, shape (resamples,).

    ``truth`` (n,) of 0 and 1, ``score`` (n,), ``weight`` (resamples, n) how often each case was
    drawn, by default each once. For the area ties count one half (Mann and Whitney 1947; Fawcett
    2006); for precision equal scores are one step, as in scikit-learn.
    """
    positive, negative = steps(truth, score, weight)
    total = positive.sum(1)
    below = np.cumsum(negative, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        area = (positive * (below - negative / 2)).sum(1) / (total * negative.sum(1))
        hits = np.cumsum(positive[:, ::-1], axis=1)[:, ::-1]
        called = hits + below[:, -1:] - below + negative
        precise = (positive * hits / np.maximum(called, 1e-12)).sum(1) / total
    return area, precise


def steps(truth: Array, score: Array, weight: Array | None = None) -> tuple[Array, Array]:
    """Positives and negatives at each score that occurs, ascending: two of (resamples, scores)."""
    drawn = np.ones((1, len(truth))) if weight is None else weight
    order = np.argsort(score, kind="stable")
    drawn = drawn[:, order]
    positive = drawn * truth[order]
    negative = drawn - positive
    starts = np.flatnonzero(np.diff(score[order], prepend=np.nan) != 0)
    if len(starts) == len(order):  # no two scores are equal
        return positive, negative
    return np.add.reduceat(positive, starts, axis=1), np.add.reduceat(negative, starts, axis=1)


def confusion(
    truth: NDArray[np.int64], answer: NDArray[np.int64], classes: int
) -> NDArray[np.int64]:
    """Counts of shape (classes, classes): rows are the truth, columns the answer."""
    counts = np.bincount(truth * classes + answer, minlength=classes * classes)
    return counts.reshape(classes, classes)


def recalls(counts: NDArray[np.number]) -> Array:
    """The share of each class that was found, NaN where it has no case; counts (..., c, c)."""
    return share(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(-1))


def share(part: NDArray[np.number], whole: NDArray[np.number]) -> Array:
    """part / whole, NaN where the whole is nothing."""
    return np.asarray(part / np.where(whole > 0, whole, np.nan))


def mean_known(values: Array) -> Array:
    """The mean over the last axis without what is NaN; NaN where all is."""
    known = ~np.isnan(values)
    return share(np.where(known, values, 0).sum(-1), known.sum(-1))
