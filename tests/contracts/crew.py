"""A worker process for tests: ``crew.py HOME PLACE``; it says "ready", and works once it is told.

Every job adds a line to the file ``done`` of the home. The first of each worker waits until two
workers have begun one, so that neither does everything. A job with the argument ``hold`` leaves a
checkpoint, says "holding" and goes no further.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from radlens.bootstrap import open_bare
from radlens.domain.job import Job
from radlens.ports import Site
from radlens.settings import Settings
from radlens.usecases.work import Tell, Worker, work


def settings(home: Path, place: str) -> Settings:
    url = place if place.startswith("postgresql:") else f"sqlite://{place}/radlens.sqlite"
    return Settings(home=home, database=url)


def note(home: Path, line: str) -> None:
    with (home / "done").open("a") as notes:
        notes.write(f"{line}\n")


def does(site: Site, job: Job, folder: Path, tell: Tell) -> Mapping[str, Any]:
    home = folder.parents[1]
    if job.arguments.get("hold"):
        (folder / "checkpoint").write_text("half")
        print("holding", flush=True)
        sys.stdin.readline()
    (home / f"begun-{os.getpid()}").touch()
    while len(list(home.glob("begun-*"))) < 2:
        tell(0, 0, "waiting")
    note(home, f"{job.id} {os.getpid()}")
    return {}


def main(home: str, place: str) -> None:
    with open_bare(settings(Path(home), place)) as site:
        print("ready", flush=True)
        sys.stdin.readline()
        worker = Worker(f"crew {os.getpid()}", {"train": does}, Path(home) / "jobs")
        work(site, worker, once=True)
    print("over", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
