"""Somebody bends the log a thousand times in every way: is each found, and at its entry?"""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter

from bench.figure import Figure, show
from radlens.domain.errors import BrokenChain
from radlens.ports import Site
from radlens.usecases.checkpoint import checkpoint
from radlens.usecases.verify import verify_records
from tests import long_log
from tests.builders import tiny_site
from tests.tampering import TAMPERINGS, place, put, taken

EDITS = 1000
# Longer than what verifying takes up at once, signed often, seldom and once.
CHAINS, ENTRIES, SIGNED = 10, 300, (50, 100, 300)
LONG = 10_000


@dataclass
class Tally:
    """What became of so many edits of one kind, and of as many looks at a log that nobody bent."""

    edits: int = 0
    found: int = 0
    located: int = 0
    untouched: int = 0
    false_alarms: int = 0


def bend(*, edits: int, chains: int = CHAINS, seed: int = 5) -> dict[str, Tally]:
    """Bend logs of ``ENTRIES`` entries ``edits`` times in each way, each at a random entry."""
    tallies = {kind: Tally() for kind in TAMPERINGS}
    rng = Random(seed)  # noqa: S311
    for number in range(chains):
        with TemporaryDirectory() as home, _log(Path(home), number) as log:
            for kind, tally in tallies.items():
                for _ in range(number, edits, chains):
                    log.bend(kind, rng.randint(1, ENTRIES - 5), tally)
    return tallies


@dataclass
class _Log:
    site: Site
    database: sqlite3.Connection
    real: sqlite3.Connection = field(default_factory=lambda: sqlite3.connect(":memory:"))

    def __post_init__(self) -> None:
        self.entries = taken(self.database)
        self.database.backup(self.real)

    def bend(self, kind: str, seq: int, tally: Tally) -> None:
        """Bend it, look, take it back, look again."""
        with self.database:
            put(self.database, TAMPERINGS[kind](self.entries, seq))
        at = self._broken_at()
        self.real.backup(self.database)
        tally.edits += 1
        tally.found += at is not None
        tally.located += at == seq
        tally.untouched += 1
        tally.false_alarms += self._broken_at() is not None

    def _broken_at(self) -> int | None:
        try:
            found = verify_records(self.site)
        except BrokenChain as error:
            return error.entry
        return None if found.entries == ENTRIES and not found.notes else 0


@contextmanager
def _log(home: Path, seed: int) -> Iterator[_Log]:
    every = SIGNED[seed % len(SIGNED)]
    with tiny_site(home, gallery="none", audit_every=every) as site:
        long_log.fill(home, ENTRIES, each=10, seed=seed)
        checkpoint(site, every=every)
        with closing(place(home)) as database:
            yield _Log(site, database)


def verify_seconds(entries: int) -> float:
    """How long it takes to verify a log of so many entries, each of a prediction on record."""
    with TemporaryDirectory() as folder:
        home = Path(folder)
        with tiny_site(home, gallery="none") as site:
            long_log.fill(home, entries)
            checkpoint(site, every=1000)
            began = perf_counter()
            found = verify_records(site)
            took = perf_counter() - began
    assert (found.entries, found.sealed) == (entries, entries)
    return took


@cache
def _tallies() -> dict[str, Tally]:
    return bend(edits=EDITS)


def _located(kind: str) -> Figure:
    name = kind.replace(",", "").replace(" ", "-")
    return Figure(f"bent-log/{name}-located", f">={EDITS}", lambda: _tallies()[kind].located)


FIGURES = (
    Figure(f"verify-{LONG}-seconds", "<=5", lambda: verify_seconds(LONG)),
    *map(_located, TAMPERINGS),
    Figure(
        "bent-log/false-alarms", "<=0", lambda: sum(t.false_alarms for t in _tallies().values())
    ),
)

if __name__ == "__main__":
    sys.exit(show(FIGURES, sys.argv[1:]) > 0)
