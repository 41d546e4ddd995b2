"""A process that puts versions live: ``swapper.py HOME PLACE``.

It says "ready" and waits. For each line it says one:

- "kill NAME STEP" activates a version in a child that kills itself at that step of the commit,
  counted from 1, the last one just after it: "killed NUMBER-OF-SIGNAL", or "done 0" where it had
  no step so late;
- "swap COUNT NAMES..." puts one version after another live: "swapped";
- "read MOVES" looks how many are live until there were so many moves: the different counts.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from radlens.bootstrap import open_site
from radlens.domain.audit import Actor
from radlens.domain.errors import Conflict, WrongStage
from radlens.domain.registry import Stage
from radlens.ports import Site
from radlens.settings import Settings
from radlens.storage.database import Database, Transaction
from radlens.storage.registry import SqlRegistry
from radlens.usecases.activate import activate
from tests.contracts.stores import open_database

TASK = "chest-xray"
ME = Actor("ada", "cli")


class Deadly:
    """A database whose process dies at one step of what it writes."""

    def __init__(self, database: Database, step: int) -> None:
        self._database, self._left = database, step
        self.reading, self.rows, self.close = database.reading, database.rows, database.close

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        with self._database.writing() as sql:
            yield DeadlyTransaction(sql, self._count)
            self._count()
        self._count()

    def _count(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class DeadlyTransaction:
    def __init__(self, sql: Transaction, count: Callable[[], None]) -> None:
        self._sql, self._count = sql, count

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Any:
        self._count()
        return self._sql.execute(sql, values)


def killed(home: Path, place: str, name: str, step: int) -> str:
    child = os.fork()  # nothing is open yet, and no thread runs
    if child == 0:
        with site_of(home, place) as site:
            registry = SqlRegistry(Deadly(open_database(place), step))
            put_live(replace(site, registry=registry), name)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return f"{'killed' if os.WIFSIGNALED(status) else 'done'} {status & 0x7F or status >> 8}"


def swapped(home: Path, place: str, count: int, names: list[str]) -> str:
    with site_of(home, place) as site:
        for step in range(count):
            with suppress(Conflict, WrongStage):  # another process was as quick
                put_live(site, names[step % len(names)])
    return "swapped"


def counted(place: str, moves: int) -> str:
    registry, seen = SqlRegistry(open_database(place)), set()
    for _ in range(50_000):  # or the writers are gone
        seen.add(len(registry.versions(task=TASK, stage=Stage.LIVE)))
        if len(registry.moves(TASK)) >= moves:
            return " ".join(map(str, sorted(seen)))
    return "too few moves"


def put_live(site: Site, name: str) -> None:
    activate(site, f"{TASK}/{name}", by=ME, reason="a test asks", override=True)


def site_of(home: Path, place: str) -> Any:
    url = place if place.startswith("postgresql:") else f"sqlite://{place}/radlens.sqlite"
    return open_site(Settings(home=home, database=url, gallery="gallery", workers=1))


def main(home: str, place: str) -> None:
    print("ready", flush=True)
    for line in sys.stdin:
        order, first, *rest = line.split()
        if order == "kill":
            said = killed(Path(home), place, first, int(rest[0]))
        elif order == "swap":
            said = swapped(Path(home), place, int(first), rest)
        else:
            said = counted(place, int(first))
        print(said, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
