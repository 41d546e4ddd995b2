"""The stores of a site as wholes: can they be written, is there room, all of it at once."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from secrets import token_hex
from shutil import disk_usage

from radlens.domain.audit import Act
from radlens.domain.backup import Snapshot, Table
from radlens.domain.errors import StorageFull, StorageUnavailable
from radlens.storage.database import Database
from radlens.storage.tables import fill, snapshot, vacant

WRITE = (
    "INSERT INTO site_facts (name, value) VALUES (?, ?) "
    "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


class SiteStores:
    """The database and the disk under ``folder``; without one, as in memory, room is enough."""

    def __init__(self, database: Database, *, folder: Path | None, free_bytes: int) -> None:
        self._database, self._folder, self._free = database, folder, free_bytes

    def write(self) -> None:
        with self._database.writing() as sql:
            # Another value each time: SQLite does not write a row again that is the same already.
            sql.execute(WRITE, ("probe", token_hex(8)))

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        return snapshot(self._database)

    def vacant(self) -> bool:
        with self._database.reading() as sql:
            return vacant(sql)

    def fill(self, tables: Iterable[Table], act: Act) -> None:
        fill(self._database, tables, act)

    def room(self) -> None:
        if self._folder is None:
            return
        try:
            free = disk_usage(self._folder).free
        except OSError as error:
            raise StorageUnavailable(
                f"The site's folder does not answer: {error.strerror}."
            ) from error
        if free < self._free:
            raise StorageFull(
                f"The disk that holds the site has {free:,} bytes left, "
                f"less than the {self._free:,} that are to be free."
            )
