"""The part of a card on calibration, operating points, tiers and what cannot be ruled out."""

from collections.abc import Iterator, Mapping
from typing import Any

from radlens.domain.calibration import Calibration
from radlens.domain.finding import OperatingPoint, Tier, TierRecord
from radlens.domain.metrics import Proportion
from radlens.domain.task import Mode, Task
from radlens.domain.uncertainty import Uncertainty
from radlens.lab.markdown import table

NOTHING = "-"


def calibration_part(task: Task, record: Mapping[str, Any]) -> str:
    """Three sections from a run's record; what a record of an earlier version lacks is left out."""
    calibration = Calibration(**record["calibration"])
    points = [OperatingPoint.of(entry) for entry in record["operating_points"]]
    parts = [*_points(task, calibration, points, record.get("threshold_rule"))]
    if any(point.tiers for point in points):
        parts += _tiers(task, points)
    if record.get("uncertainty"):
        parts += _sets(task, Uncertainty.of(record["uncertainty"]))
    return "\n\n".join(parts)


def _points(
    task: Task, calibration: Calibration, points: list[OperatingPoint], rule: str | None
) -> Iterator[str]:
    yield "## Calibration and operating points"
    chosen = ""
    if rule and task.mode is Mode.MULTI_LABEL:
        chosen = f" Thresholds: {rule}, with 95 % bootstrap intervals."
    yield (
        "Fitted on validation only; a label with too few cases there stays as the network gave "
        f"it and says so.{chosen} Counts are of the test split, with Wilson intervals."
    )
    head = ("label", "status", "slope", "intercept", "threshold", "TP", "FP", "FN", "TN")
    yield table(
        (*head, "sensitivity", "specificity"),
        [
            (
                name,
                "calibrated" if calibration.fitted[i] else "not calibrated",
                f"{calibration.slope[i]:.3f}",
                f"{calibration.intercept[i]:.3f}",
                _threshold(point),
                *_measured(point),
            )
            for i, (name, point) in enumerate(zip(task.names, points, strict=True))
        ],
    )


def _threshold(point: OperatingPoint) -> str:
    if point.threshold is None:
        return "largest"
    bounds = point.interval
    around = f" ({bounds.low:.3f} to {bounds.high:.3f})" if bounds else ""
    return f"{point.threshold:.3f}{around}"


def _measured(point: OperatingPoint) -> tuple[object, ...]:
    if (seen := point.measured) is None:
        return (NOTHING,) * 6
    counts = (seen.true_positive, seen.false_positive, seen.false_negative, seen.true_negative)
    return (*counts, share(seen.sensitivity), share(seen.specificity))


def _tiers(task: Task, points: list[OperatingPoint]) -> Iterator[str]:
    yield "## How often each tier was right"
    yield (
        "Answers of each tier on the test split. A tier without a figure was never given there, "
        "and High is not shown without one."
    )
    yield table(
        ("label", *Tier),
        [
            (name, *(_tier(point.record(tier)) for tier in Tier))
            for name, point in zip(task.names, points, strict=True)
        ],
    )


def _tier(record: TierRecord | None) -> str:
    if record is None:
        return NOTHING
    pooled = f", over {record.labels} labels" if record.labels > 1 else ""
    return f"{record.right.hits} of {record.right.n}{pooled}: {share(record.right)}"


def _sets(task: Task, found: Uncertainty) -> Iterator[str]:
    yield "## What cannot be ruled out"
    what = (
        "The true class is to be in the set"
        if task.mode is Mode.MULTI_CLASS
        else "A finding that is there is to stay in question"
    )
    few = ", ".join(n for n, t in zip(task.names, found.thresholds, strict=True) if t is None)
    always = f" Too few cases to rule out at this level, so always kept: {few}." if few else ""
    yield (
        f"{what} for {found.level:g} of those who have it, for each label. Thresholds were fitted "
        f"on validation; coverage was measured on the test split.{always}"
    )
    rows = zip(task.names, found.cases, found.thresholds, found.measured, strict=True)
    yield table(
        ("label", "units in validation", "kept from", "covered in test"),
        [
            *(
                (name, n, "always" if t is None else f"{t:.4f}", _covered(seen))
                for name, n, t, seen in rows
            ),
            ("all", NOTHING, NOTHING, _covered(found.whole)),
        ],
    )


def _covered(seen: Proportion | None) -> str:
    return f"{seen.hits} of {seen.n}: {share(seen)}" if seen else NOTHING


def share(seen: Proportion | None) -> str:
    """``0.920 (0.812 to 0.968)``, or a dash where nothing was counted."""
    if seen is None:
        return NOTHING
    return f"{seen.value:.3f} ({seen.interval.low:.3f} to {seen.interval.high:.3f})"
