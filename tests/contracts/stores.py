"""Every database and every store of objects, by name; a durable one opens its place again.

A place is a folder or a URL.
"""

from collections.abc import Iterator
from pathlib import Path

from radlens.domain.audit import Entry
from radlens.ports import Blobs
from radlens.storage.database import Database
from radlens.storage.folder import FolderBlobs
from radlens.storage.records import SqlRecords
from radlens.storage.sqlite import SqliteDatabase
from radlens.storage.trail import SqlTrail

DATABASES = ("memory", "sqlite", "postgres")
BLOBS = ("memory", "folder")


def open_database(place: str) -> Database:
    """The durable database at a place."""
    if place.startswith("postgresql:"):
        from radlens.storage.postgres import PostgresDatabase

        return PostgresDatabase(place)
    return SqliteDatabase(Path(place) / "radlens.sqlite")


def open_blobs(place: str) -> Blobs:
    """The durable objects at a place."""
    return FolderBlobs(Path(place) / "objects")


class LoggedRecords(SqlRecords):
    """Records with the audit log of their database at hand."""

    def audit(self) -> Iterator[Entry]:
        return SqlTrail(self._database).entries()
