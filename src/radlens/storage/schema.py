"""The site's tables: numbered SQL files, applied in order, once."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from radlens.domain.errors import StorageUnavailable

MIGRATIONS = Path(__file__).parent / "migrations"
ATTEMPTS = 100


def upgrade(
    connection: sqlite3.Connection, *, shared: bool = True, migrations: Path = MIGRATIONS
) -> None:
    """Bring a database to this program's schema; raises StorageUnavailable where it is newer.

    One that is ``shared`` with other processes gets a write-ahead log.
    """
    if not pending(_version(connection), migrations):
        return
    if shared:
        _log_ahead(connection)
    connection.execute("BEGIN EXCLUSIVE")
    # Asked again under the lock: another process may have been faster.
    for number, script in pending(_version(connection), migrations):
        for statement in _statements(script):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
    connection.execute("COMMIT")


def pending(version: int, migrations: Path) -> list[tuple[int, str]]:
    """What a database of that version lacks; raises StorageUnavailable where it is newer."""
    scripts = sorted(migrations.glob("*.sql"))
    if version > len(scripts):
        raise StorageUnavailable(
            f"This site was written by a newer RadLens (schema {version}, here {len(scripts)}).",
            hint="Install that RadLens again, or use another home folder or database.",
        )
    missing = list(enumerate(scripts, start=1))[version:]
    return [(number, script.read_text("utf-8")) for number, script in missing]


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Turn write-ahead logging on, which SQLite refuses at once while others do the same."""
    for attempt in range(ATTEMPTS):
        try:
            [mode] = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            break
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or attempt == ATTEMPTS - 1:
                raise
        connection.execute("BEGIN IMMEDIATE")  # queues behind whoever is at it
        connection.execute("COMMIT")
    if mode != "wal":
        raise StorageUnavailable(
            "This disk cannot hold a database that several programs use at once.",
            hint="Set RADLENS_HOME to a folder on a local disk.",
        )


def _statements(script: str) -> Iterator[str]:
    """One statement at a time, because ``executescript`` would commit what is open."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement
