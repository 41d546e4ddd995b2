"""Every implementation of Records and Blobs, by name; the durable ones open a folder again."""

from collections.abc import Callable
from pathlib import Path

from radlens.storage.folder import FolderBlobs
from radlens.storage.ledger import MemoryLedger, SqliteLedger
from radlens.storage.memory import MemoryBlobs, MemoryRecords
from radlens.storage.sqlite import Database, SqliteRecords

DURABLE_RECORDS: dict[str, Callable[[Path], SqliteRecords]] = {
    "sqlite": lambda folder: SqliteRecords(Database(folder / "radlens.sqlite")),
}
RECORDS: dict[str, Callable[[Path], SqliteRecords | MemoryRecords]] = DURABLE_RECORDS | {
    "memory": lambda _: MemoryRecords(),
}
DURABLE_BLOBS: dict[str, Callable[[Path], FolderBlobs]] = {
    "folder": lambda folder: FolderBlobs(folder / "objects"),
}
BLOBS: dict[str, Callable[[Path], FolderBlobs | MemoryBlobs]] = DURABLE_BLOBS | {
    "memory": lambda _: MemoryBlobs(),
}
LEDGERS: dict[str, Callable[[Path], SqliteLedger | MemoryLedger]] = {
    "sqlite": lambda folder: SqliteLedger(Database(folder / "radlens.sqlite")),
    "memory": lambda _: MemoryLedger(),
}
