"""What versions said beside the answers, on whatever database a site has."""
# ruff: noqa: S608 (the only text put into a statement is this package's own column lists)

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from radlens.domain.canary import Tally
from radlens.domain.errors import DigestMismatch
from radlens.domain.prediction import Prediction
from radlens.domain.registry import Stage
from radlens.domain.shadow import Coverage, Shadow
from radlens.storage.database import Database, Transaction
from radlens.storage.rows import (
    PREDICTION,
    Row,
    finding_of,
    finite,
    prediction_of,
    time_of,
    zoned,
)

SHADOW = "prediction, digest, time, findings, failure, changed"
BOTH = ", ".join(
    [f"p.{column}" for column in PREDICTION.split(", ")]
    + [f"s.{column}" for column in SHADOW.split(", ")]
)
# One version's answers beside which another has read, since a place in the log.
BESIDE = (
    "FROM shadows s JOIN predictions p ON p.id = s.prediction "
    "WHERE s.digest = ? AND p.model_digest = ? AND p.seq > ?"
)


class SqlShadows:
    """What was read beside the answers; raises what ``Database`` raises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, shadow: Shadow) -> None:
        marks = ", ".join("?" * len(SHADOW.split(", ")))
        with self._database.writing() as sql:
            sql.execute(
                f"INSERT INTO shadows ({SHADOW}) VALUES ({marks}) ON CONFLICT DO NOTHING",
                _row(shadow),
            )

    def pairs(
        self, answered_by: str, beside: str, *, limit: int
    ) -> list[tuple[Prediction, Shadow]]:
        with self._database.reading() as sql:
            rows = sql.execute(
                f"SELECT {BOTH} {BESIDE} ORDER BY p.seq DESC LIMIT ?",
                (beside, answered_by, 0, limit),
            ).fetchall()
        size = len(PREDICTION.split(", "))
        return [(prediction_of(row[:size]), _shadow_of(row[size:])) for row in rows]

    def coverage(self, answered_by: str, beside: str, *, began: tuple[str, Stage]) -> Coverage:
        with self._database.reading() as sql:
            since = _since(sql, *began)
            [answered] = sql.execute(
                "SELECT count(*) FROM predictions WHERE model_digest = ? AND seq > ?",
                (answered_by, since),
            ).fetchone()
            [read, failed] = sql.execute(
                f"SELECT count(s.findings), count(s.failure) {BESIDE}",
                (beside, answered_by, since),
            ).fetchone()
        return Coverage(answered, read, failed)

    def tally(self, canary: str, live: str, *, limit: int) -> Tally:
        with self._database.reading() as sql:
            since = _since(sql, canary, Stage.CANARY)
            answers = sql.execute(
                "SELECT seq FROM predictions WHERE model_digest = ? AND seq > ? "
                "ORDER BY seq DESC LIMIT ?",
                (canary, since, limit),
            ).fetchall()
            if len(answers) == limit:
                since = answers[-1][0] - 1
            [failures] = sql.execute(
                f"SELECT count(s.failure) {BESIDE}", (canary, live, since)
            ).fetchone()
            [read, live_failures] = sql.execute(
                f"SELECT count(*), count(s.failure) {BESIDE}", (live, canary, since)
            ).fetchone()
            changes = sql.execute(
                f"SELECT s.changed {BESIDE} AND s.changed <> '[]'", (live, canary, since)
            ).fetchall()
        changed = Counter(label for [labels] in changes for label in json.loads(labels))
        return Tally(len(answers), failures, read, live_failures, dict(changed))


def _since(sql: Transaction, digest: str, stage: Stage) -> int:
    """The place in the log where a version last came to a stage; nothing is after it if never."""
    [seq] = sql.execute(
        "SELECT coalesce(max(m.seq), (SELECT max(seq) FROM audit), 0) FROM moves m "
        "WHERE m.digest = ? AND m.after = ?",
        (digest, stage.value),
    ).fetchone()
    return int(seq)


def _row(shadow: Shadow) -> Row:
    found = shadow.findings
    return (
        shadow.prediction,
        shadow.digest,
        zoned(shadow.time),
        None if found is None else finite([asdict(finding) for finding in found]),
        shadow.failure,
        json.dumps(shadow.changed),
    )


def _shadow_of(row: Sequence[Any]) -> Shadow:
    prediction, digest, time, findings, failure, changed = row
    try:
        return Shadow(
            prediction=prediction,
            digest=digest,
            time=time_of(time),
            findings=None if findings is None else tuple(map(finding_of, json.loads(findings))),
            failure=failure,
            changed=tuple(json.loads(changed)),
        )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise DigestMismatch(
            f"What {digest} said beside {prediction} cannot be read as it was written."
        ) from error
