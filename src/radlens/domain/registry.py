"""Versions of models: which there are, how far each may go, and how it came there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from radlens.domain.audit import Actor
from radlens.domain.errors import WrongStage


class Stage(StrEnum):
    """What a version is used for; at most one version a task is live, canary or shadow."""

    CANDIDATE = "candidate"
    SHADOW = "shadow"
    CANARY = "canary"
    LIVE = "live"
    RETIRED = "retired"


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

    @property
    def loadable(self) -> bool:
        """Whether there is a bundle to load at all."""
        return bool(self.files)


@dataclass(frozen=True)
class Move:
    """A version's change of stage; ``before`` is None where it was registered."""

    digest: str
    task: str
    before: Stage | None
    after: Stage
    time: datetime
    by: Actor
    reason: str = ""
    share: float | None = None


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
