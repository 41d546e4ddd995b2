"""Connections to one SQLite database, and SQLite's errors as ours."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

from radlens.domain.errors import (
    Conflict,
    DigestMismatch,
    RadLensError,
    StorageFull,
    StorageUnavailable,
)

# SQLite knows a full disk by ENOSPC alone; a quota (EDQUOT) and a limit (EFBIG) end here.
UNWRITABLE = (sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE)
CLOSED, REOPEN = "The records were closed.", "Open the site again."


def connect(path: Path, *, busy_s: float) -> sqlite3.Connection:
    """A connection that keeps what it acknowledges; write-ahead logging is set by ``schema``."""
    connection = sqlite3.connect(
        path, timeout=busy_s, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA synchronous = FULL")  # NORMAL can lose acknowledged commits
        connection.execute("PRAGMA foreign_keys = ON")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


class Connections:
    """As many connections as threads ask for at once, each lent to one of them at a time."""

    def __init__(self, path: Path, *, busy_s: float) -> None:
        self._path, self._busy_s = path, busy_s
        self._lock = Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False

    @contextmanager
    def lend(self) -> Iterator[sqlite3.Connection]:
        """A connection; a transaction that is still open afterwards is rolled back."""
        with translated():
            connection = self._take()
            try:
                yield connection
            finally:
                self._give(connection)

    def close(self) -> None:
        """Close what is idle now, and what is still lent as soon as it comes back."""
        with self._lock:
            self._closed, idle, self._idle = True, self._idle, []
        for connection in idle:
            connection.close()

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._closed:
                raise StorageUnavailable(CLOSED, hint=REOPEN)
            if self._idle:
                return self._idle.pop()
        return connect(self._path, busy_s=self._busy_s)

    def _give(self, connection: sqlite3.Connection) -> None:
        with suppress(sqlite3.Error):  # what cannot be undone is undone by closing
            connection.rollback()
        with self._lock:
            if not self._closed and not connection.in_transaction:
                return self._idle.append(connection)
        return connection.close()


class InMemory:
    """One database in memory that threads use one after the other; nothing is on disk."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = connect(Path(":memory:"), busy_s=0)
        self._connection.execute("PRAGMA temp_store = MEMORY")

    @contextmanager
    def lend(self) -> Iterator[sqlite3.Connection]:
        """The connection; a transaction that is still open afterwards is rolled back."""
        with self._lock, translated():
            if self._connection is None:
                raise StorageUnavailable(CLOSED, hint=REOPEN)
            try:
                yield self._connection
            finally:
                self._connection.rollback()

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            if self._connection:
                self._connection.close()
            self._connection = None


@contextmanager
def translated() -> Iterator[None]:
    """Re-raise what SQLite says as a leaf of our own tree."""
    try:
        yield
    except sqlite3.Error as error:
        raise _leaf(error) from error


def _leaf(error: sqlite3.Error) -> RadLensError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if code in UNWRITABLE:
        return StorageFull(
            "The database cannot be written: a disk or a quota is full, or the disk fails."
        )
    match code & 0xFF:  # the primary code
        case sqlite3.SQLITE_FULL:
            return StorageFull("The disk that holds the database is full.")
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return DigestMismatch(f"The database is damaged: {error}.")
        case sqlite3.SQLITE_CONSTRAINT:
            return Conflict(f"The database does not accept this record: {error}.")
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StorageUnavailable(
                "Another program keeps the database locked.",
                hint="End the program that holds the site's database open, or wait for it.",
            )
        case _:
            return StorageUnavailable(f"The database does not answer: {error}.")
