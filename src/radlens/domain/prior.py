"""An earlier reading of a patient beside a later one: how the answers differ, and no more."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from radlens.domain.finding import Finding
from radlens.domain.prediction import Prediction
from radlens.domain.worklist import State

# What has to stand beside every comparison.
ORDER = "In the order in which they were read here, for no date of an examination is kept."
COURSE = "What differs is the answer of the model, which says nothing of the course of a disease."
OTHER_MODEL = "Another version of the model read it: what differs may come from the model alone."


class Turn(StrEnum):
    """How the answer for one label went, by its tier."""

    NEW = "new"
    GONE = "gone"
    OTHER_TIER = "another tier"
    UNCHANGED = "unchanged"
    NOT_THEN = "not looked for then"
    NOT_NOW = "not looked for now"


@dataclass(frozen=True)
class Change:
    """One label, then and now; a finding is None where that model did not look for it."""

    label: str
    then: Finding | None
    now: Finding | None

    @property
    def turn(self) -> Turn:
        """New where a tier is claimed now alone, gone where it was claimed then alone."""
        if self.then is None:
            return Turn.NOT_THEN
        if self.now is None:
            return Turn.NOT_NOW
        if self.then.tier is self.now.tier:
            return Turn.UNCHANGED
        if self.then.tier and self.now.tier:
            return Turn.OTHER_TIER
        return Turn.NEW if self.now.tier else Turn.GONE

    @property
    def claimed(self) -> bool:
        """Whether a tier was claimed at either time."""
        return any(finding is not None and finding.tier for finding in (self.then, self.now))


@dataclass(frozen=True)
class Prior:
    """An earlier reading, where its review stands, and what differs from the present one."""

    prediction: Prediction
    state: State
    changes: tuple[Change, ...]
    other_model: bool

    @staticmethod
    def of(then: Prediction, now: Prediction, state: State) -> "Prior":
        """The earlier of two readings, seen from the later one."""
        changes = tuple(_changes(then.findings, now.findings))
        return Prior(then, state, changes, then.model.digest != now.model.digest)


def _changes(then: Sequence[Finding], now: Sequence[Finding]) -> list[Change]:
    """Every label of either, in the order of the later one."""
    before, after = ({one.label: one for one in found} for found in (then, now))
    return [Change(label, before.get(label), after.get(label)) for label in {**after, **before}]
