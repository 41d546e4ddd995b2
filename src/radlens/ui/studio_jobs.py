"""The jobs of the studio: asked for once, watched, and said of where they came to no good end."""

from collections.abc import Callable

import streamlit as st

from radlens.domain.audit import Actor
from radlens.domain.errors import RadLensError
from radlens.domain.job import Job, JobKind, JobState
from radlens.ports import Site
from radlens.ui import door
from radlens.ui.jobs import show_job
from radlens.ui.spoken import say

LOOKED = 100  # of the newest jobs


def ask(what: str, queue: Callable[[Actor], Job]) -> None:
    """Queue what was asked for by a button; what is refused is said below it until the next try."""
    try:
        queue(door.caller(active=True).actor)
    except RadLensError as error:
        st.session_state[f"refused {what}"] = error
    else:
        st.session_state.pop(f"refused {what}", None)
    st.rerun()


def tell_refusal(what: str) -> None:
    """Say why the last thing that was asked for was not queued."""
    error = st.session_state.get(f"refused {what}")
    if isinstance(error, RadLensError):
        say(error)


def newest(site: Site, kind: JobKind, meant: Callable[[Job], bool]) -> Job | None:
    """The newest job of a kind that is meant."""
    jobs = (job for job in site.jobs.jobs(limit=LOOKED) if job.kind == kind)
    return next(filter(meant, jobs), None)


def watch(job: Job | None) -> None:
    """How far a job is, or why it came to no end; one that is done is seen by what it made."""
    if job and job.state is not JobState.DONE:
        show_job(job.id)
