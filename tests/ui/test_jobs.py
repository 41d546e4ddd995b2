"""A job on a page: seen as it goes on, and cancelled by whoever watches it."""

from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from radlens.domain.audit import Actor
from radlens.domain.job import Failure, JobState, Progress
from radlens.usecases.jobs import enqueue

BY = Actor("ada", "cli")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def page(job_id: str) -> AppTest:
    at = AppTest.from_string(
        f"from radlens.ui.jobs import show_job\nshow_job({job_id!r})", default_timeout=60
    ).run()
    assert not at.exception
    return at


def said(at: AppTest) -> str:
    return " ".join(part.value for part in at.get("html"))


def bar(at: AppTest):
    [found] = at.get("progress")
    return found.proto


def test_a_job_is_shown_as_far_as_it_is_with_the_time_left(site) -> None:
    job = enqueue(site, "train", {}, by=BY)
    assert bar(page(job.id)).text == "Waits for a worker"
    site.jobs.claim("w", now=NOON)
    site.jobs.tell(job.id, "w", Progress(3, 12, "training", 600.0), now=NOON)
    seen = page(job.id)
    assert (bar(seen).value, bar(seen).text) == (25, "training 3 of 12 10 min left")
    assert f"<b>train</b> {job.id[:12]}: running" in said(seen)


@pytest.mark.parametrize(
    ("left_s", "said"),
    [
        (None, ""),
        (0.0, "nearly done"),
        (0.6, "nearly done"),
        (1.2, "1 s left"),
        (95.0, "2 min left"),
    ],
)
def test_what_is_left_is_never_no_time_at_all(left_s: float | None, said: str) -> None:
    assert Progress(11, 12, "training", left_s).left == said


def test_whoever_watches_a_job_may_cancel_it(site) -> None:
    job = enqueue(site, "train", {}, by=BY)
    seen = page(job.id)
    [button] = seen.button
    seen = button.click().run()
    assert not seen.exception
    assert site.jobs.get(job.id).state is JobState.CANCELLED
    assert "cancelled" in said(seen)
    assert len(seen.button) == 0
    last = list(site.trail.entries())[-1].act
    assert (last.verb, last.by.name, last.by.via) == ("cancel-job", "local user", "page")


def test_a_job_that_failed_says_why_and_what_to_do(site) -> None:
    job = enqueue(site, "train", {}, by=BY)
    failure = Failure("BadRecipe", "<No> such entry.", "Correct it.")
    held = site.jobs.claim("w", now=NOON)
    site.jobs.finish(held.finished(JobState.FAILED, now=NOON, failure=failure), "w")
    seen = page(job.id)
    assert "&lt;No&gt; such entry." in said(seen)
    assert "Correct it." in said(seen)
    assert not seen.get("progress")


def test_a_job_that_is_not_there_is_said(site) -> None:
    assert "There is no job" in said(page("nobody"))
