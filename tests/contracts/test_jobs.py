"""A job is in one worker's hands at a time, and is never lost."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.errors import Busy, Conflict, JobLost, NoSuchJob, NotAssessable
from radlens.domain.job import (
    LEASE,
    MOST_ATTEMPTS,
    MOST_QUEUED,
    Failure,
    Job,
    JobState,
    Progress,
)
from radlens.job_ports import Jobs
from radlens.storage.database import Database
from radlens.storage.jobs import SqlJobs
from radlens.storage.trail import SqlTrail

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATE = NOON + LEASE + timedelta(seconds=1)
BY = Actor("ada", "cli", "192.0.2.7")


@pytest.fixture
def jobs(database: Database) -> Jobs:
    return SqlJobs(database)


@pytest.fixture
def queue(jobs: Jobs) -> Callable[..., Job]:
    """Queue a job under an id."""

    def add(key: str, **arguments: object) -> Job:
        job = Job(key, "train", arguments, BY, NOON)
        jobs.add(job, Act(NOON, BY, Verb.QUEUE_JOB, key, {"kind": "train"}))
        return job

    return add


def cancelling(key: str, time: datetime = NOON) -> Act:
    return Act(time, BY, Verb.CANCEL_JOB, key, {"kind": "train"})


def test_a_job_comes_back_as_it_was_queued(jobs: Jobs, queue: Callable[..., Job]) -> None:
    job = queue("abcdef", recipe="täsk = 1\n", deep={"list": [1, 2.5, None, True]})
    assert jobs.get("abcdef") == job
    assert jobs.get("abc") == job


def test_a_job_comes_back_as_it_ended(jobs: Jobs, queue: Callable[..., Job]) -> None:
    queue("a")
    held = jobs.claim("w", now=NOON)
    told = jobs.tell("a", "w", Progress(3, 9, "training", 12.5), now=NOON)
    assert told == replace(held, progress=Progress(3, 9, "training", 12.5))
    ended = told.finished(JobState.DONE, now=LATE, result={"run": "x"})
    jobs.finish(ended, "w")
    assert jobs.get("a") == ended
    queue("b")
    failed = jobs.claim("w", now=NOON).finished(
        JobState.FAILED, now=LATE, failure=Failure("BadInput", "No.", "Yes.")
    )
    jobs.finish(failed, "w")
    assert jobs.get("b") == failed


def test_an_unknown_id_and_an_ambiguous_one_are_refused(
    jobs: Jobs, queue: Callable[..., Job]
) -> None:
    queue("abc1")
    queue("abc2")
    for wrong in ("", "xyz", "abc"):
        with pytest.raises(NoSuchJob):
            jobs.get(wrong)


def test_the_oldest_is_taken_first_and_the_newest_is_listed_first(
    jobs: Jobs, queue: Callable[..., Job]
) -> None:
    for key in ("b", "a", "c"):
        queue(key)
    assert [jobs.claim("w", now=NOON).id for _ in range(3)] == ["b", "a", "c"]
    assert jobs.claim("w", now=NOON) is None
    assert [job.id for job in jobs.jobs()] == ["c", "a", "b"]
    assert [job.id for job in jobs.jobs(limit=1)] == ["c"]


def test_jobs_are_listed_by_their_states(jobs: Jobs, queue: Callable[..., Job]) -> None:
    for key in ("a", "b", "c"):
        queue(key)
    jobs.claim("w", now=NOON)
    jobs.cancel("b", cancelling("b"))
    assert [job.id for job in jobs.jobs(JobState.RUNNING)] == ["a"]
    assert [job.id for job in jobs.jobs(JobState.QUEUED, JobState.CANCELLED)] == ["c", "b"]


def test_queueing_and_cancelling_are_in_the_audit_log(
    jobs: Jobs, queue: Callable[..., Job], database: Database
) -> None:
    queue("a")
    jobs.cancel("a", cancelling("a"))
    acts = [entry.act for entry in SqlTrail(database).entries()]
    assert [(act.verb, act.subject) for act in acts] == [("queue-job", "a"), ("cancel-job", "a")]


def test_only_so_many_may_be_queued_and_who_comes_then_leaves_no_trace(
    jobs: Jobs, queue: Callable[..., Job], database: Database
) -> None:
    for number in range(MOST_QUEUED):
        queue(f"job {number:03}")
    with pytest.raises(Busy):
        queue("one too many")
    assert SqlTrail(database).ends()[0] == MOST_QUEUED
    jobs.claim("w", now=NOON)
    queue("there is room again")


def test_a_number_that_is_none_is_not_kept(jobs: Jobs, queue: Callable[..., Job]) -> None:
    with pytest.raises(NotAssessable):
        queue("a", share=float("nan"))
    assert jobs.jobs() == []


def test_a_job_of_a_worker_that_speaks_up_is_not_taken(
    jobs: Jobs, queue: Callable[..., Job]
) -> None:
    queue("a")
    jobs.claim("first", now=NOON)
    assert jobs.claim("second", now=NOON + LEASE) is None
    jobs.tell("a", "first", Progress(), now=NOON + LEASE)
    assert jobs.claim("second", now=LATE) is None


def test_a_job_whose_worker_is_silent_is_taken_up_by_another_and_the_first_hears_of_it(
    jobs: Jobs, queue: Callable[..., Job]
) -> None:
    queue("a")
    mine = jobs.claim("first", now=NOON)
    theirs = jobs.claim("second", now=LATE)
    assert (theirs.id, theirs.worker, theirs.attempts, theirs.began) == ("a", "second", 2, NOON)
    with pytest.raises(JobLost):
        jobs.tell("a", "first", Progress(), now=LATE)
    with pytest.raises(JobLost):
        jobs.finish(mine.finished(JobState.DONE, now=LATE, result={}), "first")
    assert jobs.get("a") == theirs


def test_a_worker_that_was_late_and_not_replaced_may_still_finish(
    jobs: Jobs, queue: Callable[..., Job]
) -> None:
    queue("a")
    ended = jobs.claim("w", now=NOON).finished(JobState.DONE, now=LATE, result={})
    jobs.finish(ended, "w")
    assert jobs.claim("w", now=LATE) is None
    assert jobs.get("a").state is JobState.DONE


def test_a_job_that_was_put_back_is_taken_next_and_its_attempt_does_not_count(
    jobs: Jobs, queue: Callable[..., Job]
) -> None:
    queue("a")
    queue("b")
    for _ in range(2 * MOST_ATTEMPTS):
        job = jobs.claim("w", now=NOON)
        assert (job.id, job.attempts) == ("a", 1)
        jobs.finish(job.put_back(), "w")
    assert jobs.get("a").state is JobState.QUEUED


def test_a_job_whose_workers_die_again_and_again_fails_and_the_next_one_is_taken(
    jobs: Jobs, queue: Callable[..., Job]
) -> None:
    queue("a")
    queue("b")
    for attempt in range(MOST_ATTEMPTS):
        assert jobs.claim(f"w{attempt}", now=NOON + 2 * attempt * LEASE).id == "a"
    assert jobs.claim("last", now=NOON + 20 * LEASE).id == "b"
    failed = jobs.get("a")
    assert failed.state is JobState.FAILED
    assert "3 times" in failed.failure.message
    assert failed.failure.hint


def test_what_nobody_began_is_cancelled_at_once(jobs: Jobs, queue: Callable[..., Job]) -> None:
    queue("a")
    cancelled = jobs.cancel("a", cancelling("a", LATE))
    assert (cancelled.state, cancelled.ended) == (JobState.CANCELLED, LATE)
    assert jobs.get("a") == cancelled
    assert jobs.claim("w", now=LATE) is None


def test_the_worker_hears_that_its_job_is_cancelled(jobs: Jobs, queue: Callable[..., Job]) -> None:
    queue("a")
    jobs.claim("w", now=NOON)
    assert jobs.cancel("a", cancelling("a")).state is JobState.RUNNING
    assert jobs.tell("a", "w", Progress(), now=NOON).stop


def test_what_is_cancelled_while_nobody_is_at_it_goes_to_a_worker_that_clears_away(
    jobs: Jobs, queue: Callable[..., Job]
) -> None:
    queue("a")
    jobs.finish(jobs.claim("w", now=NOON).put_back(), "w")
    jobs.cancel("a", cancelling("a"))
    assert jobs.claim("x", now=NOON).stop


def test_what_is_cancelled_just_before_it_is_put_back_stays_cancelled(
    jobs: Jobs, queue: Callable[..., Job]
) -> None:
    queue("a")
    job = jobs.claim("w", now=NOON)
    jobs.cancel("a", cancelling("a"))
    jobs.finish(job.put_back(), "w")
    assert jobs.claim("x", now=NOON).stop


@pytest.mark.parametrize("state", [JobState.DONE, JobState.FAILED, JobState.CANCELLED])
def test_what_has_ended_is_not_cancelled_and_nothing_is_noted(
    jobs: Jobs, queue: Callable[..., Job], database: Database, state: JobState
) -> None:
    queue("a")
    jobs.finish(jobs.claim("w", now=NOON).finished(state, now=NOON), "w")
    with pytest.raises(Conflict):
        jobs.cancel("a", cancelling("a"))
    assert SqlTrail(database).ends()[0] == 1
    assert not jobs.get("a").stop


def test_nobody_else_finishes_a_job(jobs: Jobs, queue: Callable[..., Job]) -> None:
    job = queue("a")
    with pytest.raises(JobLost):
        jobs.finish(job.finished(JobState.DONE, now=NOON), "w")
    assert jobs.get("a") == job
