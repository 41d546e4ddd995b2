"""Every database and every store of objects, by name; a durable one opens its place again.

A place is a folder or a URL.
"""

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from radlens.domain.audit import Entry
from radlens.ports import Blobs
from radlens.storage import places
from radlens.storage.database import Database
from radlens.storage.records import SqlRecords
from radlens.storage.trail import SqlTrail

DATABASES = ("memory", "sqlite", "postgres")
BLOBS = ("memory", "folder", "s3")


def open_database(place: str) -> Database:
    """The durable database at a place."""
    if place.startswith("postgresql:"):
        return places.open_database(place)
    return places.open_database(f"sqlite://{place}/radlens.sqlite")


def open_blobs(place: str) -> Blobs:
    """The durable objects at a place; the one of a bucket says endpoint and keys too."""
    if place.startswith("s3:"):
        return places.open_blobs(*bucket(place))
    return places.open_blobs(f"file://{place}/objects", places.Access())


def bucket(place: str) -> tuple[str, places.Access]:
    """The URL of a place in a bucket, and how to reach it."""
    parts = urlsplit(place)
    endpoint = f"http://{parts.hostname}:{parts.port}"
    access = places.Access(endpoint, "us-east-1", str(parts.username), unquote(str(parts.password)))
    return f"s3:/{parts.path}", access


class LoggedRecords(SqlRecords):
    """Records with the audit log of their database at hand."""

    def audit(self) -> Iterator[Entry]:
        return SqlTrail(self._database).entries()
