"""Every database and every store of objects, by name; the durable ones open a place again."""

from collections.abc import Callable
from pathlib import Path

from radlens.ports import Blobs
from radlens.storage.database import Database
from radlens.storage.folder import FolderBlobs
from radlens.storage.memory import MemoryBlobs
from radlens.storage.sqlite import SqliteDatabase

DURABLE_DATABASES: dict[str, Callable[[Path], Database]] = {
    "sqlite": lambda folder: SqliteDatabase(folder / "radlens.sqlite"),
}
DATABASES: dict[str, Callable[[Path], Database]] = DURABLE_DATABASES | {
    "memory": lambda _: SqliteDatabase(),
}
DURABLE_BLOBS: dict[str, Callable[[Path], Blobs]] = {
    "folder": lambda folder: FolderBlobs(folder / "objects"),
}
BLOBS: dict[str, Callable[[Path], Blobs]] = DURABLE_BLOBS | {
    "memory": lambda _: MemoryBlobs(),
}
