"""Real workers, one of which is killed: no job is done twice, and none is lost."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from radlens.bootstrap import open_bare
from radlens.domain.audit import Actor, verify
from radlens.domain.job import LEASE, Job, JobState
from radlens.ports import Site
from radlens.usecases.jobs import enqueue
from radlens.usecases.work import Tell, Worker, work
from tests.contracts.children import Child, starting, tell
from tests.contracts.crew import settings

JOBS = 200
BY = Actor("ada", "cli")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def site(home: Path, place: str) -> Iterator[Site]:
    with open_bare(settings(home, place)) as opened:
        yield opened


@pytest.fixture
def crew(home: Path, place: str, site: Site) -> Iterator[Callable[[], Child]]:
    """Start a ``crew.py`` that is ready and waits for its word."""
    with starting("crew") as start:
        yield partial(start, home, place)


def test_two_workers_do_two_hundred_jobs_each_of_them_once(
    home: Path, site: Site, crew: Callable[[], Child]
) -> None:
    queued = [enqueue(site, "train", {"n": n}, by=BY).id for n in range(JOBS)]
    workers = [crew(), crew()]
    for process in workers:
        tell(process)
    assert [process.stdout.readline() for process in workers] == ["over\n"] * 2
    lines = [line.split() for line in (home / "done").read_text().splitlines()]
    assert sorted(job for job, _ in lines) == sorted(queued)
    assert {int(pid) for _, pid in lines} == {process.pid for process in workers}
    ended = site.jobs.jobs()
    assert {(job.state, job.attempts) for job in ended} == {(JobState.DONE, 1)}
    assert list((home / "jobs").iterdir()) == []
    assert verify(site.trail.entries()) == JOBS


def test_a_worker_that_is_killed_loses_no_job_and_the_next_goes_on_from_what_it_left(
    home: Path, site: Site, crew: Callable[[], Child]
) -> None:
    job = enqueue(site, "train", {"hold": True}, by=BY)
    process = crew()
    tell(process)
    assert process.stdout.readline() == "holding\n"
    process.kill()
    process.wait()
    held = site.jobs.get(job.id)
    assert (held.state, held.worker) == (JobState.RUNNING, f"crew {process.pid}")
    found = []

    def next_worker(at: Site) -> int:
        def does(_site: Site, _job: Job, folder: Path, _tell: Tell) -> dict[str, list[str]]:
            found.append((folder / "checkpoint").read_text())
            return {"found": found}

        return work(at, Worker("next", {"train": does}, home / "jobs"), once=True)

    assert next_worker(site) == 0  # nobody knows yet that it is dead
    later = held.lease + LEASE
    assert next_worker(replace(site, clock=lambda: later)) == 1
    assert next_worker(replace(site, clock=lambda: later)) == 0
    ended = site.jobs.get(job.id)
    assert (ended.state, ended.attempts, ended.result) == (JobState.DONE, 2, {"found": ["half"]})
    assert list((home / "jobs").iterdir()) == []
