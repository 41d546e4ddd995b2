"""Records in one SQLite file: write-ahead log, synchronous FULL, many threads and processes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from radlens.domain.audit import Act, Entry
from radlens.domain.errors import RadLensError, StorageUnavailable
from radlens.domain.prediction import Once, Prediction
from radlens.storage import statements
from radlens.storage.connections import Connections
from radlens.storage.schema import upgrade
from radlens.storage.statements import Transaction

PAGE = 250


class Database:
    """A site's SQLite file ``path``, made with its tables on first use.

    ``busy_s`` is how long to wait while another process writes.
    Every use raises StorageFull, StorageUnavailable or a leaf of Corrupted for what the database
    says. Open it after a fork, never before.
    """

    def __init__(self, path: Path, *, busy_s: float = 10.0) -> None:
        self._connections = Connections(path, busy_s=busy_s)
        # Threads of one process queue here; SQLite's own waiting sleeps for up to 100 ms.
        self._writer = Lock()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._connections.lend() as connection:
                if path.stat().st_size == 0:
                    path.chmod(0o600)  # the log files that SQLite puts beside it follow
                upgrade(connection)
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
        """A connection to ask on."""
        with self._connections.lend() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """A transaction that is committed at the end, or never happened."""
        with self._writer, self._connections.lend() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close every connection; the last one folds the log into the database."""
        self._connections.close()


class SqliteRecords:
    """The records of a site in its database; raises what ``Database`` raises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, prediction: Prediction, act: Act, once: Once | None = None) -> Prediction:
        with self._database.writing() as sql:
            return statements.record(sql, prediction, act, once)

    def get(self, prediction_id: str) -> Prediction:
        with self._database.reading() as sql:
            return statements.get(sql, prediction_id)

    def repeated(self, once: Once) -> Prediction | None:
        with self._database.reading() as sql:
            return statements.repeated(sql, once)

    def history(
        self, *, limit: int, before: str | None = None, image: str | None = None
    ) -> list[Prediction]:
        with self._database.reading() as sql:
            return statements.history(sql, limit=limit, before=before, image=image)

    def audit(self) -> Iterator[Entry]:
        # By pages: a reader who stops half-way holds neither a connection nor the log.
        after = 0
        while True:
            with self._database.reading() as sql:
                page = statements.entries(sql, after=after, limit=PAGE)
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1].seq

    def close(self) -> None:
        """Close every connection; the last one folds the log into the database."""
        self._database.close()
