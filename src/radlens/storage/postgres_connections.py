"""Connections to one PostgreSQL database, and its errors as ours."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import BoundedSemaphore, Lock
from time import sleep
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus

from radlens.domain.errors import (
    BadSettings,
    Conflict,
    DigestMismatch,
    RadLensError,
    StorageFull,
    StorageUnavailable,
)
from radlens.storage.connections import CLOSED, REOPEN

SIZE = 8  # connections a process; a server allows about a hundred
WAITS_S = (0.1, 0.2, 0.4, 0.8, 1.6)  # between attempts to reach a server that may be starting
OPTIONS: dict[str, Any] = {
    "application_name": "radlens",
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


class Pool:
    """Connections that are lent to one thread each; a server that was restarted is met again."""

    def __init__(self, url: str) -> None:
        self._options = _options(url)
        self._lock, self._seats = Lock(), BoundedSemaphore(SIZE)
        self._idle: list[psycopg.Connection] = []
        self._closed = False

    @contextmanager
    def lend(self, begin: str = "SELECT 1") -> Iterator[psycopg.Connection]:
        """A connection that has run ``begin``; a transaction still open afterwards is undone."""
        with self.asked(begin) as answers:
            yield answers.connection

    @contextmanager
    def asked(self, sql: str, values: Sequence[Any] = ()) -> Iterator[psycopg.ClientCursor]:
        """The answers to statements with ``%s`` for each value, sent together, on a connection."""
        with self._seats, translated():
            answers = self._answered(sql.encode(), tuple(values) or None)
            try:
                yield answers
            finally:
                self._give(answers.connection)

    def commit(self, connection: psycopg.Connection) -> None:
        """Commit, or say that it was not: after an error COMMIT means ROLLBACK."""
        if connection.execute("COMMIT").statusmessage != "COMMIT":
            raise StorageUnavailable("The database undid what was to be written.")

    def close(self) -> None:
        """Close what is idle now, and what is still lent as soon as it comes back."""
        with self._lock:
            self._closed, idle, self._idle = True, self._idle, []
        for connection in idle:
            connection.close()

    def _answered(self, sql: bytes, values: tuple[Any, ...] | None) -> psycopg.ClientCursor:
        # Values are quoted here: those bound by the server go with a single statement alone.
        while (connection := self._take()) is not None:
            try:
                return psycopg.ClientCursor(connection).execute(sql, values)
            except psycopg.Error:
                if not connection.closed:  # it lives, and says no
                    self._give(connection)
                    raise
                connection.close()  # since it was last used, the server was restarted
        connection = connect(self._options)
        try:
            return psycopg.ClientCursor(connection).execute(sql, values)
        except psycopg.Error:
            connection.close()
            raise

    def _take(self) -> psycopg.Connection | None:
        with self._lock:
            if self._closed:
                raise StorageUnavailable(CLOSED, hint=REOPEN)
            return self._idle.pop() if self._idle else None

    def _give(self, connection: psycopg.Connection) -> None:
        status = connection.info.transaction_status
        if status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
            with suppress(psycopg.Error):
                connection.rollback()
        with self._lock:
            fit = connection.info.transaction_status == TransactionStatus.IDLE
            if fit and not self._closed:
                return self._idle.append(connection)
        return connection.close()


def connect(options: dict[str, Any]) -> psycopg.Connection:
    """A new connection; a server that cannot be reached is given a few seconds."""
    for wait_s in (*WAITS_S, None):
        try:
            # A pooler does not keep prepared statements with the client that prepared them.
            return psycopg.connect(**options, autocommit=True, prepare_threshold=None)
        except psycopg.OperationalError as error:
            asked = error.pgconn is not None and error.pgconn.used_password
            if wait_s is None or asked:  # a wrong password is not tried again: servers ban for it
                raise StorageUnavailable(
                    f"The database cannot be reached: {_first_line(error)}.",
                    hint="Check that the server runs, and host, user and password in `database`.",
                ) from error
            sleep(wait_s)
    raise AssertionError  # the last round returns or raises


def _options(url: str) -> dict[str, Any]:
    try:
        return OPTIONS | conninfo_to_dict(url)
    except psycopg.ProgrammingError:  # its words may hold the password
        raise BadSettings(
            "The address of the database cannot be read.",
            hint="It has the form postgresql://USER:PASSWORD@HOST:5432/DATABASE; "
            "write a special character in the password as %XX.",
        ) from None


@contextmanager
def translated() -> Iterator[None]:
    """Re-raise what PostgreSQL says as a leaf of our own tree."""
    try:
        yield
    except psycopg.Error as error:
        raise _leaf(error) from error


def _leaf(error: psycopg.Error) -> RadLensError:
    # The primary message alone: the detail would quote the values.
    said = error.diag.message_primary or _first_line(error)
    code = error.sqlstate or ""
    if code == "53100":
        return StorageFull("The disk of the database server is full.")
    if code == "25006":
        return StorageUnavailable(
            f"The database takes nothing in: {said}.",
            hint="A hosted database becomes read-only when its disk is full; a standby always is.",
        )
    if code == "55P03":
        return StorageUnavailable(
            "Another program keeps the database locked.",
            hint="End the program that holds the site's database open, or wait for it.",
        )
    if code.startswith(("22", "23")) or isinstance(error, psycopg.DataError):
        return Conflict(f"The database does not accept this record: {said}.")
    if code.startswith("XX"):
        return DigestMismatch(f"The database is damaged: {said}.")
    return StorageUnavailable(
        f"The database does not answer: {said}.",
        hint="Check that the database server runs and that its user owns the schema radlens.",
    )


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().split("\n")[0].rstrip(".")
