"""The model registry of a site, on whatever database it has."""
# ruff: noqa: S608 (the only text put into a statement is this module's own column lists)

import json
from collections.abc import Mapping, Sequence
from typing import Any

from radlens.domain.audit import Act, Actor
from radlens.domain.errors import Conflict, DigestMismatch, NoSuchVersion
from radlens.domain.registry import ANSWERING, Move, Stage, Version
from radlens.storage.database import Database, Transaction
from radlens.storage.rows import Row, actor_row, finite, time_of, zoned
from radlens.storage.statements import append

VERSION = (
    "digest, task, version, stage, share, source, time, actor, via, origin, files, facts, "
    "approved, thresholds"
)
MOVE = "digest, task, before, after, share, time, actor, via, origin, reason, thresholds"
FOUND = (
    f"SELECT {VERSION} FROM versions WHERE digest = ? OR version = ? "
    "OR task || '/' || version = ? OR substr(digest, 1, ?) = ? LIMIT 100"
)


class SqlRegistry:
    """The registry in a site's database; raises what ``Database`` raises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, version: Version, act: Act) -> None:
        with self._database.writing() as sql:
            add_version(sql, version, act)

    def get(self, reference: str) -> Version:
        return _chosen(self._database.rows(FOUND, _names(reference)), reference)

    def versions(
        self, *, task: str | None = None, stage: Stage | Sequence[Stage] | None = None
    ) -> list[Version]:
        stages = [stage] if isinstance(stage, Stage) else stage
        rules: dict[str, Row] = {}
        if task is not None:
            rules["task = ?"] = (task,)
        if stages is not None:
            rules[f"stage IN ({', '.join('?' * len(stages))})"] = tuple(s.value for s in stages)
        where = f"WHERE {' AND '.join(rules)}" if rules else ""
        values = tuple(value for given in rules.values() for value in given)
        rows = self._database.rows(
            f"SELECT {VERSION} FROM versions {where} ORDER BY seq DESC", values
        )
        return [_version_of(row) for row in rows]

    def move(self, moves: Sequence[Move], *acts: Act) -> None:
        with self._database.writing() as sql:
            *_, seq = (append(sql, act).seq for act in acts)
            for move in moves:
                _apply(sql, move)
                _insert_move(sql, seq, move)

    def moves(self, task: str) -> list[Move]:
        rows = self._database.rows(
            f"SELECT {MOVE} FROM moves WHERE task = ? ORDER BY seq, after DESC", (task,)
        )
        return [_move_of(row) for row in rows]

    def approve(self, digest: str, act: Act) -> None:
        with self._database.writing() as sql:
            found = _chosen(sql.execute(FOUND, _names(digest)).fetchall(), digest)
            approved = {*found.approved, act.by.name}
            append(sql, act)
            sql.execute(
                "UPDATE versions SET approved = ? WHERE digest = ?",
                (json.dumps(sorted(approved)), digest),
            )


def add_version(sql: Transaction, version: Version, act: Act) -> None:
    """Register a version with its audit entry; raises Conflict where digest or name are taken."""
    _check_new(sql, version)
    reason = str(act.detail.get("reason", ""))
    insert_version(sql, append(sql, act).seq, version, reason)


def insert_version(sql: Transaction, seq: int, version: Version, reason: str = "") -> None:
    """Write a new version and its first move at the place of its audit entry."""
    row = _version_row(version)
    sql.execute(f"INSERT INTO versions (seq, {VERSION}) VALUES ({_marks(row)}, ?)", (seq, *row))
    first = Move(
        version.digest,
        version.task,
        None,
        version.stage,
        version.time,
        version.by,
        reason,
        version.share,
    )
    _insert_move(sql, seq, first)


def _names(reference: str) -> Row:
    """The values of FOUND."""
    return (reference, reference, reference, len(reference), reference)


def _chosen(rows: Sequence[Sequence[Any]], reference: str) -> Version:
    """The one version that a reference means, of the rows of FOUND; raises NoSuchVersion."""
    found = [_version_of(row) for row in rows]
    exact = [version for version in found if version.digest == reference] or [
        version for version in found if not version.digest.startswith(reference)
    ]
    if not reference or not found:
        raise NoSuchVersion(f"The registry has no version {reference!r}.")
    if len(exact or found) > 1:
        raise NoSuchVersion(
            f"More than one version goes by {reference}.",
            hint="Say TASK/VERSION, or more of the digest.",
        )
    return (exact or found)[0]


def _check_new(sql: Transaction, version: Version) -> None:
    row = sql.execute(
        "SELECT digest, stage FROM versions WHERE digest = ? OR (task = ? AND version = ?)",
        (version.digest, version.task, version.version),
    ).fetchone()
    if row and row[0] == version.digest:
        raise Conflict(
            f"The version {version.version} is registered already; it is {row[1]}.",
            hint=f"`radlens models show {version.digest[:12]}` tells of it.",
        )
    if row:
        raise Conflict(
            f"The task {version.task} has another version of the name {version.version}.",
            hint="Give the bundle a name of its own: its content differs.",
        )


def _apply(sql: Transaction, move: Move) -> None:
    """Change a version's stage if it is still what the move starts from; Conflict otherwise."""
    sets = {"stage = ?": move.after.value, "share = ?": move.share}
    if move.after in ANSWERING:  # an approval is for one step
        sets["approved = ?"] = "[]"
    if move.thresholds is not None or move.after is Stage.CANDIDATE:
        sets["thresholds = ?"] = _json(move.thresholds)
    changed = sql.execute(
        f"UPDATE versions SET {', '.join(sets)} WHERE digest = ? AND stage = ?",
        (*sets.values(), move.digest, move.before and move.before.value),
    ).rowcount
    if changed != 1:
        raise Conflict(f"The version {move.digest[:12]} is not {move.before} any more.")


def _insert_move(sql: Transaction, seq: int, move: Move) -> None:
    row = (
        move.digest,
        move.task,
        move.before and move.before.value,
        move.after.value,
        move.share,
        zoned(move.time),
        *actor_row(move.by),
        move.reason,
        _json(move.thresholds),
    )
    sql.execute(f"INSERT INTO moves (seq, {MOVE}) VALUES ({_marks(row)}, ?)", (seq, *row))


def _version_row(version: Version) -> Row:
    return (
        version.digest,
        version.task,
        version.version,
        version.stage.value,
        version.share,
        version.source,
        zoned(version.time),
        *actor_row(version.by),
        json.dumps(dict(version.files)),
        finite(dict(version.facts)),
        json.dumps(version.approved),
        _json(version.thresholds),
    )


def _version_of(row: Sequence[Any]) -> Version:
    digest, task, name, stage, share, source, time, *actor, files, facts, approved, points = row
    try:
        return Version(
            digest=digest,
            task=task,
            version=name,
            stage=Stage(stage),
            source=source,
            time=time_of(time),
            by=Actor(*actor),
            files=json.loads(files),
            facts=json.loads(facts),
            share=share,
            approved=tuple(json.loads(approved)),
            thresholds=points and json.loads(points),
        )
    except (ValueError, TypeError) as error:
        raise DigestMismatch(f"The version {digest} cannot be read as it was written.") from error


def _move_of(row: Sequence[Any]) -> Move:
    digest, task, before, after, share, time, *actor, reason, points = row
    try:
        start = None if before is None else Stage(before)
        return Move(
            digest,
            task,
            start,
            Stage(after),
            time_of(time),
            Actor(*actor),
            reason,
            share,
            points and json.loads(points),
        )
    except (ValueError, TypeError) as error:
        raise DigestMismatch(f"A move of {digest} cannot be read as it was written.") from error


def _json(values: Mapping[str, Any] | None) -> str | None:
    return None if values is None else finite(dict(values))


def _marks(row: Row) -> str:
    return ", ".join("?" * len(row))
