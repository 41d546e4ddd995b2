"""One live version at every look, while writers in other processes put one after another live."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import BrokenBarrierError
from time import perf_counter
from typing import Any

from bench.figure import Figure, once
from radlens.bootstrap import open_site
from radlens.domain.audit import Actor, verify
from radlens.domain.bundle import bundle_of
from radlens.domain.errors import (
    BadBundle,
    Conflict,
    Corrupted,
    NoSuchObject,
    StorageUnavailable,
    WrongStage,
)
from radlens.domain.registry import Stage, Version
from radlens.ports import Site
from radlens.settings import Settings
from tests.builders import furnish, put_live
from tests.postgres import running
from tests.versions import added

TASK, ME = "brain-tumor", Actor("bench", "cli")
DATABASES = ("sqlite", "postgres")
WRITERS, READERS, TWO = 8, 8, 2
VERSIONS = 6


@dataclass(frozen=True)
class Looks:
    """How often was looked, how many looks were wrong, and how many swaps were made meanwhile.

    ``locked_out`` are writers' attempts that ended because the database stayed locked too long.
    """

    reads: int
    wrong: int
    swaps: int
    locked_out: int
    seconds: float


@dataclass(frozen=True)
class Until:
    """A run goes on until it has all of these."""

    seconds: float = 60
    reads: int = 200_000
    swaps: int = 200


@contextmanager
def database(kind: str) -> Iterator[str]:
    """The URL of a fresh database, "" for SQLite in the site's folder.

    The PostgreSQL is a real server of our own that does not wait for its disk (fsync off).
    """
    if kind == "sqlite":
        yield ""
        return
    with running() as server, server.database() as url:
        yield url


def site_at(home: Path, url: str) -> AbstractContextManager[Site]:
    return open_site(Settings(home=home, database=url, gallery="gallery", workers=1))


def is_wrong(site: Site) -> bool:
    """Whether this look does not show one live version whose objects are its own.

    All of it is read that a process reads before it loads the version.
    """
    live = site.registry.versions(task=TASK, stage=Stage.LIVE)
    return len(live) != 1 or not _whole(site, live[0])


def _whole(site: Site, version: Version) -> bool:
    try:
        parts = {name: site.blobs.get(digest) for name, digest in version.files.items()}
        found = bundle_of(parts, site.tasks[TASK], digests=version.files).ref
    except (BadBundle, Corrupted, NoSuchObject):
        return False
    named = (version.task, version.version, version.digest)
    return (found.task, found.version, found.digest) == named


def look_while_swapped(
    home: Path,
    url: str,
    until: Until,
    *,
    writers: int = WRITERS,
    readers: int = READERS,
) -> Looks:
    """What readers saw until the run had all that was asked for.

    The writers are two threads a process, each reader is a process of its own.
    """
    furnish(home)
    with site_at(home, url) as site:
        names = [
            added(site, home, TASK, f"v{number}", seed=20 + number).version
            for number in range(VERSIONS)
        ]
    context = get_context("spawn")  # nothing that is open here is open there
    count = writers // TWO + readers
    reads, swaps, over = context.Value("q", 0), context.Value("q", 0), context.Event()
    ready = context.Barrier(count + 1, timeout=300)
    shared = reads, swaps, over, ready
    with ProcessPoolExecutor(count, context, _share, shared) as pool:
        pairs = [pool.submit(_swapping, home, url, names, n) for n in range(writers // TWO)]
        looking = [pool.submit(_looking, home, url) for _ in range(readers)]
        for part in (*pairs, *looking):
            part.add_done_callback(lambda done: ready.abort() if done.exception() else None)
        try:
            ready.wait()
        except BrokenBarrierError:
            over.set()
            for part in (*pairs, *looking):
                part.result()  # says why somebody never got ready
            raise
        start = perf_counter()
        while not over.wait(0.1):
            enough = reads.value >= until.reads and swaps.value >= until.swaps
            if enough and perf_counter() - start >= until.seconds:
                over.set()
        took = perf_counter() - start
        locked_out, wrong = (sum(part.result() for part in parts) for parts in (pairs, looking))
    with site_at(home, url) as site:
        verify(site.trail.entries())
        site.live.current(TASK).prove()
    return Looks(reads.value, wrong, swaps.value, locked_out, took)


_reads: "Synchronized[int]"
_swaps: "Synchronized[int]"
_over: Event
_ready: Barrier


def _share(*shared: Any) -> None:
    """What a pool can hand to its processes when they start, and not later."""
    global _reads, _swaps, _over, _ready
    _reads, _swaps, _over, _ready = shared


def _count(counter: "Synchronized[int]") -> None:
    with counter.get_lock():
        counter.value += 1


@contextmanager
def _part(home: Path, url: str) -> Iterator[Site]:
    """A process's own site once all are ready; who fails ends the run for all."""
    try:
        with site_at(home, url) as site:
            _ready.wait()
            yield site
    finally:
        _over.set()


def _swapping(home: Path, url: str, names: list[str], number: int) -> int:
    """Two writers, until it is over; how often they were locked out."""
    with _part(home, url) as site, ThreadPoolExecutor(TWO) as pool:
        site.live.current(TASK)  # so that it follows, as a server does
        seeds = range(TWO * number, TWO * number + TWO)
        return sum(pool.map(lambda seed: _swap(site, names, Random(seed)), seeds))  # noqa: S311


def _swap(site: Site, names: list[str], rng: Random) -> int:
    locked_out = 0
    while not _over.is_set():
        try:
            put_live(site, f"{TASK}/{rng.choice(names)}", by=ME)
            _count(_swaps)
        except (Conflict, WrongStage):  # somebody else was faster
            continue
        except StorageUnavailable:  # nothing was done, and it can be asked for again
            locked_out += 1
    return locked_out


def _looking(home: Path, url: str) -> int:
    """One reader, until it is over; how many of its looks were wrong."""
    wrong = 0
    with _part(home, url) as site:
        while not _over.is_set():
            wrong += is_wrong(site)
            _count(_reads)
    return wrong


def figures() -> Iterator[Figure]:
    """What readers saw on each database, each run once."""
    for kind in DATABASES:
        yield from _figures(kind)


def _figures(kind: str) -> list[Figure]:
    @once
    def looks() -> Looks:
        with TemporaryDirectory() as home, database(kind) as url:
            return look_while_swapped(Path(home), url, Until())

    return [
        Figure(f"one-live-{kind}/wrong", "<=0", lambda: looks().wrong),
        Figure(f"one-live-{kind}/reads", ">=200000", lambda: looks().reads),
        Figure(f"one-live-{kind}/locked-out", "<=0", lambda: looks().locked_out),
        Figure(f"one-live-{kind}/seconds", ">=60", lambda: looks().seconds),
        Figure(f"one-live-{kind}/swaps", ">=200", lambda: looks().swaps),
    ]
