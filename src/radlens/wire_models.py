"""The JSON shapes of model versions and their moves."""

from collections.abc import Iterable
from typing import Any

from typing_extensions import TypedDict  # pydantic cannot read typing.TypedDict before 3.12

from radlens.domain.registry import Move, Version
from radlens.usecases.compare import Compared
from radlens.usecases.verify_model import Verified


class VersionJson(TypedDict):
    """A registered version; ``facts`` has its architecture, statement, lineage and metrics."""

    digest: str
    task: str
    version: str
    stage: str
    share: float | None
    source: str
    time: str
    by: str
    approved: list[str]
    facts: dict[str, Any]


class MoveJson(TypedDict):
    """A change of stage: ``before`` is null where the version was registered."""

    digest: str
    task: str
    before: str | None
    after: str
    share: float | None
    time: str
    by: str
    reason: str


class ShownVersionJson(VersionJson):
    """A version with its parts, as objects by their SHA-256, and its moves, oldest first."""

    files: dict[str, str]
    moves: list[MoveJson]


class ComparisonJson(TypedDict):
    """Two versions of a task, and the newest record of both on the same cases, null if none."""

    versions: list[VersionJson]
    comparison: dict[str, Any] | None


class VerifiedVersionJson(TypedDict):
    """A version, and whether its parts and its golden answer are still what was registered."""

    version: VersionJson
    intact: bool
    troubles: list[str]


def comparison_json(found: Compared) -> ComparisonJson:
    item = found.paired
    return ComparisonJson(
        versions=[version_json(found.first), version_json(found.second)],
        comparison=None if item is None else {"id": item.id, **item.body},
    )


def verified_json(found: Verified) -> VerifiedVersionJson:
    return VerifiedVersionJson(
        version=version_json(found.version),
        intact=not found.troubles,
        troubles=list(found.troubles),
    )


def shown_json(version: Version, moves: Iterable[Move]) -> ShownVersionJson:
    """``moves`` are those of its task."""
    return ShownVersionJson(
        **version_json(version),
        files=dict(version.files),
        moves=[move_json(step) for step in moves if step.digest == version.digest],
    )


def version_json(version: Version) -> VersionJson:
    return VersionJson(
        digest=version.digest,
        task=version.task,
        version=version.version,
        stage=version.stage.value,
        share=version.share,
        source=version.source,
        time=version.time.isoformat(),
        by=f"{version.by.name} ({version.by.via})",
        approved=list(version.approved),
        facts=dict(version.facts),
    )


def move_json(move: Move) -> MoveJson:
    return MoveJson(
        digest=move.digest,
        task=move.task,
        before=move.before and move.before.value,
        after=move.after.value,
        share=move.share,
        time=move.time.isoformat(),
        by=f"{move.by.name} ({move.by.via})",
        reason=move.reason,
    )
