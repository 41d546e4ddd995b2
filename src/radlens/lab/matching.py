"""Thresholds of a new model that find as many cases as the model it is to follow."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from radlens.domain.comparison import Matched
from radlens.domain.finding import OperatingPoint
from radlens.domain.metrics import Interval, Proportion
from radlens.domain.task import Mode
from radlens.lab.answers import Answers
from radlens.lab.bootstrap import blocks
from radlens.lab.operating import reaching, with_measured, with_tiers
from radlens.lab.scores import share

Array = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Pair:
    """What two models said of the same cases: ``new`` is to follow ``old``."""

    new: Answers
    old: Answers


def matching(
    chosen_on: Pair, measured_on: Pair, *, calibrated: tuple[bool, ...], seed: int
) -> dict[str, Matched]:
    """By label the new model's threshold that has the old one's sensitivity on ``chosen_on``.

    Both were asked at their own operating points. The interval is over whole patients or groups,
    drawn again alike for both (Efron 1979). What the threshold does is counted on other cases,
    ``measured_on``. A label of which the old model finds nothing, or which has one answer alone,
    is left out, and so is every label of a task whose answer is the largest class.
    """
    if chosen_on.new.mode is Mode.MULTI_CLASS:
        return {}
    found = [_matched(chosen_on, index, seed) for index in range(len(chosen_on.new.labels))]
    points = tuple(OperatingPoint(0.5) if each is None else each.point for each in found)
    told = measured_on.new
    points = with_measured(points, told.probabilities, told.truth)
    points = with_tiers(points, told.probabilities, told.truth, calibrated)
    return {
        name: Matched(each.target, point)
        for name, each, point in zip(told.labels, found, points, strict=True)
        if each
    }


def _matched(pair: Pair, index: int, seed: int) -> Matched | None:
    truth, p = pair.new.truth[:, index], pair.new.probabilities[:, index]
    positive = truth == 1
    hits = positive & pair.old.claimed[:, index]
    if not hits.any() or not (truth == 0).any():
        return None
    drawn = [
        reaching(p, truth, weight, share(weight @ hits, weight @ positive))
        for weight in blocks(pair.new.unit, np.random.default_rng(seed))
    ]
    threshold, *again = np.concatenate(drawn).tolist()
    low, high = np.nanpercentile(again, (2.5, 97.5))
    target = Proportion(int(hits.sum()), int(positive.sum()))
    return Matched(target, OperatingPoint(threshold, interval=Interval(float(low), float(high))))
