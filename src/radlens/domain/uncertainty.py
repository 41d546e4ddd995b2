"""What cannot be ruled out, at a level that was asked for and measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radlens.domain.finding import Finding, counted
from radlens.domain.metrics import Proportion, proportion_of
from radlens.domain.task import Mode, Task


@dataclass(frozen=True)
class Uncertainty:
    """From which calibrated probability on each label stays in question.

    Multi-class: split conformal sets with a guarantee for each class, by the score 1 - p
    (Vovk et al. 2005, Mondrian; Sadinle, Lei and Wasserman 2019: the smallest sets that cover each
    class). Multi-label: of those who have a finding, at most 1 - ``level`` lose it (conformal risk
    control, Angelopoulos et al. 2024). With one label at a time both are the same threshold.

    ``thresholds`` holds None for a label with too few validation cases (``cases``, counted in
    patients or groups) for the level: it always stays in. ``measured`` is how often a label that
    was there stayed in on held-out cases, ``whole`` the same of all labels together; None where
    there was no case.
    """

    level: float
    thresholds: tuple[float | None, ...]
    cases: tuple[int, ...]
    measured: tuple[Proportion | None, ...]
    whole: Proportion | None

    @staticmethod
    def of(entries: Mapping[str, Any]) -> "Uncertainty":
        """What ``asdict`` wrote; raises KeyError, TypeError or ValueError where it did not."""
        fields = dict(entries)
        found = Uncertainty(
            thresholds=tuple(fields.pop("thresholds")),
            cases=tuple(fields.pop("cases")),
            measured=tuple(map(proportion_of, fields.pop("measured"))),
            whole=proportion_of(fields.pop("whole")),
            **fields,
        )
        known = np.array([0.0 if t is None else t for t in found.thresholds], float)
        if not (0 < found.level < 1 and np.isfinite(known).all()):
            raise ValueError("the level or a threshold of the uncertainty is impossible")
        return found


@dataclass(frozen=True)
class Member:
    """A label that stays in. ``always``: too few cases to rule it out, whatever the image."""

    label: str
    always: bool
    measured: Proportion | None


@dataclass(frozen=True)
class PredictionSet:
    """The labels that cannot be ruled out for one image at ``level``; ``whole`` as above."""

    level: float
    members: tuple[Member, ...]
    whole: Proportion | None

    @staticmethod
    def of(entries: Mapping[str, Any]) -> "PredictionSet":
        """What ``asdict`` wrote; raises KeyError, TypeError or ValueError where it did not."""
        members = tuple(
            Member(e["label"], e["always"], proportion_of(e["measured"]))
            for e in entries["members"]
        )
        return PredictionSet(entries["level"], members, proportion_of(entries["whole"]))

    def __contains__(self, label: str) -> bool:
        return any(member.label == label for member in self.members)


def kept(
    probabilities: NDArray[np.floating],
    claimed: NDArray[np.bool_],
    thresholds: tuple[float | None, ...],
) -> NDArray[np.bool_]:
    """Which labels stay in, all shapes (..., labels).

    What is ``claimed`` (the largest class, a positive finding) stays in too: an answer never
    contradicts its own set, and a multi-class set is never empty.
    """
    bound = np.array([-np.inf if t is None else t for t in thresholds])
    return np.asarray(claimed | (probabilities >= bound))


def prediction_set(
    findings: tuple[Finding, ...], uncertainty: Uncertainty | None
) -> PredictionSet | None:
    """What cannot be ruled out beside these findings; None where the model cannot tell."""
    if uncertainty is None:
        return None
    stays = kept(
        np.array([finding.probability for finding in findings]),
        np.array([finding.tier is not None for finding in findings]),
        uncertainty.thresholds,
    )
    members = tuple(
        Member(finding.label, threshold is None, measured)
        for finding, threshold, measured, stay in zip(
            findings, uncertainty.thresholds, uncertainty.measured, stays, strict=True
        )
        if stay
    )
    return PredictionSet(uncertainty.level, members, uncertainty.whole)


def set_sentences(found: PredictionSet, task: Task) -> tuple[str, ...]:
    """The set in plain words: what is in it, how often that was right, what it cannot tell."""
    titles = ", ".join(task.label(member.label).title for member in found.members)
    asked = f"With {found.level:.0%} asked for".replace("%", " %")
    if task.mode is Mode.MULTI_CLASS:
        first = f"{asked}, the true class is among: {titles}."
        then = "The true class was in the set in"
    else:
        first = f"{asked}, these cannot be ruled out: {titles}."
        then = "What was there stayed in question, or was reported, in"
    if not found.members:
        first = f"{asked}, no label had to be kept in question."
    lines = [first]
    lines.append(
        f"{then} {counted(found.whole)}."
        if found.whole
        else "How often that holds has not been measured."
    )
    always = ", ".join(task.label(m.label).title for m in found.members if m.always)
    if always:
        lines.append(
            f"Too few cases to rule out at this level, whatever the image shows: {always}."
        )
    return tuple(lines)
