"""Where the stores of a site are, by URL; what reaches them is imported only where it is named."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from radlens.domain.errors import BadSettings
from radlens.domain.extras import imports_of
from radlens.ports import Blobs
from radlens.storage.database import Database
from radlens.storage.folder import FolderBlobs
from radlens.storage.sqlite import SqliteDatabase

SQLITE, FOLDER = "sqlite://", "file://"
UNREADABLE = "an address that cannot be read"


@dataclass(frozen=True)
class Access:
    """How to reach an S3 and as whom; what is empty is left to the environment (``AWS_...``)."""

    endpoint: str = ""
    region: str = ""
    key: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)


def open_database(url: str) -> Database:
    """The database at ``sqlite://PATH`` or ``postgresql://...``, made with its tables."""
    if url.startswith(SQLITE):
        return SqliteDatabase(Path(url.removeprefix(SQLITE)))
    if not url.startswith(("postgresql://", "postgres://")):
        raise BadSettings(
            "The address of the database cannot be read.",
            hint="It has the form postgresql://USER:PASSWORD@HOST:5432/DATABASE.",
        )
    with imports_of("postgres", without="A database in PostgreSQL needs the extra postgres."):
        from radlens.storage.postgres import PostgresDatabase
    return PostgresDatabase(url)


def open_blobs(url: str, access: Access) -> Blobs:
    """The objects below ``file://FOLDER`` or ``s3://BUCKET/PREFIX``."""
    if url.startswith(FOLDER):
        return FolderBlobs(Path(url.removeprefix(FOLDER)))
    with imports_of("s3", without="An object store needs the extra s3."):
        from radlens.storage.s3 import S3Blobs
    return S3Blobs(url, access)


def beside(database: str) -> str:
    """Where the objects of an SQLite file lie; nothing for another database."""
    if not database.startswith(SQLITE):
        return ""
    return f"{FOLDER}{Path(database.removeprefix(SQLITE)).parent}/objects"


def shown(url: str) -> str:
    """A place without user and password, for people to read."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:  # what cannot be read is not shown
        return UNREADABLE
    if not parts.scheme:
        return UNREADABLE
    if parts.scheme in ("sqlite", "file"):
        return parts.path
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"
