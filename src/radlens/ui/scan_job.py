"""A scan that is asked for on a page: queued for a worker, watched, and shown once it is done."""

import streamlit as st

from radlens.domain.job import Job, JobKind, JobState
from radlens.ports import Site
from radlens.ui import door
from radlens.ui.markup import empty
from radlens.ui.spoken import spoken
from radlens.usecases.jobs import enqueue

EVERY_S = 2


def offer(site: Site, dataset: str) -> None:
    """A button that queues a scan of the dataset with an id, or how far the one queued is."""
    job = _last(site, dataset)
    if job and job.open:
        _watch(site, job.id)
        return
    if job and job.failure:
        st.html(empty(f"The last attempt failed: {job.failure.message} {job.failure.hint}"))
    if st.button("Scan it now", type="primary"):
        with spoken():
            enqueue(site, JobKind.SCAN, {"dataset": dataset}, by=door.caller(active=True).actor)
            st.rerun()


def _last(site: Site, dataset: str) -> Job | None:
    jobs = (job for job in site.jobs.jobs() if job.kind == JobKind.SCAN)
    return next((job for job in jobs if job.arguments.get("dataset") == dataset), None)


@st.fragment(run_every=EVERY_S)
def _watch(site: Site, job_id: str) -> None:
    """How far the job is, asked again and again; once it has ended the page is drawn anew."""
    job = site.jobs.get(job_id)
    if not job.open:
        st.rerun()
    told = job.progress
    if job.state is JobState.QUEUED:
        st.progress(0.0, text="Queued; a worker takes it up as soon as one is free.")
    elif told.total:
        st.progress(told.done / told.total, text=f"{told.done:,} of {told.total:,} images")
    else:
        st.progress(0.0, text="A worker has it.")
