"""Settings -> Site: the one place where the doors are chosen and opened."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from secrets import token_urlsafe
from tempfile import TemporaryDirectory
from uuid import uuid4

from radlens.account_ports import Accounts
from radlens.domain.errors import StorageUnavailable
from radlens.domain.task import Task
from radlens.engines.line import BoundedLine
from radlens.engines.live import LiveModels
from radlens.passwords import Argon2Passwords
from radlens.ports import Site
from radlens.settings import Settings, load_settings
from radlens.storage.accounts import SqlKeys, SqlSessions, SqlUsers
from radlens.storage.database import Database
from radlens.storage.guesses import SqlGuessing
from radlens.storage.ledger import SqlLedger
from radlens.storage.memory import MemoryBlobs
from radlens.storage.places import Access, open_blobs, open_database
from radlens.storage.records import SqlRecords
from radlens.storage.seal import FileSeal
from radlens.storage.sqlite import SqliteDatabase
from radlens.storage.stores import SiteStores
from radlens.storage.trail import SqlTrail
from radlens.storage.watched import Watched
from radlens.usecases.checkpoint import checkpoint_when_due

PACKAGE = Path(str(files("radlens")))
GALLERY = PACKAGE / "gallery"
ACCESS = PACKAGE / "access.toml"


def settings(**arguments: object) -> Settings:
    """The settings of this process; arguments win over the environment and radlens.toml."""
    return load_settings(os.environ, **arguments)


@contextmanager
def open_bare(settings: Settings) -> Iterator[Site]:
    """A site as it is, without anything that opening it for use would put there first."""
    with open_site(settings) as site:
        yield site


@contextmanager
def open_trial(settings: Settings, *, checkpoints: bytes) -> Iterator[Site]:
    """An empty site in memory, with another's second place of checkpoints and without a key."""
    with TemporaryDirectory() as scratch, open_site(settings, record=False) as site:
        seal = FileSeal(Path(scratch) / "key", Path(scratch) / "checkpoints", make=False)
        seal.mirror.write_bytes(checkpoints)
        yield replace(site, seal=seal)


@contextmanager
def open_site(settings: Settings, *, record: bool = True) -> Iterator[Site]:
    """The site of a home folder, made on first use; without ``record`` nothing touches the disk."""
    if record:
        _make(settings.home)
    stored = open_database(settings.database_url) if record else SqliteDatabase()
    database = Watched(stored, lambda: checkpoint_when_due(sealing, every=settings.audit_every))
    blobs = open_blobs(settings.objects_url, access(settings)) if record else MemoryBlobs()
    tasks = read_tasks(PACKAGE / "tasks") | read_tasks(settings.home / "tasks")
    shelves = (settings.home / "models", GALLERY)
    live = LiveModels(tasks, shelves, workers=settings.workers, cache=settings.home / "cache")
    site = Site(
        tasks=tasks,
        records=SqlRecords(database),
        trail=SqlTrail(database),
        seal=_seal(settings) if record else None,
        ledger=SqlLedger(database),
        blobs=blobs,
        stores=SiteStores(
            database, folder=settings.home if record else None, free_bytes=settings.free_bytes
        ),
        live=live,
        line=BoundedLine(running=settings.workers, waiting=settings.waiting),
        accounts=_accounts(settings, database),
        bounds=settings.bounds,
        workers=settings.workers,
        clock=lambda: datetime.now().astimezone(),
        new_id=lambda: uuid4().hex,
    )
    sealing = replace(site, trail=SqlTrail(stored))  # a checkpoint is not itself a reason for one
    try:
        yield site
    finally:
        database.close()


def access(settings: Settings) -> Access:
    """How this site reaches its object store."""
    return Access(settings.s3_endpoint, settings.s3_region, settings.s3_key, settings.s3_secret)


def _accounts(settings: Settings, database: Database) -> Accounts:
    return Accounts(
        users=SqlUsers(database),
        sessions=SqlSessions(database),
        keys=SqlKeys(database),
        guessing=SqlGuessing(database),
        passwords=Argon2Passwords(),
        lifetimes=settings.lifetimes,
        new_secret=lambda: token_urlsafe(32),
    )


def read_tasks(folder: Path) -> dict[str, Task]:
    """Every task card of a folder by name; a site's own cards add to the package's."""
    cards = (Task.from_toml(path.read_text("utf-8")) for path in sorted(folder.glob("*.toml")))
    return {card.name: card for card in cards}


def _seal(settings: Settings) -> FileSeal:
    home = settings.home
    return FileSeal(
        Path(settings.audit_key or home / "audit.key"),
        Path(settings.audit_mirror or home / "audit-checkpoints.jsonl"),
        make=not settings.audit_key,
    )


def _make(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StorageUnavailable(
            f"The site's folder cannot be made: {error.strerror}.",
            hint="Set RADLENS_HOME to a folder that this user may write.",
        ) from error
