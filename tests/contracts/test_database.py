"""What every database promises the stores written over it."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import pytest

from radlens.domain.audit import verify
from radlens.domain.errors import Conflict, StorageUnavailable
from radlens.storage.database import Database
from radlens.storage.statements import append
from tests.contracts.stores import LoggedRecords, open_database
from tests.storage.samples import a_prediction, an_act

ITEM = "INSERT INTO ledger VALUES (?, ?, 'run', 'a name', 'now', 'done', '{}', '[]', '{}')"


class OurOwnError(Exception):
    pass


def put_twice(database: Database) -> None:
    with database.writing() as sql:
        sql.execute(ITEM, ("a", 1))
        sql.execute(ITEM, ("a", 2))


def test_a_transaction_that_ends_in_an_error_never_happened(database):
    def give_up() -> None:
        with database.writing() as sql:
            sql.execute(ITEM, ("a", 1))
            append(sql, an_act(a_prediction("a")))
            raise OurOwnError

    with pytest.raises(OurOwnError):
        give_up()
    with database.reading() as sql:
        assert sql.execute("SELECT * FROM ledger").fetchall() == []
    assert verify(LoggedRecords(database).audit()) == 0
    with database.writing() as sql:
        sql.execute(ITEM, ("a", 1))
    with database.reading() as sql:
        assert sql.execute("SELECT id, seq FROM ledger").fetchall() == [("a", 1)]


def test_a_rule_of_the_tables_that_is_broken_is_a_conflict_and_undoes_the_rest(database):
    with pytest.raises(Conflict):
        put_twice(database)
    with database.reading() as sql:
        assert sql.execute("SELECT * FROM ledger").fetchall() == []


def test_entries_that_any_threads_append_in_any_transactions_are_one_chain(database):
    start = Barrier(8)

    def work(number: int) -> None:
        start.wait()
        for step in range(5):
            with database.writing() as sql:
                # The chain's lock is held already, although its table was not yet touched.
                rows = sql.execute("SELECT count(*) FROM ledger").fetchone()[0]
                sql.execute(ITEM, (f"{number}-{step}", rows + 1))
                append(sql, an_act(a_prediction(f"{number}-{step}")))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    assert verify(LoggedRecords(database).audit()) == 40


def test_a_question_mark_in_a_value_is_a_question_mark(database):
    with database.writing() as sql:
        sql.execute(ITEM, ("100 % sure?", 1))
    with database.reading() as sql:
        assert sql.execute("SELECT id FROM ledger").fetchone() == ("100 % sure?",)
    one = "SELECT id, seq FROM ledger WHERE id = ? AND seq = ?"
    assert database.rows(one, ("100 % sure?", 1)) == [("100 % sure?", 1)]


@pytest.mark.parametrize("name", ["' OR '1'='1", "\\' OR 1=1 --", '"', "$1", "%s", "é; SELECT 2"])
def test_one_statement_takes_each_value_as_it_is(database, name):
    with database.writing() as sql:
        sql.execute(ITEM, ("another", 1))
        sql.execute(ITEM, (name, 2))
    assert database.rows("SELECT id, seq FROM ledger WHERE id = ?", (name,)) == [(name, 2)]
    assert database.rows("SELECT id FROM ledger WHERE seq > ?", (2,)) == []


def test_one_statement_that_fails_leaves_the_next_one_as_it_was(database):
    with pytest.raises(StorageUnavailable):
        database.rows("SELECT nothing FROM ledger")
    assert list(database.rows("SELECT 1")) == [(1,)]


def test_a_closed_database_is_not_available(database):
    database.close()
    for door in (database.reading, database.writing):
        with pytest.raises(StorageUnavailable, match="closed"), door() as sql:
            sql.execute("SELECT 1")
    with pytest.raises(StorageUnavailable, match="closed"):
        database.rows("SELECT 1")


def test_who_reads_sees_one_state_whatever_others_write_meanwhile(place):
    count = "SELECT count(*) FROM ledger"
    with closing(open_database(place)) as here, closing(open_database(place)) as there:
        with here.reading() as sql:
            assert sql.execute(count).fetchone() == (0,)
            with there.writing() as other:
                other.execute(ITEM, ("a", 1))
            assert sql.execute(count).fetchone() == (0,)
        with here.reading() as sql:
            assert sql.execute(count).fetchone() == (1,)
