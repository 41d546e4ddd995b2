"""REST: long work, how far it is, and cancelling it."""

from typing import Annotated

from fastapi import APIRouter, Query

from radlens.api.callers import Asking
from radlens.api.errors import declared
from radlens.domain.errors import BadInput, Conflict, Corrupted, NotFound, Unavailable
from radlens.domain.job import JobState
from radlens.ports import Site
from radlens.usecases.jobs import cancel
from radlens.wire_jobs import JobJson, job_json

FAILURES = declared(BadInput, NotFound, Conflict, Corrupted, Unavailable)


def jobs(site: Site) -> APIRouter:
    """The routes of one site; a job goes by its id, or the beginning of it."""
    router = APIRouter(prefix="/jobs")

    @router.get("", responses=FAILURES)
    def list_jobs(
        state: JobState | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 50
    ) -> list[JobJson]:
        """The jobs of this site, or those in one state, the newest first."""
        return [job_json(job) for job in site.jobs.jobs(*([state] if state else []), limit=limit)]

    @router.get("/{job_id}", responses=FAILURES)
    def get_job(job_id: str) -> JobJson:
        """One job: how far it is, what came out, or why nothing did."""
        return job_json(site.jobs.get(job_id))

    @router.delete("/{job_id}", responses=FAILURES)
    def cancel_job(asking: Asking, job_id: str) -> JobJson:
        """Cancel it: at once where nobody began it, else as soon as its worker hears of it."""
        return job_json(cancel(site, job_id, by=asking.actor))

    return router
