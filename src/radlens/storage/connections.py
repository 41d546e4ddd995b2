"""Connections to one SQLite file, and SQLite's errors as ours."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from radlens.domain.errors import (
    Conflict,
    DigestMismatch,
    RadLensError,
    StorageFull,
    StorageUnavailable,
)

BUSY_S = 10.0


def connect(path: Path) -> sqlite3.Connection:
    """A connection that keeps what it acknowledges; write-ahead logging is set by ``schema``."""
    connection = sqlite3.connect(
        path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
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

    def __init__(self, path: Path) -> None:
        self._path = path
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
                raise StorageUnavailable("The records were closed.", hint="Open the site again.")
            if self._idle:
                return self._idle.pop()
        return connect(self._path)

    def _give(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            if not self._closed and not connection.in_transaction:
                return self._idle.append(connection)
        return connection.close()


@contextmanager
def translated() -> Iterator[None]:
    """Re-raise what SQLite says as a leaf of our own tree."""
    try:
        yield
    except sqlite3.Error as error:
        raise _leaf(error) from error


def _leaf(error: sqlite3.Error) -> RadLensError:
    match getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF:  # the primary code
        case sqlite3.SQLITE_FULL:
            return StorageFull("The disk that holds the database is full.")
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return DigestMismatch(f"The database is damaged: {error}.")
        case sqlite3.SQLITE_CONSTRAINT:
            return Conflict(f"The database does not accept this record: {error}.")
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StorageUnavailable(
                f"Another program kept the database locked for {BUSY_S:.0f} seconds.",
                hint="End the program that holds the site's database open, or wait for it.",
            )
        case _:
            return StorageUnavailable(f"The database does not answer: {error}.")
