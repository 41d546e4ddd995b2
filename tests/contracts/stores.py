"""Every database and every store of objects, by name; a durable one opens its place again.

A place is a folder or a URL.
"""

from pathlib import Path

from radlens.ports import Blobs
from radlens.storage.database import Database
from radlens.storage.folder import FolderBlobs
from radlens.storage.sqlite import SqliteDatabase

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
