"""Long work that nobody waits for: what is to be done, how far it is, how it ended."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from radlens.domain.audit import Actor
from radlens.domain.errors import BadJob, Conflict, JobLost, RadLensError

ARGUMENT_BYTES = 64 * 1024  # a recipe is a few kilobytes; images and datasets go by their digest
MOST_QUEUED = 256
MOST_ATTEMPTS = 3
# How long a worker's word counts that it is at a job; it gives it again well before.
LEASE = timedelta(seconds=30)


class JobKind(StrEnum):
    """What a site can be asked to do; nothing else is ever queued."""

    TRAIN = "train"
    SCAN = "scan"
    ADAPT = "adapt"
    GENERATE = "generate"
    ASSESS = "assess"
    DISEASE = "disease"


class JobState(StrEnum):
    """How far it got; the last three are for good."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class PutBack(Exception):
    """A worker has to let go of its job, which another one will go on with."""


OPEN = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True)
class Progress:
    """``done`` of ``total`` parts of the work that ``words`` name; 0 of 0 where nobody knows.

    ``left_s`` is how many seconds that work may take yet, None while that cannot be said.
    """

    done: int = 0
    total: int = 0
    words: str = ""
    left_s: float | None = None

    @property
    def left(self) -> str:
        """How long it may take yet, in the unit that says something; empty where nobody knows."""
        if self.left_s is None:
            return ""
        if self.left_s < 1:
            return "nearly done"
        if self.left_s < 90:
            return f"{self.left_s:.0f} s left"
        minutes = self.left_s / 60
        return f"{minutes:.0f} min left" if minutes < 90 else f"{minutes / 60:.1f} h left"


@dataclass(frozen=True)
class Failure:
    """What went wrong, as an error of the tree says it."""

    kind: str
    message: str
    hint: str

    @staticmethod
    def of(error: RadLensError) -> "Failure":
        return Failure(error.kind, error.message, error.hint)


@dataclass(frozen=True)
class Job:
    """One piece of long work: ``arguments`` and ``result`` are plain JSON.

    ``began`` is when a worker first took it, ``worker`` who has it until ``lease``. ``stop`` says
    that somebody cancelled it and the worker has yet to let go of it.
    """

    id: str
    kind: str
    arguments: Mapping[str, Any]
    by: Actor
    time: datetime
    state: JobState = JobState.QUEUED
    progress: Progress = field(default_factory=Progress)
    attempts: int = 0
    stop: bool = False
    began: datetime | None = None
    ended: datetime | None = None
    worker: str = ""
    lease: datetime | None = None
    result: Mapping[str, Any] | None = None
    failure: Failure | None = None

    @property
    def open(self) -> bool:
        return self.state in OPEN

    @property
    def said(self) -> str:
        """Its state in a word or two."""
        return "being cancelled" if self.open and self.stop else self.state.value

    def claimed(self, worker: str, *, now: datetime) -> "Job":
        """The job in the hands of a worker, which has to speak up again before ``LEASE`` ends."""
        return replace(
            self,
            state=JobState.RUNNING,
            attempts=self.attempts + 1,
            began=self.began or now,
            worker=worker,
            lease=now + LEASE,
        )

    def told(self, progress: Progress, *, now: datetime) -> "Job":
        """The job of a worker that is still at it."""
        return replace(self, progress=progress, lease=now + LEASE)

    def put_back(self) -> "Job":
        """The job of a worker that has to stop, for another one; the attempt does not count."""
        attempts = self.attempts - 1
        return replace(self, state=JobState.QUEUED, attempts=attempts, worker="", lease=None)

    def finished(
        self,
        state: JobState,
        *,
        now: datetime,
        result: Mapping[str, Any] | None = None,
        failure: Failure | None = None,
    ) -> "Job":
        """The job at its end."""
        return replace(
            self, state=state, ended=now, worker="", lease=None, result=result, failure=failure
        )

    def cancelled(self, *, now: datetime) -> "Job":
        """The job that somebody cancelled: over where nobody ever began it.

        Else a worker lets go of it and clears away what it left. Raises Conflict where it ended.
        """
        if not self.open:
            raise Conflict(
                f"The job {self.id[:12]} is {self.state} already.",
                hint="`radlens jobs list` shows what is queued or runs.",
            )
        if self.began is None:
            return self.finished(JobState.CANCELLED, now=now)
        return replace(self, stop=True)


def lost(job: Job, *, now: datetime) -> Job:
    """The job whose workers died, one after the other, as often as it may be begun."""
    error = JobLost(
        f"The job was begun {job.attempts} times, and its worker ended each time without a word.",
        hint="Look into the machine's log: without memory left it ends its processes so.",
    )
    return job.finished(JobState.FAILED, now=now, failure=Failure.of(error))


def checked(kind: str, arguments: Mapping[str, Any]) -> JobKind:
    """The kind of a job that may be queued; raises BadJob."""
    if kind not in set(JobKind):
        raise BadJob(f"There is no kind of job {kind!r}.", hint=f"The kinds: {', '.join(JobKind)}.")
    try:
        size = len(json.dumps(arguments, allow_nan=False).encode())
    except (TypeError, ValueError) as error:
        raise BadJob(f"The arguments of a job are plain JSON: {error}.") from error
    if size > ARGUMENT_BYTES:
        raise BadJob(
            f"The arguments of a job are {size:,} bytes, and at most {ARGUMENT_BYTES:,} are taken.",
            hint="Put what is large on record first, and name it by its id or digest.",
        )
    return JobKind(kind)
