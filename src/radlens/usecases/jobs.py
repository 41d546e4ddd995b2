"""Long work is queued, looked at and cancelled; a worker does it (``usecases/work.py``)."""

from collections.abc import Mapping
from threading import Lock
from typing import Any

from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.job import OPEN, Job, JobState, checked
from radlens.ports import Site
from radlens.usecases.attempt import attempted

_ASKING = Lock()


def enqueue(site: Site, kind: str, arguments: Mapping[str, Any], *, by: Actor) -> Job:
    """Queue work of a kind; raises BadJob, or Busy where as much is queued as may be."""
    with attempted(site, Verb.QUEUE_JOB, kind, by=by):
        known = checked(kind, arguments)
        job = Job(site.new_id(), known, arguments, by, site.clock())
        site.jobs.add(job, Act(job.time, by, Verb.QUEUE_JOB, job.id, {"kind": known}))
        return job


def enqueue_once(site: Site, kind: str, arguments: Mapping[str, Any], *, by: Actor) -> Job:
    """Queue work unless the very same is queued or runs, and give its job; raises as ``enqueue``.

    So a button that is pressed twice, or a request that is sent again, asks for one thing.
    """
    with _ASKING:
        for job in site.jobs.jobs(*OPEN):
            if (job.kind, dict(job.arguments)) == (kind, dict(arguments)) and not job.stop:
                return job
        return enqueue(site, kind, arguments, by=by)


def cancel(site: Site, job_id: str, *, by: Actor) -> Job:
    """Cancel a job: at once where nobody began it, else as soon as its worker hears of it.

    Raises NoSuchJob, or Conflict where it has ended.
    """
    with attempted(site, Verb.CANCEL_JOB, job_id, by=by):
        job = site.jobs.get(job_id)
        act = Act(site.clock(), by, Verb.CANCEL_JOB, job.id, {"kind": job.kind})
        return site.jobs.cancel(job.id, act)


def queue_length(site: Site) -> tuple[int, int]:
    """How many jobs are queued, and how many run."""
    states = [job.state for job in site.jobs.jobs(*OPEN)]
    return states.count(JobState.QUEUED), states.count(JobState.RUNNING)
