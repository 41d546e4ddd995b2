"""What is SQLite's own: durability, privacy, tampering, and its errors as ours."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from radlens.domain.audit import verify
from radlens.domain.errors import BrokenChain, Conflict, DigestMismatch, StorageUnavailable
from radlens.domain.prediction import Once
from radlens.storage.connections import Connections
from radlens.storage.sqlite import SqliteDatabase
from radlens.storage.trail import PAGE
from tests.contracts.stores import LoggedRecords
from tests.storage.samples import a_prediction, an_act


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with three predictions, closed."""
    path = tmp_path / "site" / "radlens.sqlite"
    with closing(LoggedRecords(SqliteDatabase(path))) as records:
        add(records, "one", "two", "three")
    return path


@pytest.fixture
def open_umask() -> Iterator[None]:
    """Nothing is private unless the program says so."""
    before = os.umask(0)
    yield
    os.umask(before)


def add(records: LoggedRecords, *keys: str) -> None:
    for key in keys:
        prediction = a_prediction(key)
        records.add(prediction, an_act(prediction, findings={"Mass": 0.1}), Once(key, "request"))


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        assert connection.execute(statement).rowcount == 1


def test_every_connection_keeps_what_it_acknowledges(path):
    pool = Connections(path, busy_s=1)
    with closing(pool), pool.lend() as first, pool.lend() as second:
        for connection in (first, second):
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
            assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
            assert connection.execute("PRAGMA busy_timeout").fetchone() == (1000,)


def test_the_database_its_log_and_its_folder_are_private(tmp_path, open_umask):
    folder = tmp_path / "site"
    with closing(LoggedRecords(SqliteDatabase(folder / "radlens.sqlite"))) as records:
        add(records, "one")
        files = {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}
    assert files == {f"radlens.sqlite{end}": 0o600 for end in ("", "-wal", "-shm")}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_rights_that_someone_gave_later_stay(path):
    path.chmod(0o640)
    LoggedRecords(SqliteDatabase(path)).close()
    assert path.stat().st_mode & 0o777 == 0o640


def test_closing_leaves_no_connection_behind(path):
    records = LoggedRecords(SqliteDatabase(path))
    add(records, "four")
    records.close()
    assert [file.name for file in path.parent.iterdir()] == [path.name]  # the log was folded in
    with pytest.raises(StorageUnavailable, match="closed"):
        records.get("four")


def test_a_connection_that_comes_back_after_closing_is_closed(path):
    pool = Connections(path, busy_s=1)
    with pool.lend() as connection:
        pool.close()
        connection.execute("SELECT 1")
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


def test_a_reader_of_the_audit_log_who_stops_half_way_holds_nothing(path):
    with closing(LoggedRecords(SqliteDatabase(path))) as records:
        log = records.audit()
        next(log)
        records.close()
        assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_the_audit_log_is_whole_beyond_one_page(tmp_path):
    with closing(LoggedRecords(SqliteDatabase(tmp_path / "radlens.sqlite"))) as records:
        add(records, *map(str, range(PAGE + 1)))
        assert verify(records.audit()) == PAGE + 1


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit SET actor = 'somebody else' WHERE seq = 2",
        "UPDATE audit SET via = 'api' WHERE seq = 2",
        "UPDATE audit SET verb = 'look' WHERE seq = 2",
        "UPDATE audit SET subject = 'three' WHERE seq = 2",
        "UPDATE audit SET time = '2026-11-03T12:00:01+00:00' WHERE seq = 2",
        "UPDATE audit SET time = 'never' WHERE seq = 2",
        "UPDATE audit SET detail = replace(detail, '0.1', '0.9') WHERE seq = 2",
        "UPDATE audit SET detail = '{' WHERE seq = 2",
        "UPDATE audit SET seq = 9 WHERE seq = 2",
        "DELETE FROM audit WHERE seq = 2",
    ],
)
def test_tampering_with_the_file_is_found(path, tampering):
    change(path, tampering)
    with (
        closing(LoggedRecords(SqliteDatabase(path))) as records,
        pytest.raises(BrokenChain, match=r"entry [23]"),
    ):
        verify(records.audit())


def test_a_prediction_whose_row_was_spoiled_is_not_shown(path):
    change(path, "UPDATE predictions SET findings = '[' WHERE id = 'two'")
    with closing(LoggedRecords(SqliteDatabase(path))) as records:
        with pytest.raises(DigestMismatch, match="two"):
            records.get("two")
        assert records.get("three").id == "three"


def test_a_file_that_is_no_database_is_damaged(tmp_path):
    path = tmp_path / "radlens.sqlite"
    path.write_bytes(b"not a database " * 100)
    with pytest.raises(DigestMismatch, match="damaged") as refusal:
        LoggedRecords(SqliteDatabase(path))
    assert isinstance(refusal.value.__cause__, sqlite3.DatabaseError)


def test_a_database_with_spoiled_pages_is_damaged(path):
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    with (
        pytest.raises(DigestMismatch, match="damaged"),
        closing(LoggedRecords(SqliteDatabase(path))) as records,
    ):
        records.history(limit=9)


def test_a_database_that_another_program_keeps_locked_is_unavailable(path):
    with (
        closing(LoggedRecords(SqliteDatabase(path, busy_s=0.01))) as records,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailable, match="Another program"):
            add(records, "four")
        assert len(records.history(limit=9)) == 3  # who writes does not stop who reads
        other.execute("ROLLBACK")
        add(records, "four")
        assert verify(records.audit()) == 4


def test_a_record_that_breaks_a_rule_of_the_tables_is_refused_whole(path):
    prediction = a_prediction("four", evidence="no digest")
    with closing(LoggedRecords(SqliteDatabase(path))) as records:
        with pytest.raises(Conflict, match="CHECK"):
            records.add(prediction, an_act(prediction))
        assert verify(records.audit()) == len(records.history(limit=9)) == 3


def test_a_place_that_cannot_hold_a_database_is_unavailable(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "radlens.sqlite", tmp_path):
        with pytest.raises(StorageUnavailable) as refusal:
            LoggedRecords(SqliteDatabase(path))
        assert refusal.value.__cause__ is not None


def test_nothing_heavier_than_the_driver_is_imported():
    script = (
        "import sys, radlens.domain.prediction; before = set(sys.modules)\n"
        "import radlens.storage.sqlite, radlens.storage.records, radlens.storage.folder\n"
        "print(*{name.split('.')[0] for name in set(sys.modules) - before})"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    ours = {name for name in done.stdout.split() if name not in sys.stdlib_module_names}
    assert ours == {"radlens"}
