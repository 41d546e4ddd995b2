"""The SQL of the records, as functions of one open transaction, portable to PostgreSQL >= 14.

Placeholders are ``?``; a driver that wants ``%s`` replaces them, no statement holds either
character otherwise.
"""
# ruff: noqa: S608 (the only text put into a statement is this package's own column lists)

from collections.abc import Sequence
from typing import Any

from radlens.domain.audit import GENESIS, Act, Entry, follow
from radlens.domain.errors import Conflict, KeyReused, NoSuchPrediction
from radlens.domain.prediction import Once, Prediction, Recorded
from radlens.storage.database import Transaction
from radlens.storage.fingerprints import fingerprint_of
from radlens.storage.rows import (
    ENTRY,
    ERASURE,
    PREDICTION,
    WHOSE,
    entry_of,
    entry_row,
    plain,
    prediction_of,
    prediction_row,
    whose_of,
    whose_row,
    zoned,
)

SAID, OWN = (len(columns.split(",")) for columns in (PREDICTION, f"{PREDICTION}, {WHOSE}"))
FOUND = f"{PREDICTION}, {WHOSE}, {ERASURE} FROM predictions LEFT JOIN erasures ON prediction = id"


def record(sql: Transaction, prediction: Prediction, act: Act, once: Once | None) -> Prediction:
    """What is on record after this."""
    if once and (earlier := repeated(sql, once)):
        return earlier
    if _place(sql, prediction.id):
        raise Conflict(f"The id {prediction.id} is on record already.")
    entry = append(sql, act)
    row = prediction_row(prediction) + whose_row(prediction.whose)
    sql.execute(
        f"INSERT INTO predictions ({PREDICTION}, {WHOSE}, seq) VALUES ({_marks(len(row))}, ?)",
        (*row, entry.seq),
    )
    if once:
        sql.execute(
            "INSERT INTO requests (idempotency_key, request, prediction) VALUES (?, ?, ?)",
            (once.key, once.request, prediction.id),
        )
    return prediction


def repeated(sql: Transaction, once: Once) -> Prediction | None:
    """The prediction under an idempotency key, if any; raises KeyReused."""
    row = sql.execute(
        "SELECT request, prediction FROM requests WHERE idempotency_key = ?", (once.key,)
    ).fetchone()
    if row is None:
        return None
    if row[0] != once.request:
        raise KeyReused("This idempotency key was used for another request.")
    return get(sql, row[1])


def get(sql: Transaction, prediction_id: str) -> Prediction:
    """One prediction; raises NoSuchPrediction."""
    row = sql.execute(
        f"SELECT {FOUND} WHERE id = ?",
        (prediction_id,),
    ).fetchone()
    if row is None:
        raise NoSuchPrediction(f"There is no prediction {prediction_id} on record.")
    return _found(row)


def several(sql: Transaction, ids: Sequence[str]) -> list[Prediction]:
    """The predictions under these ids, in any order; which are unknown are left out."""
    if not ids:
        return []
    rows = sql.execute(f"SELECT {FOUND} WHERE id IN ({_marks(len(ids))})", tuple(ids))
    return [_found(row) for row in rows.fetchall()]


def history(
    sql: Transaction, *, limit: int, before: str | None, image: str | None
) -> list[Prediction]:
    """The newest first, older than ``before``, of one image or of all."""
    rules: dict[str, Any] = {}
    if before is not None:
        rules["seq < ?"] = _cursor(sql, before)
    if image is not None:
        rules["image_digest = ?"] = image
    where = f"WHERE {' AND '.join(rules)}" if rules else ""
    rows = sql.execute(
        f"SELECT {FOUND} {where} ORDER BY seq DESC LIMIT ?",
        (*rules.values(), limit),
    )
    return [_found(row) for row in rows.fetchall()]


def priors(sql: Transaction, prediction: Prediction, *, limit: int) -> list[Prediction]:
    """Earlier ones of the patient for the task, of other studies and images, newest first."""
    if (whose := prediction.whose) is None:
        return []
    rows = sql.execute(
        f"SELECT {FOUND} WHERE patient = ? AND task = ? AND seq < ? AND image_digest <> ? "
        "AND (study = '' OR study <> ?) ORDER BY seq DESC LIMIT ?",
        (
            whose.patient,
            prediction.model.task,
            _cursor(sql, prediction.id),
            prediction.image.digest,
            whose.study,
            limit,
        ),
    )
    return [_found(row) for row in rows.fetchall()]


def count(sql: Transaction) -> int:
    """How many predictions are on record: an index is counted, and no row is read."""
    return int(sql.execute("SELECT count(*) FROM predictions").fetchone()[0])


def recorded(sql: Transaction, *, after: int, until: int) -> dict[int, Recorded]:
    """The predictions of the audit entries after one place and up to another, by their place."""
    rows = sql.execute(
        f"SELECT seq, erased, {WHOSE}, {PREDICTION} "
        "FROM predictions LEFT JOIN erasures ON prediction = id "
        "WHERE seq > ? AND seq <= ?",
        (after, until),
    )
    return {
        seq: Recorded(row[0], fingerprint_of(row), erased is not None, whose_of(whose))
        for (seq, erased, *whose), row in ((found[:5], found[5:]) for found in rows.fetchall())
    }


def erase(sql: Transaction, ids: Sequence[str], act: Act, reason: str) -> None:
    """Mark predictions as erased, once, with the entry that says so; they are nobody's then."""
    entry = append(sql, act)
    for prediction_id in ids:
        sql.execute(
            "INSERT INTO erasures (prediction, entry, erased, erased_by, erased_why) "
            "VALUES (?, ?, ?, ?, ?)",
            (prediction_id, entry.seq, zoned(act.time), act.by.name, reason),
        )
        sql.execute(
            "UPDATE predictions SET patient = NULL, study = NULL, salt = NULL WHERE id = ?",
            (prediction_id,),
        )


def entries(sql: Transaction, *, after: int, limit: int) -> list[Entry]:
    """The next audit entries, oldest first."""
    rows = sql.execute(
        f"SELECT {ENTRY} FROM audit WHERE seq > ? ORDER BY seq LIMIT ?",
        (after, limit),
    )
    return [entry_of(row) for row in rows.fetchall()]


def append(sql: Transaction, act: Act) -> Entry:
    """The act at its place in the audit log; ``sql`` is of ``Database.writing``, which locks it."""
    last = sql.execute("SELECT seq, digest FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    seq, previous = last or (0, GENESIS)
    entry = follow(plain(act), seq=seq + 1, previous=previous)
    row = entry_row(entry)
    sql.execute(f"INSERT INTO audit ({ENTRY}) VALUES ({_marks(len(row))})", row)
    return entry


def _found(row: Sequence[Any]) -> Prediction:
    """The prediction of a row of FOUND."""
    return prediction_of(row[:SAID], row[SAID:OWN], row[OWN:])


def _place(sql: Transaction, prediction_id: str) -> int | None:
    row = sql.execute("SELECT seq FROM predictions WHERE id = ?", (prediction_id,)).fetchone()
    return None if row is None else int(row[0])


def _cursor(sql: Transaction, before: str) -> int:
    if (place := _place(sql, before)) is None:
        raise NoSuchPrediction(f"There is no prediction {before} to go on from.")
    return place


def _marks(count: int) -> str:
    return ", ".join("?" * count)
