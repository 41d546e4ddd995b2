"""What is said of one label, and how strongly."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from radlens.domain.metrics import Confusion, Proportion
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
class OperatingPoint:
    """Where a label turns positive, and what that did on held-out cases.

    ``threshold`` is a calibrated probability; None means that the largest class is the answer.
    """

    threshold: float | None
    measured: Confusion | None = None


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
        tier = tier_of(p, calibrated=calibrated[index]) if claimed else None
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
    return f"{label.title}: {said}. {_record(then, right)}"


def _record(then: str, right: Proportion | None) -> str:
    if right is None:
        return "How often this is right has not been measured."
    bounds = right.interval
    return (
        f"{then} in {right.hits} of {right.n} held-out cases "
        f"({percent(right.value)}, 95 % interval {percent(bounds.low)} to {percent(bounds.high)})."
    )
