"""All tables of a site at once: none forgotten, and the same from one database to another."""

import re
from contextlib import closing
from dataclasses import replace

import pytest

from radlens.domain.audit import Act, Actor, verify
from radlens.domain.backup import Table
from radlens.domain.errors import BadBackup, NotEmpty
from radlens.domain.prediction import Once
from radlens.domain.review import Opinion, Review
from radlens.domain.worklist import Rank
from radlens.storage.records import SqlRecords
from radlens.storage.reviews import SqlReviews
from radlens.storage.schema import MIGRATIONS
from radlens.storage.sqlite import SqliteDatabase
from radlens.storage.stores import SiteStores
from radlens.storage.tables import PASSING, TABLES
from radlens.storage.trail import SqlTrail
from radlens.storage.worklist import SqlWorklist
from tests.storage.samples import BY, NOON, a_prediction, an_act

ACT = Act(NOON, Actor("tester", "cli"), "restore", "backup", {})


def stores(database):
    return SiteStores(database, folder=None, free_bytes=1)


def contents(database) -> dict[str, list[tuple]]:
    with stores(database).snapshot() as found:
        return {table.name: [tuple(row) for row in table.rows] for table in found.tables}


def test_every_table_is_backed_up_or_said_to_be_of_passing_use():
    scripts = "".join(path.read_text() for path in MIGRATIONS.glob("*.sql"))
    assert set(re.findall(r"CREATE TABLE (\w+)", scripts)) == {*TABLES, *PASSING}


def test_tables_go_from_any_database_into_any_other_and_stay_the_same(database):
    with closing(SqliteDatabase()) as source:
        records = SqlRecords(source)
        for key in ("one", "two"):
            prediction = a_prediction(key)
            records.add(prediction, an_act(prediction), Once(key, "request"))
        SqlWorklist(source).admit({"one": Rank.CRITICAL})
        opinion = (Opinion("Edema", True),)  # noqa: FBT003
        review = Review("r", "one", "a" * 64, "1.0", NOON, BY, opinion, blind=True)
        SqlReviews(source).add(review, replace(ACT, verb="review"))
        before = contents(source)
        with stores(source).snapshot() as found:
            stores(database).fill(found.tables, ACT)
        assert SqlRecords(database).history(limit=9) == records.history(limit=9)
    after = contents(database)
    last = after["audit"].pop()
    assert after == before
    assert last[0] == 4
    assert verify(SqlTrail(database).entries()) == 4
    assert SqlReviews(database).of("one") == [review]
    assert SqlWorklist(database).case("one").rank is Rank.CRITICAL
    with closing(SqliteDatabase()) as back, stores(database).snapshot() as found:
        stores(back).fill(found.tables, ACT)
        assert len(contents(back)["audit"]) == 5


def test_tables_are_filled_where_nothing_is_and_whole_or_not_at_all(database):
    broken = Table("predictions", ("id",), [("one",)])
    with pytest.raises(BadBackup):
        stores(database).fill([broken], ACT)
    assert stores(database).vacant()
    stores(database).write()  # what a server does that asks whether it is ready
    assert stores(database).vacant()
    stores(database).fill([], ACT)
    with pytest.raises(NotEmpty):
        stores(database).fill([], ACT)
