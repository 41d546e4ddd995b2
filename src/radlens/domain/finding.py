"""What is said of one label, and how strongly."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radlens.domain.metrics import Confusion, Interval, Proportion
from radlens.domain.task import Label, Mode


class Tier(StrEnum):
    """How much weight a positive answer bears."""

    HIGH = "High"
    MODERATE = "Moderate"
    LOW = "Low"

    @property
    def advice(self) -> str:
        """The plain clinical message of the tier."""
        return {
            Tier.HIGH: "Screening support: a clinician confirms before anyone acts on it.",
            Tier.MODERATE: "Expert review: have a radiologist look before anything is concluded.",
            Tier.LOW: "Do not rely on the AI: the image has to be read without it.",
        }[self]


@dataclass(frozen=True)
class TierRecord:
    """How often a positive answer of one tier was right on held-out cases.

    ``labels`` is how many labels were counted together: 1 is the label alone, more where its own
    answers were too few to say anything.
    """

    tier: Tier
    right: Proportion
    labels: int = 1


@dataclass(frozen=True)
class OperatingPoint:
    """Where a label turns positive, and what that did on held-out cases.

    ``threshold`` is a calibrated probability; None means that the largest class is the answer.
    ``interval`` says how far the threshold moves when other validation patients are drawn;
    ``tiers`` holds at most one record a tier, none where a tier was never given.
    """

    threshold: float | None
    measured: Confusion | None = None
    interval: Interval | None = None
    tiers: tuple[TierRecord, ...] = ()

    @staticmethod
    def of(entries: Mapping[str, Any]) -> "OperatingPoint":
        """The point that ``asdict`` wrote, of today or of an earlier version.

        Raises KeyError, TypeError, ValueError or AttributeError where it did not write it.
        """
        measured, interval = entries["measured"], entries.get("interval")
        return OperatingPoint(
            entries["threshold"],
            None if measured is None else Confusion(**measured),
            None if interval is None else Interval(**interval),
            tuple(
                TierRecord(Tier(e["tier"]), Proportion(**e["right"]), e["labels"])
                for e in entries.get("tiers", ())
            ),
        )

    def record(self, tier: Tier | None) -> TierRecord | None:
        """What was measured of a tier, if anything."""
        return next((record for record in self.tiers if record.tier is tier), None)


@dataclass(frozen=True)
class Finding:
    """The answer for one label of the card. ``tier`` is None where nothing is claimed."""

    label: str
    probability: float
    positive: bool
    tier: Tier | None
    calibrated: bool
    operating_point: OperatingPoint


def tier_of(probability: float, *, calibrated: bool) -> Tier:
    """High from 80 %, Moderate from 60 %, else Low; High only on a calibrated probability."""
    if probability >= 0.8 and calibrated:
        return Tier.HIGH
    return Tier.MODERATE if probability >= 0.6 else Tier.LOW


def claimed_tier(probability: float, *, calibrated: bool, point: OperatingPoint) -> Tier:
    """The tier that may be shown: High only where it was measured how often High is right."""
    tier = tier_of(probability, calibrated=calibrated)
    return tier if tier is not Tier.HIGH or point.record(tier) else Tier.MODERATE


def findings(
    probabilities: NDArray[np.float64],
    *,
    labels: tuple[str, ...],
    mode: Mode,
    points: tuple[OperatingPoint, ...],
    calibrated: tuple[bool, ...],
) -> tuple[Finding, ...]:
    """One finding a label, in card order, from calibrated probabilities of shape (labels,)."""
    top = int(probabilities.argmax())

    def finding(index: int, label: str) -> Finding:
        p, point = float(probabilities[index]), points[index]
        reached = point.threshold is None or p >= point.threshold
        positive = reached and (mode is Mode.MULTI_LABEL or index == top)
        claimed = index == top if mode is Mode.MULTI_CLASS else positive
        tier = claimed_tier(p, calibrated=calibrated[index], point=point) if claimed else None
        return Finding(label, p, positive, tier, calibrated[index], point)

    return tuple(finding(index, label) for index, label in enumerate(labels))


def percent(probability: float) -> str:
    """A probability to one decimal, never rounded to certainty: 0.9999 is "> 99.9 %"."""
    if probability > 0.999:
        return "> 99.9 %"
    return "< 0.1 %" if probability < 0.001 else f"{probability:.1%}".replace("%", " %")


def sentence(finding: Finding, label: Label) -> str:
    """What may be said of one label in plain words, and how often saying so was right.

    It never says that nothing is wrong: only what was looked for and not reported.
    """
    measured, shown = finding.operating_point.measured, percent(finding.probability)
    if finding.positive:
        said, then = f"reported, {shown}", "When it was reported, it was there"
        right = measured.positive_predictive_value if measured else None
    else:
        said, then = (
            f"looked for, not reported ({shown})",
            "When it was not reported, it was absent",
        )
        right = measured.negative_predictive_value if measured else None
        if not label.abnormal:
            said = f"not the answer ({shown})"
    tier = f" {tier_sentence(finding)}" if finding.tier else ""
    return f"{label.title}: {said}. {_record(then, right)}{tier}"


def tier_sentence(finding: Finding) -> str:
    """How often answers of the finding's tier were right, to be shown beside the tier."""
    record = finding.operating_point.record(finding.tier)
    if record is None:
        return f"How often tier {finding.tier} is right has not been measured."
    pooled = f" (over {record.labels} labels; too few of this one alone)"
    return (
        f"Tier {finding.tier}{pooled if record.labels > 1 else ''} was right in "
        f"{counted(record.right)}."
    )


def tier_right(finding: Finding) -> str:
    """The same in few words, for a mark or a list: "right in 46 of 50"."""
    record = finding.operating_point.record(finding.tier)
    return f"right in {record.right.hits} of {record.right.n}" if record else "not measured"


def counted(share: Proportion, *, of: str = "held-out cases") -> str:
    """``46 of 50 held-out cases (92.0 %, 95 % interval 81.2 % to 96.8 %)``."""
    bounds = share.interval
    return (
        f"{share.hits} of {share.n} {of} "
        f"({percent(share.value)}, 95 % interval {percent(bounds.low)} to {percent(bounds.high)})"
    )


def _record(then: str, right: Proportion | None) -> str:
    if right is None:
        return "How often this is right has not been measured."
    return f"{then} in {counted(right)}."
