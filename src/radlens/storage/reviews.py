"""What readers said, on whatever database a site has."""
# ruff: noqa: S608 (the only text put into a statement is this package's own column lists)

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from radlens.domain.audit import Act, Actor
from radlens.domain.errors import Conflict, DigestMismatch, NoSuchReview
from radlens.domain.review import Decision, Opinion, Review, Undo, final_of, fingerprint
from radlens.domain.worklist import State
from radlens.storage.database import Database, Transaction
from radlens.storage.rows import Row, actor_row, time_of, zoned
from radlens.storage.statements import append, get
from radlens.storage.worklist import case, hand, in_hands, refuse_erased

REVIEW = (
    "id, prediction, model, version, time, actor, via, origin, opinions, impression, blind, final"
)
UNDO = "review, time, actor, via, origin"
BOTH = ", ".join(
    [f"r.{column}" for column in REVIEW.split(", ")]
    + [f"u.{column}" for column in UNDO.split(", ")]
)
FOUND = f"SELECT {BOTH} FROM reviews r LEFT JOIN undos u ON u.review = r.id"
WIDTH = len(REVIEW.split(", "))


class SqlReviews:
    """The reviews of a site; each is one transaction with its audit entry and the case."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, review: Review, act: Act) -> None:
        with self._database.writing() as sql:
            if review.blind:
                _refuse_second(sql, review)
            else:
                found = case(sql, review.prediction)
                refuse_erased(found)
                in_hands(found, act)
            entry = append(sql, act)
            _insert(sql, "reviews", f"{REVIEW}, seq", (*_row(review), entry.seq))
            if not review.blind:
                _settle(sql, review.prediction)
                hand(sql, review.prediction, "", None)

    def undo(self, undo: Undo, act: Act, *, until: datetime) -> None:
        with self._database.writing() as sql:
            review = _one(sql, undo.review)
            found = case(sql, review.prediction)
            later = [one for one in _of(sql, review.prediction) if one.standing][-1:]
            if later != [review] or found.held(act.time):
                raise Conflict("This review was taken back already, or another reader went on.")
            entry = append(sql, act)
            row = (undo.review, zoned(undo.time), *actor_row(undo.by), entry.seq)
            _insert(sql, "undos", f"{UNDO}, seq", row)
            _settle(sql, review.prediction)
            hand(sql, review.prediction, undo.by.name, until)

    def get(self, review_id: str) -> Review:
        with self._database.reading() as sql:
            return _one(sql, review_id)

    def of(self, prediction_id: str) -> list[Review]:
        with self._database.reading() as sql:
            return _of(sql, prediction_id)

    def final(self, task: str) -> list[Review]:
        rows = self._database.rows(
            f"{FOUND} JOIN cases c ON c.prediction = r.prediction "
            "WHERE c.task = ? AND r.final = 1 AND u.review IS NULL ORDER BY r.seq",
            (task,),
        )
        return list({review.prediction: review for review in _reviews(rows)}.values())

    def recorded(self, *, after: int, until: int) -> dict[int, str]:
        within = "WHERE {0}.seq > ? AND {0}.seq <= ?"
        with self._database.reading() as sql:
            said = sql.execute(
                f"SELECT r.seq, {BOTH} FROM reviews r LEFT JOIN undos u ON u.review = r.id "
                f"{within.format('r')}",
                (after, until),
            ).fetchall()
            undone = sql.execute(
                f"SELECT seq, {UNDO} FROM undos {within.format('undos')}", (after, until)
            ).fetchall()
        found = {seq: fingerprint(_review_of(row)) for seq, *row in said}
        return found | {seq: fingerprint(_undo_of(row)) for seq, *row in undone}


def _refuse_second(sql: Transaction, review: Review) -> None:
    get(sql, review.prediction)  # or it is an opinion of nothing
    said = [one for one in _of(sql, review.prediction) if one.by.name == review.by.name]
    if said:
        raise Conflict(
            "You have said what you think of this image already.",
            hint="A blind opinion is given once, before the answer is seen.",
        )


def _settle(sql: Transaction, prediction_id: str) -> None:
    """Write into the case what follows from its reviews."""
    said = [review for review in _of(sql, prediction_id) if review.standing]
    final = final_of(said)
    outcome = "" if final is None else State.REJECTED if final.rejected else State.VERIFIED
    sql.execute(
        "UPDATE cases SET outcome = ?, signer = ?, readings = ? WHERE prediction = ?",
        (
            str(outcome),
            final.by.name if final else "",
            len({review.by.name for review in said}),
            prediction_id,
        ),
    )


def _insert(sql: Transaction, table: str, columns: str, row: Row) -> None:
    marks = ", ".join("?" * len(row))
    sql.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", row)


def _one(sql: Transaction, review_id: str) -> Review:
    row = sql.execute(f"{FOUND} WHERE r.id = ?", (review_id,)).fetchone()
    if row is None:
        raise NoSuchReview(f"There is no review {review_id!r}.")
    return _review_of(row)


def _of(sql: Transaction, prediction_id: str) -> list[Review]:
    rows = sql.execute(f"{FOUND} WHERE r.prediction = ? ORDER BY r.seq", (prediction_id,))
    return _reviews(rows.fetchall())


def _reviews(rows: Iterable[Sequence[Any]]) -> list[Review]:
    return [_review_of(row) for row in rows]


def _row(review: Review) -> Row:
    return (
        review.id,
        review.prediction,
        review.model,
        review.version,
        zoned(review.time),
        *actor_row(review.by),
        json.dumps([asdict(opinion) for opinion in review.opinions]),
        review.impression,
        int(review.blind),
        int(review.final),
    )


def _review_of(row: Sequence[Any]) -> Review:
    """The review of a row; raises DigestMismatch where the row is not what was written."""
    key, prediction, model, version, time, *actor, opinions, impression, blind, final = row[:WIDTH]
    try:
        return Review(
            id=key,
            prediction=prediction,
            model=model,
            version=version,
            time=time_of(time),
            by=Actor(*actor),
            opinions=tuple(_opinion(**entry) for entry in json.loads(opinions)),
            impression=impression,
            blind=bool(blind),
            final=bool(final),
            undone=None if row[WIDTH] is None else _undo_of(row[WIDTH:]),
        )
    except (ValueError, TypeError) as error:
        raise DigestMismatch(f"The review {key} cannot be read as it was written.") from error


def _opinion(label: str, present: bool | None, decision: str | None, reason: str) -> Opinion:  # noqa: FBT001
    return Opinion(label, present, Decision(decision) if decision else None, reason)


def _undo_of(row: Sequence[Any]) -> Undo:
    review, time, *actor = row
    try:
        return Undo(review, time_of(time), Actor(*actor))
    except (ValueError, TypeError) as error:
        raise DigestMismatch(f"What took back {review} cannot be read as written.") from error
