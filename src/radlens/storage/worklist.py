"""The list of cases, on whatever database a site has."""
# ruff: noqa: S608 (the only text put into a statement is this package's own column lists)

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from radlens.domain.audit import Act
from radlens.domain.errors import Conflict, DigestMismatch, Erased, NoSuchPrediction, Taken
from radlens.domain.gate import Verdict
from radlens.domain.worklist import RANKS, Case, Rank, Sought, State, Unlisted
from radlens.storage import statements
from radlens.storage.cases import CASE, STANDING, counts, search
from radlens.storage.database import Database, Transaction
from radlens.storage.rows import in_utc, time_of


class SqlWorklist:
    """The cases of a site; who takes one does so alone, as one transaction writes at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def unlisted(self, *, limit: int) -> list[Unlisted]:
        rows = self._database.rows(
            "SELECT id, task, findings, assessment FROM predictions "
            "WHERE seq > (SELECT coalesce(max(place), 0) FROM cases) ORDER BY seq LIMIT ?",
            (limit,),
        )
        return [_unlisted(row) for row in rows]

    def admit(self, ranks: Mapping[str, Rank]) -> None:
        with self._database.writing() as sql:
            for prediction, rank in ranks.items():
                sql.execute(
                    "INSERT INTO cases (prediction, place, task, rank, outcome, signer, readings, "
                    "reader) SELECT id, seq, task, ?, '', '', 0, '' FROM predictions WHERE id = ? "
                    "ON CONFLICT (prediction) DO NOTHING",
                    (RANKS.index(rank), prediction),
                )

    def cases(
        self, sought: Sought, *, now: datetime, limit: int, skip: int = 0
    ) -> tuple[list[Case], Mapping[State, int]]:
        with self._database.reading() as sql:
            rows = search(sql, sought, now=in_utc(now), limit=limit, skip=skip)
            found = {one.id: one for one in statements.several(sql, [row[0] for row in rows])}
            numbers = counts(sql, in_utc(now))
        return [_case_of(row, found) for row in rows], numbers

    def case(self, prediction_id: str) -> Case:
        with self._database.reading() as sql:
            return case(sql, prediction_id)

    def claim(self, prediction_id: str, act: Act, *, until: datetime, amend: bool = False) -> Case:
        with self._database.writing() as sql:
            found, name = case(sql, prediction_id), act.by.name
            refuse_erased(found)
            held = found.held(act.time)
            if held and found.reader != name:
                raise Taken(f"{found.reader} has this case.")
            if found.outcome and not held and not amend:
                raise Conflict(
                    f"{found.signer} has concluded this case.",
                    hint="To change what was signed, take the case to amend it.",
                )
            if found.outcome is None and name in _readers(sql, prediction_id):
                raise Conflict(
                    "You have read this case; it waits for another reader.",
                    hint="Take the next case of the worklist.",
                )
            if not held:  # a lapsed claim was never given back, and whose it was is worth knowing
                lapsed = {"lapsed": found.reader} if found.reader else {}
                statements.append(sql, replace(act, detail={**act.detail, **lapsed}))
            hand(sql, prediction_id, name, until)
        return replace(found, reader=name, lease=until)

    def release(self, prediction_id: str, act: Act) -> None:
        with self._database.writing() as sql:
            in_hands(case(sql, prediction_id), act)
            statements.append(sql, act)
            hand(sql, prediction_id, "", None)


def case(sql: Transaction, prediction_id: str) -> Case:
    """One case; raises NoSuchPrediction."""
    row = sql.execute(f"SELECT {CASE} FROM cases WHERE prediction = ?", (prediction_id,)).fetchone()
    if row is None:
        raise NoSuchPrediction(f"There is no case {prediction_id!r} on the worklist.")
    return _case_of(row, {prediction_id: statements.get(sql, prediction_id)})


def hand(sql: Transaction, prediction_id: str, reader: str, until: datetime | None) -> None:
    """Put a case into a reader's hands, or into nobody's."""
    sql.execute(
        "UPDATE cases SET reader = ?, lease = ? WHERE prediction = ?",
        (reader, until and in_utc(until), prediction_id),
    )


def refuse_erased(found: Case) -> None:
    """Raise Erased where there is nothing left to be read."""
    if erased := found.prediction.erased:
        raise Erased(f"The image was erased on {erased.time:%Y-%m-%d} by {erased.by}.")


def in_hands(found: Case, act: Act) -> None:
    """Raise Taken unless the actor is the last who took it, however long ago that was."""
    if found.reader != act.by.name:
        has = f"{found.reader} has it" if found.held(act.time) else "nobody has it"
        raise Taken(f"This case is not in your hands: {has}.")


def _readers(sql: Transaction, prediction_id: str) -> set[str]:
    rows = sql.execute(
        f"SELECT actor FROM reviews WHERE prediction = ? AND {STANDING}", (prediction_id,)
    )
    return {actor for [actor] in rows.fetchall()}


def _unlisted(row: Sequence[Any]) -> Unlisted:
    key, task, findings, assessment = row
    try:
        reported = tuple(one["label"] for one in json.loads(findings) if one["positive"])
        doubtful = bool(assessment) and json.loads(assessment)["verdict"] != Verdict.ASSESSABLE
    except (ValueError, LookupError, TypeError) as error:
        raise DigestMismatch(f"The record {key} cannot be read as it was written.") from error
    return Unlisted(key, task, reported, doubtful)


def _case_of(row: Sequence[Any], predictions: Mapping[str, Any]) -> Case:
    key, rank, outcome, signer, readings, reader, lease = row
    try:
        return Case(
            prediction=predictions[key],
            rank=RANKS[rank],
            outcome=State(outcome) if outcome else None,
            signer=signer,
            readings=readings,
            reader=reader,
            lease=time_of(lease) if lease else None,
        )
    except (ValueError, LookupError, TypeError) as error:
        raise DigestMismatch(f"The case {key} cannot be read as it was written.") from error
