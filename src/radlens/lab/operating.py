"""Where each label turns positive, and how often its answers are right."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from radlens.domain.finding import OperatingPoint, Tier, TierRecord, tier_of
from radlens.domain.metrics import Confusion, Interval, Proportion
from radlens.domain.task import Mode
from radlens.lab.bootstrap import blocks

# Fewer answers of a tier than this say too little: then those of all labels are counted together.
FEW = 20
RULES = ("youden", "sensitivity")

Array = NDArray[np.floating]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Rule:
    """How thresholds are chosen on validation cases; the table [operating_points] of a recipe.

    ``rule`` is ``youden`` (the best sensitivity + specificity - 1, Youden 1950) or
    ``sensitivity``: the largest threshold that finds the share ``sensitivity`` of the positives.
    """

    rule: str = "youden"
    sensitivity: float = 0.9

    def __str__(self) -> str:
        if self.rule == "youden":
            return "best Youden index on validation"
        return f"sensitivity of {self.sensitivity:g} on validation"


def operating_points(
    probabilities: Array,
    truth: Array,
    mode: Mode,
    *,
    unit: NDArray[np.int64],
    rule: Rule,
    seed: int,
) -> tuple[OperatingPoint, ...]:
    """Where each label turns positive, from validation probabilities and truth (n, labels).

    Each threshold comes with a 95 % percentile interval over whole patients or groups, ``unit``
    (n,), drawn again (Efron 1979).
    """
    labels = int(truth.shape[1])
    if mode is Mode.MULTI_CLASS:
        return (OperatingPoint(None),) * labels
    drawn = blocks(unit, np.random.default_rng(seed))
    each = np.concatenate(
        [
            np.stack(
                [thresholds(probabilities[:, i], truth[:, i], w, rule) for i in range(labels)], 1
            )
            for w in drawn
        ]
    )
    return tuple(_point(each[0, i], each[1:, i]) for i in range(labels))


def _point(threshold: float, again: Array) -> OperatingPoint:
    """One half where there are not both answers to choose by."""
    again = again[~np.isnan(again)]
    if np.isnan(threshold) or not len(again):
        return OperatingPoint(0.5)
    low, high = np.percentile(again, (2.5, 97.5))
    return OperatingPoint(float(threshold), interval=Interval(float(low), float(high)))


def thresholds(probability: Array, truth: Array, weight: Array, rule: Rule) -> Array:
    """The threshold of each resample, shape (resamples,), NaN where one answer is missing in it.

    ``probability`` and ``truth`` (n,), NaN where unknown; ``weight`` (resamples, n) is how often
    each case was drawn.
    """
    if rule.rule == "sensitivity":
        return reaching(probability, truth, weight, np.full(len(weight), rule.sensitivity))
    values, missed, spared = _steps(probability, truth, weight)
    return _between(values, (spared - missed).argmax(1), missed + spared)


def reaching(probability: Array, truth: Array, weight: Array, sensitivity: Array) -> Array:
    """The largest threshold that finds the share ``sensitivity`` (resamples,) of the positives.

    The rest as in ``thresholds``.
    """
    values, missed, spared = _steps(probability, truth, weight)
    best = np.maximum((missed <= 1 - sensitivity[:, None] + 1e-9).sum(1) - 1, 0)
    return _between(values, best, missed + spared)


def _steps(probability: Array, truth: Array, weight: Array) -> tuple[Array, Array, Array]:
    """The known scores (n,), and what a threshold at each misses and spares, (resamples, n)."""
    order = np.argsort(probability, kind="stable")
    order = order[~np.isnan(truth[order])]
    values, starts = np.unique(probability[order], return_index=True)
    y, drawn = truth[order], weight[:, order]
    if not len(values):
        values, nothing = np.full(1, np.nan), np.full((len(weight), 1), np.nan)
        return values, nothing, nothing
    return values, _share_below(drawn * y, starts), _share_below(drawn * (1 - y), starts)


def _between(values: Array, best: NDArray[np.intp], known: Array) -> Array:
    """Halfway to the next lower score, so that rounding moves no case across."""
    found = (values[best] + values[np.maximum(best - 1, 0)]) / 2
    return np.asarray(np.where(np.isnan(known).any(1), np.nan, found))


def _share_below(weight: Array, starts: NDArray[np.intp]) -> Array:
    """The share of the weight before each start, (resamples, starts); NaN where there is none."""
    through = np.cumsum(weight, axis=1)
    total = through[:, -1:]
    return np.asarray((through - weight)[:, starts] / np.where(total > 0, total, np.nan))


def claims(points: tuple[OperatingPoint, ...], probabilities: Array) -> Flags:
    """What would be answered, (n, labels): the largest class, or each label by its threshold."""
    top = probabilities.argmax(1)
    each = [
        top == label if point.threshold is None else probabilities[:, label] >= point.threshold
        for label, point in enumerate(points)
    ]
    return np.stack(each, axis=1)


def with_measured(
    points: tuple[OperatingPoint, ...], probabilities: Array, truth: Array
) -> tuple[OperatingPoint, ...]:
    """The points with what each did on test cases (n, labels); one class against the rest."""
    claimed = claims(points, probabilities)

    def counted(label: int, point: OperatingPoint) -> OperatingPoint:
        known = ~np.isnan(truth[:, label])
        y, said = truth[known, label] == 1, claimed[known, label]
        counts = (int(c.sum()) for c in (said & y, said & ~y, ~said & y, ~said & ~y))
        return replace(point, measured=Confusion(*counts))

    return tuple(counted(label, point) for label, point in enumerate(points))


def with_tiers(
    points: tuple[OperatingPoint, ...],
    probabilities: Array,
    truth: Array,
    calibrated: tuple[bool, ...],
) -> tuple[OperatingPoint, ...]:
    """The points with how often an answer of each tier was right on test cases (n, labels)."""
    claimed = claims(points, probabilities) & ~np.isnan(truth)
    tier = np.array(
        [[tier_of(p, calibrated=c) for p, c in zip(row, calibrated, strict=True)]
         for row in probabilities.tolist()]
    )  # fmt: skip
    records = [_records(each, claimed & (tier == each), truth == 1) for each in Tier]
    by_label = zip(points, *records, strict=True)
    return tuple(
        replace(point, tiers=tuple(record for record in of_label if record))
        for point, *of_label in by_label
    )


def _records(tier: Tier, said: Flags, there: Flags) -> list[TierRecord | None]:
    """One record a label; of all labels together where its own answers are FEW."""
    hits, n = (said & there).sum(0).tolist(), said.sum(0).tolist()
    if not sum(n):
        return [None] * len(n)
    pooled = TierRecord(tier, Proportion(sum(hits), sum(n)), len(n))
    return [
        TierRecord(tier, Proportion(hits[i], n[i])) if n[i] >= FEW else pooled
        for i in range(len(n))
    ]
