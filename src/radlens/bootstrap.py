"""Settings -> Site: the one place where the doors are chosen and opened."""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from secrets import token_bytes, token_urlsafe
from tempfile import TemporaryDirectory
from uuid import uuid4

from radlens.account_ports import Accounts
from radlens.audit_ports import Seal
from radlens.domain.audit import SYSTEM
from radlens.domain.errors import BadInput, Conflict, StorageUnavailable
from radlens.domain.task import Task
from radlens.engines.beside import Background
from radlens.engines.bundle import read_parts
from radlens.engines.line import BoundedLine
from radlens.engines.live import LiveModels
from radlens.engines.shelf import ModelStore
from radlens.passwords import Argon2Passwords
from radlens.ports import Blobs, Site
from radlens.settings import Settings, load_settings
from radlens.site_files import CHECKPOINTS, KEY, PATIENT_KEY, key_places
from radlens.storage.accounts import SqlKeys, SqlSessions, SqlUsers
from radlens.storage.card_files import task_cards
from radlens.storage.cards import SqlCards
from radlens.storage.database import Database
from radlens.storage.guesses import SqlGuessing
from radlens.storage.jobs import SqlJobs
from radlens.storage.ledger import SqlLedger
from radlens.storage.legacy import NoLegacy, PostgresLegacy
from radlens.storage.memory import MemoryBlobs
from radlens.storage.places import SQLITE, Access, open_blobs, open_database
from radlens.storage.pseudonyms import KEY_BYTES, FileKey, HmacPseudonymiser
from radlens.storage.records import SqlRecords
from radlens.storage.registry import SqlRegistry
from radlens.storage.reviews import SqlReviews
from radlens.storage.seal import FileSeal
from radlens.storage.shadows import SqlShadows
from radlens.storage.sqlite import SqliteDatabase
from radlens.storage.stores import SiteStores
from radlens.storage.trail import SqlTrail
from radlens.storage.watched import Watched
from radlens.storage.worklist import SqlWorklist
from radlens.usecases.checkpoint import checkpoint_when_due
from radlens.usecases.register import register_shipped

log = logging.getLogger("radlens")
PACKAGE = Path(str(files("radlens")))
GALLERY = PACKAGE / "gallery"
# Images that may wait to be read beside the answers; each is held in memory meanwhile.
BESIDE = 32
ACCESS = PACKAGE / "access.toml"


def settings(**arguments: object) -> Settings:
    """The settings of this process; arguments win over the environment and radlens.toml."""
    return load_settings(os.environ, **arguments)


@contextmanager
def open_site(settings: Settings, *, record: bool = True) -> Iterator[Site]:
    """The site of a home folder, made on first use, with what ships registered.

    Without ``record`` nothing of a reading is kept: the models are those of the site where there
    is one, else the gallery's.
    """
    there = bool(settings.database) or (settings.home / "radlens.sqlite").exists()
    with ExitStack() as doors:
        if record or there:
            site = doors.enter_context(open_bare(settings))
        else:
            site = doors.enter_context(_in_memory(settings))
        doors.callback(site.beside.close)
        if record or not there:
            _offer(site, gallery_of(settings))
        if there and not record:
            forgetful = doors.enter_context(closing(SqliteDatabase()))
            site = _forgetful(site, forgetful, settings)
        yield site


@contextmanager
def open_bare(settings: Settings) -> Iterator[Site]:
    """A site as it is, without anything that opening it for use would put there first."""
    _make(settings.home)
    with closing(open_database(settings.database_url)) as stored:
        blobs = open_blobs(settings.objects_url, access(settings))
        site = _site(settings, stored, blobs, seal=_seal(settings))
        if not settings.database_url.startswith(SQLITE):
            site = replace(site, legacy=PostgresLegacy(stored))
        yield site


@contextmanager
def open_trial(settings: Settings, *, checkpoints: bytes) -> Iterator[Site]:
    """An empty site in memory, with another's second place of checkpoints and without a key."""
    with TemporaryDirectory() as scratch, _in_memory(settings) as site:
        seal = FileSeal(Path(scratch) / "key", Path(scratch) / "checkpoints", make=False)
        seal.mirror.write_bytes(checkpoints)
        yield replace(site, seal=seal)


@contextmanager
def _in_memory(settings: Settings) -> Iterator[Site]:
    with closing(SqliteDatabase()) as stored:
        yield _site(settings, stored, MemoryBlobs(), seal=None)


def _site(settings: Settings, stored: Database, blobs: Blobs, seal: Seal | None) -> Site:
    database = Watched(stored, lambda: checkpoint_when_due(sealing, every=settings.audit_every))
    cards = SqlCards(database, cards_of(settings))
    registry = SqlRegistry(database)
    folder = settings.home if seal else None
    site = Site(
        tasks=cards,
        cards=cards,
        records=SqlRecords(database),
        trail=SqlTrail(database),
        seal=seal,
        shadows=SqlShadows(database),
        ledger=SqlLedger(database),
        jobs=SqlJobs(database),
        worklist=SqlWorklist(database),
        reviews=SqlReviews(database),
        blobs=blobs,
        pseudonymiser=_pseudonymiser(settings if seal else None),
        legacy=NoLegacy(),
        stores=SiteStores(database, folder=folder, free_bytes=settings.free_bytes),
        registry=registry,
        live=LiveModels(registry, _models(settings, cards, blobs)),
        beside=Background(most=BESIDE),
        line=BoundedLine(
            running=settings.workers, waiting=settings.waiting, each=settings.waiting_each
        ),
        accounts=_accounts(settings, database),
        bounds=settings.bounds,
        workers=settings.workers,
        approvals=settings.approvals,
        readings=settings.readings,
        clock=lambda: datetime.now().astimezone(),
        new_id=lambda: uuid4().hex,
    )
    sealing = replace(site, trail=SqlTrail(stored))  # a checkpoint is not itself a reason for one
    return site


def _models(settings: Settings, tasks: Mapping[str, Task], blobs: Blobs) -> ModelStore:
    return ModelStore(tasks, blobs, workers=settings.workers, cache=settings.home / "cache")


def _forgetful(site: Site, database: Database, settings: Settings) -> Site:
    """The site with its live models, where what is put on record is forgotten.

    Nothing is on trial there, for a trial is judged by its record.
    """
    models = _models(settings, site.tasks, site.blobs)
    return replace(
        site,
        records=SqlRecords(database),
        trail=SqlTrail(database),
        seal=None,
        shadows=SqlShadows(database),
        ledger=SqlLedger(database),
        jobs=SqlJobs(database),
        worklist=SqlWorklist(database),
        reviews=SqlReviews(database),
        blobs=MemoryBlobs(),
        pseudonymiser=_pseudonymiser(None),
        live=LiveModels(site.registry, models, trials=False),
    )


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


def cards_of(settings: Settings) -> dict[str, Task]:
    """The package's task cards and a site's own, in its language; raises BadCard, BadSettings."""
    return task_cards((PACKAGE / "tasks", settings.home / "tasks"), settings.language)


def _seal(settings: Settings) -> FileSeal:
    places = key_places(settings)
    return FileSeal(
        places[KEY], places[CHECKPOINTS], make=not settings.audit_key, before=settings.audit_keys
    )


def _pseudonymiser(settings: Settings | None) -> HmacPseudonymiser:
    """Under the key of a site; without one, where nothing is kept, under a key that nobody has."""
    if settings is None:
        forgotten = token_bytes(KEY_BYTES)
        return HmacPseudonymiser(lambda: forgotten)
    return HmacPseudonymiser(
        FileKey(key_places(settings)[PATIENT_KEY], make=not settings.patient_key)
    )


def gallery_of(settings: Settings) -> Path:
    """The folder of the bundles that a new site begins with."""
    return settings.home / settings.gallery if settings.gallery else GALLERY


def _offer(site: Site, gallery: Path) -> None:
    """Register what ships and is not yet known: on first opening, and after an update.

    A bundle at a time, each in its own transaction: a process that opens the site meanwhile adds
    what is missing itself, so neither works on a half of it.
    """
    known = {version.digest for version in site.registry.versions()}
    for manifest in sorted([*gallery.glob("*/manifest.json"), *gallery.glob("*/*/manifest.json")]):
        if sha256(manifest.read_bytes()).hexdigest() in known:
            continue
        try:
            with suppress(Conflict):  # another process was faster, or its name is taken
                register_shipped(site, read_parts(manifest.parent), by=SYSTEM)
        except BadInput as error:  # a site with models of its own goes on without it
            log.warning("The bundle %s is left out: %s", manifest.parent.name, error.message)


def _make(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StorageUnavailable(
            f"The site's folder cannot be made: {error.strerror}.",
            hint="Set RADLENS_HOME to a folder that this user may write.",
        ) from error
