"""What a page asks of the database is found by an index, and none of the long tables is walked."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import pytest

from radlens.domain.audit import Outcome, Verb, Wanted
from radlens.domain.worklist import Rank, Sought, State
from radlens.storage.records import SqlRecords
from radlens.storage.sqlite import SqliteDatabase
from radlens.storage.trail import SqlTrail
from radlens.storage.worklist import SqlWorklist
from tests.storage.samples import NOON, a_prediction, an_act

EVERY = frozenset(State)
WALKED = re.compile(r"SCAN (cases|predictions|audit|reviews)(?! USING COVERING INDEX)")


class Explained:
    """A database that keeps the steps of every statement that is asked."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self.steps: list[str] = []

    @contextmanager
    def reading(self) -> Iterator["Explained"]:
        with self._database.reading() as self._sql:
            yield self

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Any:
        plan = self._sql.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
        self.steps += [row[3] for row in plan]
        return self._sql.execute(sql, values)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> Sequence[Sequence[Any]]:
        with self.reading():
            return self.execute(sql, values).fetchall()


ASKED: dict[str, Callable[[Explained], object]] = {
    "the list": lambda db: listed(db, Sought()),
    "every state": lambda db: listed(db, Sought(EVERY)),
    "an urgency": lambda db: listed(db, Sought(EVERY, rank=Rank.UNREPORTED)),
    "a task": lambda db: listed(db, Sought(EVERY, task="brain-tumor")),
    "a task and an urgency": lambda db: listed(db, Sought(EVERY, "brain-tumor", Rank.ROUTINE)),
    "a reader": lambda db: listed(db, Sought(EVERY, reader="ann")),
    "the next": lambda db: listed(db, Sought(frozenset({State.WAITING}), unread_by="ann")),
    "what is not listed": lambda db: SqlWorklist(db).unlisted(limit=9),
    "what follows": lambda db: SqlRecords(db).history(limit=9, before="one"),
    "a count": lambda db: SqlRecords(db).count(),
    "the ends": lambda db: SqlTrail(db).ends(),
    "a verb that is seldom": lambda db: SqlTrail(db).search(
        Wanted(verb=Verb.BACK_UP, outcome=Outcome.DONE), limit=1
    ),
    "what failed": lambda db: SqlTrail(db).search(Wanted(outcome=Outcome.FAILED), limit=9),
}


@pytest.fixture
def database() -> Iterator[Explained]:
    with closing(SqliteDatabase()) as opened:
        prediction = a_prediction("one")
        SqlRecords(opened).add(prediction, an_act(prediction))
        SqlWorklist(opened).admit({"one": Rank.ROUTINE})
        yield Explained(opened)


def listed(database: Explained, sought: Sought) -> object:
    return SqlWorklist(database).cases(sought, now=NOON, limit=9)


@pytest.mark.parametrize("what", ASKED)
def test_no_long_table_is_walked_for(what, database):
    ASKED[what](database)
    assert [step for step in database.steps if re.match("SCAN|SEARCH", step)]
    assert [step for step in database.steps if WALKED.match(step)] == []
