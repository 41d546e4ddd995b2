"""ROC, precision-recall, reliability and thresholds of each label, with intervals."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from radlens.domain.evaluation import Bin, Curves, Point
from radlens.lab.answers import Answers
from radlens.lab.bootstrap import blocks, measure
from radlens.lab.cuts import cuts
from radlens.lab.reliability import BINS, equal_width
from radlens.lab.scores import share, steps

GRID = np.linspace(0, 1, 101)
RESAMPLES = 500  # enough for the bands of a drawing
FEWEST = 5  # cases in a bin: one or two give no interval worth drawing
TINY = 1e-9  # of a case: what sums of floats may be off by

Array = NDArray[np.floating]


def curves(answers: Answers, *, seed: int, count: int = RESAMPLES) -> Mapping[str, Curves]:
    """The curves of each label with both classes, by its name."""
    rng = np.random.default_rng(seed)
    drawn = list(blocks(answers.unit, rng, count))
    return {
        name: _curves(answers, index, drawn)
        for index, name in enumerate(answers.labels)
        if answers.measurable[index]
    }


def _curves(answers: Answers, index: int, drawn: list[Array]) -> Curves:
    known = answers.known[:, index]
    y, p = answers.truth[known, index], answers.probabilities[known, index]
    of_known = [weight[:, known] for weight in drawn]
    parts = [grids(y, p, weight) for weight in of_known]
    roc, precise = (np.concatenate(part) for part in zip(*parts, strict=True))
    bins = reliability(y, p, of_known)
    return Curves(points(GRID, roc), points(GRID, precise), bins, cuts(y, p, of_known))


def grids(y: Array, p: Array, weight: Array) -> tuple[Array, Array]:
    """Both curves of each resample on GRID, (resamples, 101); NaN where a class is missing.

    ROC: the largest sensitivity at a false positive rate of x or less. Precision-recall: the
    precision at the highest threshold that reaches a sensitivity of x (Fawcett 2006).
    """
    positive, negative = (np.cumsum(v[:, ::-1], axis=1) for v in steps(y, p, weight))
    with np.errstate(invalid="ignore", divide="ignore"):
        found, alarmed = positive / positive[:, -1:], negative / negative[:, -1:]
        precise = positive / (positive + negative)
    roc, pr = np.full((2, len(weight), len(GRID)), np.nan)
    both = (positive[:, -1] > 0) & (negative[:, -1] > 0)
    for row in np.flatnonzero(both):
        at = np.searchsorted(alarmed[row], GRID + TINY, side="right")
        roc[row] = np.concatenate([[0.0], found[row]])[at]
        # At least one positive has to be found: before that there is no precision.
        least = np.maximum(GRID - TINY, TINY)
        pr[row] = precise[row, np.searchsorted(found[row], least, side="left")]
    return roc, pr


def reliability(y: Array, p: Array, drawn: list[Array]) -> tuple[Bin, ...]:
    """How often the label was there in each of the equal bins that hold FEWEST cases or more."""
    place = equal_width(p)
    member = np.eye(BINS)[place]
    n = np.concatenate([weight @ member for weight in drawn])
    there = np.concatenate([weight @ (member * y[:, None]) for weight in drawn])
    seen = share(there, n)
    found = []
    for index in range(BINS):
        cases = int((place == index).sum())
        if cases >= FEWEST and (share_seen := measure(seen[:, index], cases)):
            found.append(Bin(cases, round(float(p[place == index].mean()), 5), share_seen))
    return tuple(found)


def points(x: Array, values: Array) -> tuple[Point, ...]:
    """The split's own curve with the interval of each point, from one curve a resample."""
    low, high = np.nanpercentile(values[1:], (2.5, 97.5), axis=0)
    return tuple(
        Point(*(round(float(v), 5) for v in point))
        for point in zip(x, values[0], low, high, strict=True)
    )
