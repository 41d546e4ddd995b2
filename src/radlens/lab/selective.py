"""How many answers are wrong if only the surest ones are given (El-Yaniv and Wiener 2010)."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from radlens.domain.evaluation import WHOLE, Point
from radlens.domain.task import Mode
from radlens.lab.answers import Answers
from radlens.lab.bootstrap import blocks
from radlens.lab.curves import RESAMPLES, TINY, points
from radlens.lab.scores import steps

COVERAGE = np.linspace(0.05, 1, 20)

Array = NDArray[np.floating]


def risk_coverage(
    answers: Answers, *, seed: int, count: int = RESAMPLES
) -> Mapping[str, tuple[Point, ...]]:
    """The share of wrong answers (y) among the surest (x), by label or of WHOLE.

    An answer is as sure as its own probability to be right: of the class that was named, or of the
    label being there or not, as it was reported.
    """
    rng = np.random.default_rng(seed)
    drawn = list(blocks(answers.unit, rng, count))
    if answers.mode is Mode.MULTI_CLASS:
        wrong = answers.truth.argmax(1) != answers.probabilities.argmax(1)
        return {WHOLE: _curve(wrong, answers.probabilities.max(1), drawn)}
    found = {}
    for index, name in enumerate(answers.labels):
        known = answers.known[:, index]
        if not answers.measurable[index]:
            continue
        p, said = answers.probabilities[known, index], answers.claimed[known, index]
        wrong = said != (answers.truth[known, index] == 1)
        found[name] = _curve(wrong, np.where(said, p, 1 - p), [w[:, known] for w in drawn])
    return found


def _curve(wrong: NDArray[np.bool_], sure: Array, drawn: list[Array]) -> tuple[Point, ...]:
    return points(COVERAGE, np.concatenate([risks(wrong, sure, weight) for weight in drawn]))


def risks(wrong: NDArray[np.bool_], sure: Array, weight: Array) -> Array:
    """The risk of each resample at COVERAGE, (resamples, 20); answers as sure are kept together."""
    errors, right = (np.cumsum(v[:, ::-1], 1) for v in steps(wrong.astype(float), sure, weight))
    kept = errors + right
    found = np.full((len(weight), len(COVERAGE)), np.nan)
    for row in np.flatnonzero(kept[:, -1]):
        at = np.searchsorted(kept[row], (COVERAGE - TINY) * kept[row, -1], side="left")
        found[row] = errors[row, at] / kept[row, at]
    return found
