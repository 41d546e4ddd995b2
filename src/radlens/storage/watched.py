"""A database that tells after each commit: the audit log may have grown."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from threading import Lock
from typing import Any

from radlens.storage.database import Database, Transaction


class Watched:
    """``database``, with ``grown`` called after a commit, by one thread at a time."""

    def __init__(self, database: Database, grown: Callable[[], None]) -> None:
        self._database, self._grown = database, grown
        self._one = Lock()

    def reading(self) -> AbstractContextManager[Transaction]:
        return self._database.reading()

    def rows(self, sql: str, values: Sequence[Any] = (), /) -> Sequence[Sequence[Any]]:
        return self._database.rows(sql, values)

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        with self._database.writing() as sql:
            yield sql
        if self._one.acquire(blocking=False):  # whoever is at it sees this commit, or the next does
            try:
                self._grown()
            finally:
                self._one.release()

    def close(self) -> None:
        self._database.close()
