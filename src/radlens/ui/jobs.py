"""A job on a page: how far it is, live, and a button that cancels it."""

from html import escape

import streamlit as st

from radlens.domain.job import Job
from radlens.ui import door
from radlens.ui.spoken import alert, spoken
from radlens.usecases.jobs import cancel

EVERY_S = 2


def show_job(job_id: str) -> Job | None:
    """Draw a job, which moves on by itself until it ends; the page runs again once it has.

    Gives the job as it is at this moment, None where it cannot be seen.
    """
    job = None
    with spoken():
        job = door.site().jobs.get(job_id)
        st.fragment(_draw, run_every=EVERY_S if job.open else None)(job.id, was_open=job.open)
    return job


def _draw(job_id: str, *, was_open: bool) -> None:
    with spoken():
        by = door.caller().actor  # somebody whose session ended sees no more of it
        job = door.site().jobs.get(job_id)
        if was_open and not job.open:
            st.rerun()
        st.html(_head(job))
        if not job.open:
            return
        at = job.progress
        st.progress(min(at.done / at.total, 1.0) if at.total else 0.0, text=_far(job))
        if st.button("Cancel", key=f"cancel-{job.id}", disabled=job.stop):
            door.caller(active=True)
            cancel(door.site(), job.id, by=by)
            st.rerun()


def _head(job: Job) -> str:
    head = f'<p class="rl-job"><b>{escape(job.kind)}</b> {job.id[:12]}: {escape(job.said)}</p>'
    if job.failure is None:
        return head
    return head + alert(job.failure.message, job.failure.hint)


def _far(job: Job) -> str:
    at = job.progress
    if not at.words and not at.total:
        return "Waits for a worker" if job.began is None else "Begins"
    return " ".join(filter(None, [at.words, f"{at.done} of {at.total}" * bool(at.total), at.left]))
