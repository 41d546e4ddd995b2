"""What every database offers the stores that are written over it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol


class Transaction(Protocol):
    """What sqlite3 and psycopg connections both do; placeholders are ``?``."""

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Any: ...


class Database(Protocol):
    """A site's tables, up to date from the moment it is opened.

    Every use raises StorageFull, StorageUnavailable, Conflict or a leaf of Corrupted for what the
    database says. Neither context is entered again inside the other.
    """

    def reading(self) -> AbstractContextManager[Transaction]:
        """One view of the tables, whatever others write meanwhile; nothing is written in it."""
        ...

    def rows(self, sql: str, values: Sequence[Any] = (), /) -> Sequence[Sequence[Any]]:
        """What one statement reads, at the price of one question; nothing is written by it."""
        ...

    def writing(self) -> AbstractContextManager[Transaction]:
        """A transaction that is committed at the end, or never happened.

        One at a time on the whole site, from its beginning: the audit chain may grow in it.
        """
        ...

    def close(self) -> None:
        """Let go of every connection; nothing may be asked afterwards."""
        ...
