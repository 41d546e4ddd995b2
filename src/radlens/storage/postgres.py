"""A site's tables in PostgreSQL 14 or later, behind a transaction pooler or not."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from psycopg import Connection

from radlens.domain.errors import RadLensError
from radlens.storage.database import Transaction
from radlens.storage.postgres_connections import Pool
from radlens.storage.postgres_schema import CHAIN, SCHEMA, upgrade
from radlens.storage.schema import MIGRATIONS

# A pooler gives each transaction another session: whatever holds must be said within it.
HERE = f"SET LOCAL search_path TO {SCHEMA}"
READ = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {HERE}"
ALONE = f"SET TRANSACTION READ ONLY; {HERE}"  # and with the statement sent along, one transaction
# READ COMMITTED, so that what was committed while waiting for the lock is seen.
WRITE = (
    f"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; {HERE}; "
    "SET LOCAL lock_timeout = '{busy_ms}ms'; "
    "SET LOCAL idle_in_transaction_session_timeout = '60s'; "  # who hangs does not hold the lock
    f"SELECT pg_advisory_xact_lock({CHAIN})"
)


class PostgresDatabase:
    """The tables of a site in the schema ``radlens`` of the database ``url``, made on first use.

    ``busy_s`` is how long to wait while another process writes.
    """

    def __init__(self, url: str, *, busy_s: float = 10.0, migrations: Path = MIGRATIONS) -> None:
        self._pool = Pool(url)
        self._writer = Lock()  # threads of one process queue here, without a connection each
        self._write = WRITE.format(busy_ms=round(busy_s * 1000))
        try:
            with self._pool.lend() as connection:
                upgrade(connection, migrations=migrations)
        except RadLensError:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        with self._pool.lend(READ) as connection:
            yield _Transaction(connection)
            connection.execute("COMMIT")

    def rows(self, sql: str, values: Sequence[Any] = (), /) -> Sequence[Sequence[Any]]:
        with self._pool.asked(f"{ALONE}; {_spelled(sql)}", values) as answers:
            while answers.nextset():  # the last one is the statement's
                pass
            return answers.fetchall()

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        with self._writer, self._pool.lend(self._write) as connection:
            yield _Transaction(connection)
            self._pool.commit(connection)

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


class _Transaction:
    """Statements with ``?`` for each value, which psycopg spells ``%s``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Any:
        return self._connection.execute(_spelled(sql).encode(), tuple(values) or None)


def _spelled(sql: str) -> str:
    return sql.replace("?", "%s")
