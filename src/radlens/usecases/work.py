"""A worker takes one job after the other and puts on record how each ended."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from threading import Event, Thread
from typing import Any

from radlens.domain.errors import (
    BadJob,
    Cancelled,
    JobLost,
    NoSuchJob,
    RadLensError,
    Unavailable,
)
from radlens.domain.job import LEASE, Failure, Job, JobState, Progress, PutBack
from radlens.ports import Site

log = logging.getLogger("radlens.jobs")
EVERY_S = 1.0
BEAT_S = LEASE.total_seconds() / 5

# Hears how much is done, of how much, of the work that the words name. Raises Cancelled where
# somebody cancelled the job, PutBack where the worker has to stop: neither is to be held up.
Tell = Callable[[int, int, str], None]
# Does a job and gives its result, plain JSON. The folder is the job's own until it ends: work that
# was interrupted finds there what it left.
Work = Callable[[Site, Job, Path, Tell], Mapping[str, Any]]


@dataclass(frozen=True)
class Worker:
    """Who works: ``name`` is no other worker's; each job gets a folder of its own in ``folders``.

    ``stopping`` waits for some seconds at most and says whether to end.
    """

    name: str
    kinds: Mapping[str, Work]
    folders: Path
    stopping: Callable[[float], bool] = lambda _: False


def work(site: Site, worker: Worker, *, once: bool = False) -> int:
    """Do jobs until the worker is stopped (or, ``once``, until none is queued); gives how many."""
    count, wait_s = 0, 0.0
    _sweep(site, worker.folders)
    while not worker.stopping(wait_s):
        found = False
        try:
            if found := _work_one(site, worker):
                count += 1
                _sweep(site, worker.folders)
            elif once:
                break
        except Unavailable as error:
            log.warning("The queue does not answer: %s", error.message)
        wait_s = 0.0 if found else EVERY_S
    return count


def _work_one(site: Site, worker: Worker) -> bool:
    """Do the next job, if there is one."""
    job = site.jobs.claim(worker.name, now=site.clock())
    if job is None:
        return False
    log.info("The %s %s is begun, attempt %d", job.kind, job.id, job.attempts)
    attendance = _Attendance(site, job, worker)
    with attendance.beating():
        ended = _ended(site, worker, job, attendance)
    try:
        site.jobs.finish(ended, worker.name)
    except JobLost as error:
        log.warning("%s %s", error.message, error.hint)
    else:
        log.info("The %s %s is %s", job.kind, job.id, ended.state)
    return True


def _ended(site: Site, worker: Worker, job: Job, attendance: "_Attendance") -> Job:
    """The job as its work left it, whatever happened."""
    failure, folder = None, worker.folders / job.id
    try:
        does = _known(worker.kinds, job)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        result = dict(does(site, job, folder, attendance.tell))
        json.dumps(result, allow_nan=False)
    except PutBack:
        return attendance.now().put_back()
    except Cancelled:
        return attendance.now().finished(JobState.CANCELLED, now=site.clock())
    except RadLensError as error:
        log.warning("The %s %s failed: %s", job.kind, job.id, error.message)
        failure = Failure.of(error)
    except Exception as error:
        log.exception("The %s %s failed", job.kind, job.id)
        name = type(error).__name__
        failure = Failure(
            name, f"The work ended unexpectedly ({name}).", "The log of the worker says more."
        )
    else:
        return attendance.now().finished(JobState.DONE, now=site.clock(), result=result)
    return attendance.now().finished(JobState.FAILED, now=site.clock(), failure=failure)


def _known(kinds: Mapping[str, Work], job: Job) -> Work:
    if job.kind not in kinds:
        raise BadJob(f"This worker knows no job of the kind {job.kind}.")
    return kinds[job.kind]


class _Attendance:
    """A worker at a job: what it says of it, and what it hears back."""

    def __init__(self, site: Site, job: Job, worker: Worker) -> None:
        self._site, self._job, self._worker = site, job, worker
        self._progress, self._lost = Progress(), False
        self._said = self._since = site.clock()
        self._first = 0

    def tell(self, done: int, total: int, words: str = "") -> None:
        """What a job's work says of itself; heard by others once a second at most."""
        now, before = self._site.clock(), self._progress
        other = words != before.words or done < before.done
        if other:
            self._since, self._first = now, done
        self._progress = Progress(done, total, words, self._left_s(done, total))
        if other or (now - self._said).total_seconds() >= EVERY_S:
            self._renew()
        if self._job.stop:
            raise Cancelled(f"The {self._job.kind} was cancelled.")
        if self._lost or self._worker.stopping(0.0):
            raise PutBack

    def now(self) -> Job:
        """The job with the progress that was made."""
        return self._job.told(self._progress, now=self._site.clock())

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Keep the lease, however long the work says nothing, in a thread of its own."""
        over = Event()
        thread = Thread(target=self._beat, args=(over,), name="job", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _beat(self, over: Event) -> None:
        while not over.wait(BEAT_S):
            self._renew()

    def _renew(self) -> None:
        now = self._said = self._site.clock()
        try:
            self._job = self._site.jobs.tell(
                self._job.id, self._worker.name, self._progress, now=now
            )
        except JobLost:
            self._lost = True
        except Unavailable as error:  # the next word may get through before the lease ends
            log.warning("The queue does not hear: %s", error.message)

    def _left_s(self, done: int, total: int) -> float | None:
        made, spent = done - self._first, (self._site.clock() - self._since).total_seconds()
        return spent * (total - done) / made if made > 0 and total >= done else None


def _sweep(site: Site, folders: Path) -> None:
    """Clear away the folders of jobs that have ended."""
    for folder in folders.iterdir() if folders.is_dir() else ():
        try:
            over = not site.jobs.get(folder.name).open
        except NoSuchJob:
            over = True
        if over:
            rmtree(folder, ignore_errors=True)
