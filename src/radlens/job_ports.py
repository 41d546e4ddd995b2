"""The door to the queue of long work."""

from datetime import datetime
from typing import Protocol

from radlens.domain.audit import Act
from radlens.domain.job import Job, JobState, Progress


class Jobs(Protocol):
    """Long work and how far it is; a job is in the hands of one worker at a time."""

    def add(self, job: Job, act: Act) -> None:
        """Queue a job, in one transaction with its audit entry; raises Busy where too many wait."""
        ...

    def get(self, job_id: str) -> Job:
        """One job by its id or the unambiguous beginning of it; raises NoSuchJob."""
        ...

    def jobs(self, *states: JobState, limit: int = 1000) -> list[Job]:
        """The jobs in these states, or all where none is named, the newest first."""
        ...

    def claim(self, worker: str, *, now: datetime) -> Job | None:
        """Take the oldest job that nobody has, or whose worker has not spoken up in time.

        None where there is none. One that was begun too often is failed on the way.
        """
        ...

    def tell(self, job_id: str, worker: str, progress: Progress, *, now: datetime) -> Job:
        """Say that ``worker`` is still at it, and how far; raises JobLost where it has it no more.

        Gives the job as it now is: ``stop`` says that somebody cancelled it.
        """
        ...

    def finish(self, job: Job, worker: str) -> None:
        """Keep how a worker leaves its job: ended, or put back. Raises JobLost."""
        ...

    def cancel(self, job_id: str, act: Act) -> Job:
        """Cancel a job, in one transaction with the audit entry, and give it as it then is.

        Raises NoSuchJob, or Conflict where it has ended.
        """
        ...
