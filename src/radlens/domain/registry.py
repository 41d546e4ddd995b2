"""Versions of models: which there are, how far each may go, and how it came there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from radlens.domain.audit import Actor
from radlens.domain.errors import WrongStage
from radlens.domain.evaluation import Measure, Measures
from radlens.domain.finding import OperatingPoint
from radlens.domain.model import Manifest


class Stage(StrEnum):
    """What a version is used for; at most one version a task is live, canary or shadow."""

    CANDIDATE = "candidate"
    SHADOW = "shadow"
    CANARY = "canary"
    LIVE = "live"
    RETIRED = "retired"


# Where people are shown its answers, and so what needs the approvals that a site asks for.
ANSWERING = frozenset({Stage.CANARY, Stage.LIVE})
# Where a version may go from each stage. What was live once may be live again: a rollback.
NEXT: Mapping[Stage, frozenset[Stage]] = {
    Stage.CANDIDATE: frozenset({Stage.SHADOW, Stage.CANARY, Stage.LIVE, Stage.RETIRED}),
    Stage.SHADOW: frozenset({Stage.CANDIDATE, Stage.CANARY, Stage.LIVE, Stage.RETIRED}),
    Stage.CANARY: frozenset({Stage.CANDIDATE, Stage.SHADOW, Stage.LIVE, Stage.RETIRED}),
    Stage.LIVE: frozenset({Stage.RETIRED}),
    Stage.RETIRED: frozenset({Stage.CANDIDATE, Stage.LIVE}),
}


@dataclass(frozen=True)
class Version:
    """A registered bundle. ``digest`` is the SHA-256 of its manifest, and so of all of it.

    ``files`` names the bundle's parts as objects by their SHA-256; a legacy version, which an
    older application left behind, has none and can never be live. ``source`` says where it came
    from: ``gallery``, ``upload``, ``run`` or ``legacy``. ``share`` is the part of the images that
    a canary reads, 0 to 1. ``facts`` is plain JSON: architecture, statement, lineage, metrics.
    ``approved`` names the accounts that approved of its next step to answering, be it as a canary
    or live. ``thresholds`` are the operating points that it answers at instead of its manifest's,
    see ``operating_points``.
    """

    digest: str
    task: str
    version: str
    stage: Stage
    source: str
    time: datetime
    by: Actor
    files: Mapping[str, str]
    facts: Mapping[str, Any] = field(default_factory=dict)
    share: float | None = None
    approved: tuple[str, ...] = ()
    thresholds: Mapping[str, Any] | None = None

    @property
    def loadable(self) -> bool:
        """Whether there is a bundle to load at all."""
        return bool(self.files)

    @property
    def measures(self) -> Measures:
        """The figures that its own training measured, by name."""
        known = self.facts.get("metrics") or {}
        return {name: Measure.of(e) for name, e in known.items() if isinstance(e, Mapping)}


@dataclass(frozen=True)
class Move:
    """A version's change of stage; ``before`` is None where it was registered.

    ``thresholds`` are those that the version has from then on; None keeps what it has, and a
    candidate has none.
    """

    digest: str
    task: str
    before: Stage | None
    after: Stage
    time: datetime
    by: Actor
    reason: str = ""
    share: float | None = None
    thresholds: Mapping[str, Any] | None = None


def move(
    version: Version, after: Stage, *, time: datetime, by: Actor, reason: str, share: float | None
) -> Move:
    """The move of a version to another stage; raises WrongStage where it may not go there."""
    if after not in NEXT[version.stage]:
        ways = ", ".join(sorted(NEXT[version.stage]))
        raise WrongStage(
            f"The version {version.version} is {version.stage} and cannot become {after}.",
            hint=f"From {version.stage} it can become: {ways}.",
        )
    if not version.loadable and after is not Stage.RETIRED:
        raise WrongStage(
            f"The version {version.version} of an older application has no bundle to load.",
            hint="Convert its weights with `radlens models convert` and register the bundle.",
        )
    return Move(version.digest, version.task, version.stage, after, time, by, reason, share)


def moved(version: Version, step: Move) -> Version:
    """The version as it is once it has made the move."""
    kept = None if step.after is Stage.CANDIDATE else version.thresholds
    return replace(
        version,
        stage=step.after,
        share=step.share,
        approved=() if step.after in ANSWERING else version.approved,
        thresholds=kept if step.thresholds is None else step.thresholds,
    )


def operating_points(version: Version, manifest: Manifest) -> tuple[OperatingPoint, ...]:
    """Where each label turns positive with this version, in the manifest's order of labels.

    The version's ``thresholds`` name the comparison that they come from (``comparison``), the
    version whose sensitivity they have (``against``) and the points by label (``points``).
    """
    own = zip(manifest.labels, manifest.operating_points, strict=True)
    matched = (version.thresholds or {}).get("points", {})
    return tuple(
        OperatingPoint.of(matched[label]) if label in matched else point for label, point in own
    )


def live_at(moves: Iterable[Move], time: datetime) -> Move | None:
    """The move by which a task's live model of that time came to be; None where there was none.

    ``moves`` are those of one task, oldest first.
    """
    found = None
    for step in moves:
        if step.time > time:
            continue
        if step.after is Stage.LIVE:
            found = step
        elif found and step.digest == found.digest:
            found = None
    return found


def predecessor(moves: Iterable[Move]) -> str | None:
    """The version to roll back to, by its digest: that which was live before this one.

    Going back takes the newer one off the pile, so that the next rollback goes further back and
    never forward again to what was rolled back. ``moves`` are those of one task, oldest first.
    """
    pile: list[str] = []
    for step in moves:
        if step.after is not Stage.LIVE:
            continue
        if pile[-2:-1] == [step.digest]:
            pile.pop()
        elif pile[-1:] != [step.digest]:
            pile.append(step.digest)
    return pile[-2] if len(pile) > 1 else None
