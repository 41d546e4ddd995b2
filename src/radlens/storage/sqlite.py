"""A site's tables in one SQLite file, or in memory: for many threads and processes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from radlens.domain.errors import RadLensError, StorageUnavailable
from radlens.storage.connections import Connections, InMemory
from radlens.storage.database import Transaction
from radlens.storage.schema import upgrade


class SqliteDatabase:
    """A site's SQLite file ``path``, made with its tables on first use.

    Without a path it is in memory alone and ends with ``close``. ``busy_s`` is how long to wait
    while another process writes. Open it after a fork, never before.
    """

    def __init__(self, path: Path | None = None, *, busy_s: float = 10.0) -> None:
        self._connections = Connections(path, busy_s=busy_s) if path else InMemory()
        # Threads of one process queue here; SQLite's own waiting sleeps for up to 100 ms.
        self._writer = Lock()
        try:
            if path:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._connections.lend() as connection:
                if path and path.stat().st_size == 0:
                    path.chmod(0o600)  # the log files that SQLite puts beside it follow
                upgrade(connection, shared=path is not None)
        except OSError as error:
            self.close()
            raise StorageUnavailable(
                f"The place of the database cannot be used: {error.strerror}."
            ) from error
        except RadLensError:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        with self._connections.lend() as connection:
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")

    def rows(self, sql: str, values: Sequence[Any] = (), /) -> Sequence[Sequence[Any]]:
        with self._connections.lend() as connection:
            return connection.execute(sql, values).fetchall()

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        with self._writer, self._connections.lend() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close every connection; the last one folds the log into the database."""
        self._connections.close()
