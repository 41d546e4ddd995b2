"""Tests of a difference between two models on the same cases."""

from math import comb, erfc, sqrt

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def delong(truth: Array, scores: Array) -> tuple[Array, Array]:
    """Areas under the ROC curve and their covariance (DeLong et al. 1988), (k,) and (k, k).

    ``truth`` (n,) of 0 and 1 with two or more of each, ``scores`` (k, n) of k models on the same
    cases; by midranks, in n log n (Sun and Xu 2014). Cases count as independent.
    """
    positive = truth == 1
    m, n = int(positive.sum()), int((~positive).sum())
    ranks = np.stack([midranks(row) for row in scores])
    among = [np.stack([midranks(row[which]) for row in scores]) for which in (positive, ~positive)]
    of_positive = (ranks[:, positive] - among[0]) / n
    of_negative = 1 - (ranks[:, ~positive] - among[1]) / m
    covariance = np.cov(of_positive) / m + np.cov(of_negative) / n
    return of_positive.mean(1), np.atleast_2d(covariance)


def midranks(values: Array) -> Array:
    """The rank of each value, from 1; equal values share the mean of theirs."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(count) - (count - 1) / 2)[place])


def delong_p(truth: Array, first: Array, second: Array) -> float | None:
    """Two-sided p that two areas are equal; None with fewer than two cases of a class."""
    if min((truth == 1).sum(), (truth == 0).sum()) < 2:
        return None
    areas, covariance = delong(truth, np.stack([first, second]))
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    if variance <= 1e-16:  # the same ranking twice
        return 1.0 if areas[0] == areas[1] else 0.0
    return erfc(float(abs(areas[0] - areas[1])) / sqrt(2 * variance))


def mcnemar_p(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Two-sided exact p that two models are right equally often (McNemar 1947; binomial).

    ``first`` and ``second`` (n,): whether each was right in each case.
    """
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    n, least = only_first + only_second, min(only_first, only_second)
    return float(min(1.0, 2 * sum(comb(n, k) for k in range(least + 1)) / 2**n))
