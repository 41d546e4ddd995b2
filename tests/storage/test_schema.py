"""Numbered migrations, applied once, whole, and never backwards."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from radlens.domain.errors import StorageUnavailable
from radlens.storage.connections import connect
from radlens.storage.records import SqlRecords
from radlens.storage.schema import MIGRATIONS, upgrade
from radlens.storage.sqlite import SqliteDatabase
from tests.storage.samples import a_prediction, an_act


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(connect(tmp_path / "radlens.sqlite", busy_s=1)) as opened:
        yield opened


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_first.sql").write_text("CREATE TABLE a (x text DEFAULT ';');\n-- the end;\n")
    return folder


def version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def tables(connection: sqlite3.Connection) -> set[str]:
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {name for (name,) in rows}


def test_a_fresh_database_gets_every_migration(connection):
    upgrade(connection)
    assert version(connection) == len(list(MIGRATIONS.glob("*.sql")))
    assert {"predictions", "requests", "audit"} <= tables(connection)


def test_an_older_database_gets_only_what_it_lacks(connection, migrations):
    upgrade(connection, migrations=migrations)
    connection.execute("INSERT INTO a VALUES ('kept')")
    (migrations / "0002_second.sql").write_text(
        "CREATE TABLE b (x text);\nALTER TABLE a\n  ADD y text;\n"
    )
    upgrade(connection, migrations=migrations)
    assert version(connection) == 2
    assert connection.execute("SELECT x, y FROM a").fetchall() == [("kept", None)]
    assert tables(connection) == {"a", "b"}


def test_a_migration_that_fails_leaves_the_database_as_it_was(connection, migrations):
    upgrade(connection, migrations=migrations)
    (migrations / "0002_second.sql").write_text("CREATE TABLE b (x text);\nCREATE TABLE a (x);\n")
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        upgrade(connection, migrations=migrations)
    connection.rollback()
    assert version(connection) == 1
    assert tables(connection) == {"a"}


def test_a_last_statement_without_its_semicolon_is_not_forgotten(connection, migrations):
    (migrations / "0002_second.sql").write_text("CREATE TABLE b (x text)")
    upgrade(connection, migrations=migrations)
    assert tables(connection) == {"a", "b"}


def test_a_fresh_database_that_another_process_is_making_is_waited_for(connection, tmp_path):
    with closing(sqlite3.connect(tmp_path / "radlens.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        def finish(statement: str) -> None:
            if statement == "BEGIN IMMEDIATE" and other.in_transaction:  # we are waiting now
                other.execute("ROLLBACK")

        connection.set_trace_callback(finish)
        upgrade(connection)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_disk_without_a_write_ahead_log_is_refused():
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as nowhere:
        with pytest.raises(StorageUnavailable, match="several programs"):
            upgrade(nowhere)
        assert tables(nowhere) == set()


def test_a_site_of_a_newer_radlens_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "radlens.sqlite"
    prediction = a_prediction("one")
    with closing(SqlRecords(SqliteDatabase(path))) as records:
        records.add(prediction, an_act(prediction))
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("PRAGMA user_version = 999")
    before = path.read_bytes()
    with pytest.raises(StorageUnavailable, match="newer RadLens") as refusal:
        SqlRecords(SqliteDatabase(path))
    assert "Install" in refusal.value.hint
    assert path.read_bytes() == before


def test_opening_a_current_schema_asks_one_question(connection):
    upgrade(connection)
    asked: list[str] = []
    connection.set_trace_callback(asked.append)
    upgrade(connection)
    assert asked == ["PRAGMA user_version"]


def test_the_tables_refuse_what_no_record_may_be(connection):
    upgrade(connection)
    entry = (1, "2026-11-03T12:00:00+00:00", "a", "cli", "predict", "x", "{}", "0" * 64, "f" * 64)
    insert = (
        "INSERT INTO audit (seq, time, actor, via, verb, subject, detail, previous, digest) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    )
    for column, value in ((0, 0), (0, None), (1, None), (7, "short"), (8, "short")):
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(insert, [*entry[:column], value, *entry[column + 1 :]])
    connection.execute(insert, entry)
    with pytest.raises(sqlite3.IntegrityError):  # two entries cannot follow the same one
        connection.execute(insert, (2, *entry[1:8], "e" * 64))
    with pytest.raises(sqlite3.IntegrityError):  # a key cannot stand for nothing
        connection.execute("INSERT INTO requests VALUES ('key', 'request', 'no prediction')")
