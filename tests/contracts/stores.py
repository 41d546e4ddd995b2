"""Every database and every store of objects, by name; a durable one opens its place again.

A place is a folder or a URL.
"""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from radlens.domain.audit import Entry
from radlens.ports import Blobs
from radlens.storage.database import Database
from radlens.storage.folder import FolderBlobs
from radlens.storage.records import SqlRecords
from radlens.storage.sqlite import SqliteDatabase
from radlens.storage.trail import SqlTrail

DATABASES = ("memory", "sqlite", "postgres")
BLOBS = ("memory", "folder", "s3")


def open_database(place: str) -> Database:
    """The durable database at a place."""
    if place.startswith("postgresql:"):
        from radlens.storage.postgres import PostgresDatabase

        return PostgresDatabase(place)
    return SqliteDatabase(Path(place) / "radlens.sqlite")


def open_blobs(place: str) -> Blobs:
    """The durable objects at a place; the one of a bucket says endpoint and keys too."""
    if place.startswith("s3:"):
        from radlens.storage.s3 import Access, S3Blobs

        parts = urlsplit(place)
        endpoint = f"http://{parts.hostname}:{parts.port}"
        access = Access(endpoint, "us-east-1", str(parts.username), str(parts.password))
        return S3Blobs(f"s3:/{parts.path}", access)
    return FolderBlobs(Path(place) / "objects")


class LoggedRecords(SqlRecords):
    """Records with the audit log of their database at hand."""

    def audit(self) -> Iterator[Entry]:
        return SqlTrail(self._database).entries()
