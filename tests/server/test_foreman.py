"""A server's worker is a process beside it: begun again when it dies, and gone with the server."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from time import sleep

from radlens.bootstrap import open_bare
from radlens.domain.audit import Actor
from radlens.domain.job import Job, JobState
from radlens.foreman import workers
from radlens.ports import Site
from radlens.settings import Settings
from radlens.usecases.jobs import enqueue
from tests.builders import own_gallery

BY = Actor("ada", "cli")


def children() -> set[int]:
    """The processes that this one has started and that are still there."""
    tasks = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return {int(pid) for task in tasks for pid in task.read_text().split()}


def ended(site: Site, job: Job) -> Job:
    """The job at its end, for which a worker has to be there."""
    while (found := site.jobs.get(job.id)).open:
        sleep(0.05)
    return found


def new(before: set[int]) -> Callable[[], int]:
    def look() -> int:
        while not (found := children() - before):
            sleep(0.05)
        [pid] = found
        return pid

    return look


def test_a_worker_does_what_is_queued_is_begun_again_when_it_is_killed_and_ends_with_the_server(
    tmp_path: Path,
) -> None:
    own_gallery(tmp_path)
    settings = Settings(home=tmp_path, gallery="gallery", job_workers=1)
    before = children()
    the_worker = new(before)
    with open_bare(settings) as site:
        with workers(settings):
            failed = ended(site, enqueue(site, "train", {}, by=BY))
            assert failed.failure.message == "A training needs the argument 'recipe'."
            first = the_worker()
            assert os.getpriority(os.PRIO_PROCESS, first) > os.getpriority(os.PRIO_PROCESS, 0)
            os.kill(first, signal.SIGKILL)
            again = ended(site, enqueue(site, "train", {}, by=BY))
            assert again.state is JobState.FAILED
            assert the_worker() != first
        assert children() == before


def test_without_workers_nothing_is_started(tmp_path: Path) -> None:
    before = children()
    with workers(Settings(home=tmp_path, job_workers=0)):
        assert children() == before
