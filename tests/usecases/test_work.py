"""A worker does what is queued, hears what is asked of it, and records how each job ended."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from radlens.domain.audit import Actor, Outcome, Verb
from radlens.domain.errors import BadJob, BadRecipe, Busy, Conflict, NoSuchJob, StorageFull
from radlens.domain.job import ARGUMENT_BYTES, LEASE, MOST_ATTEMPTS, MOST_QUEUED, Job, JobState
from radlens.ports import Site
from radlens.usecases.jobs import cancel, enqueue, queue_length
from radlens.usecases.work import Tell, Work, Worker, work
from tests.builders import tiny_site

BY = Actor("ada", "cli")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    """A time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(tmp_path: Path, clock: Clock) -> Iterator[Site]:
    with tiny_site(tmp_path / "home") as opened:
        yield replace(opened, clock=clock)


class Shop:
    """A worker's place: what it is doing, and whether it was asked to stop."""

    def __init__(self, site: Site, folders: Path) -> None:
        self.site, self.folders, self.stop = site, folders, False

    def do(self, *does: Work, worker: str = "w", once: bool = True) -> int:
        """Do what is queued; each ``does`` stands for one job in turn."""
        turns = iter(does)

        def train(site: Site, job: Job, folder: Path, tell: Tell) -> Mapping[str, Any]:
            return next(turns)(site, job, folder, tell)

        doing = Worker(worker, {"train": train}, self.folders, lambda _: self.stop)
        return work(self.site, doing, once=once)

    def kept(self) -> list[str]:
        return sorted(path.name for path in self.folders.glob("*"))


@pytest.fixture
def shop(site: Site, tmp_path: Path) -> Shop:
    return Shop(site, tmp_path / "jobs")


def queued(site: Site, **arguments: object) -> Job:
    return enqueue(site, "train", arguments, by=BY)


def leaves(site: Site, job: Job, folder: Path, tell: Tell) -> Mapping[str, Any]:
    (folder / "checkpoint").write_text("x")
    tell(1, 1, "counting")
    return {"made": job.arguments.get("n")}


def failing(error: Exception) -> Work:
    def fails(site: Site, job: Job, folder: Path, tell: Tell) -> Mapping[str, Any]:
        raise error

    return fails


def test_jobs_are_done_in_the_order_in_which_they_were_queued(site: Site, shop: Shop) -> None:
    first, second = queued(site, n=1), queued(site, n=2)
    assert queue_length(site) == (2, 0)
    assert shop.do(leaves, leaves) == 2
    assert [site.jobs.get(job.id).result for job in (first, second)] == [{"made": 1}, {"made": 2}]
    done = site.jobs.get(first.id)
    assert (done.state, done.attempts, done.ended) == (JobState.DONE, 1, NOON)
    assert (done.progress.done, done.progress.words) == (1, "counting")
    assert queue_length(site) == (0, 0)
    assert shop.kept() == []


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (BadRecipe("The recipe is none.", hint="Write one."), "BadRecipe", "The recipe is none."),
        (StorageFull("The disk is full."), "StorageFull", "The disk is full."),
        (ValueError("patient Jane Doe"), "ValueError", "The work ended unexpectedly (ValueError)."),
        (MemoryError(), "MemoryError", "The work ended unexpectedly (MemoryError)."),
    ],
)
def test_a_job_that_raises_is_on_record_with_a_sentence_and_a_hint_and_the_next_is_done(
    site: Site, shop: Shop, error: Exception, kind: str, words: str
) -> None:
    job, after = queued(site), queued(site)
    shop.do(failing(error), leaves)
    failed = site.jobs.get(job.id)
    assert (failed.state, failed.failure.kind) == (JobState.FAILED, kind)
    assert failed.failure.message == words
    assert failed.failure.hint
    assert site.jobs.get(after.id).state is JobState.DONE
    assert shop.kept() == []


@pytest.mark.parametrize("result", [{"share": float("nan")}, {"where": Path()}, None])
def test_a_result_that_is_no_plain_json_fails_the_job(
    site: Site, shop: Shop, result: Mapping[str, Any]
) -> None:
    job = queued(site)
    shop.do(lambda *_: result)
    assert site.jobs.get(job.id).state is JobState.FAILED


def test_a_kind_that_this_worker_does_not_know_fails_with_a_sentence(
    site: Site, shop: Shop
) -> None:
    job = queued(site)
    work(site, Worker("w", {}, shop.folders), once=True)
    assert "knows no job of the kind train" in site.jobs.get(job.id).failure.message


def test_progress_is_seen_by_others_with_the_time_that_is_left(
    site: Site, shop: Shop, clock: Clock
) -> None:
    job = queued(site)
    seen = []

    def counts(site: Site, job: Job, folder: Path, tell: Tell) -> Mapping[str, Any]:
        for words, first in (("decoding", 0), ("training", 40)):
            for done in (first, first + 10, first + 20):
                tell(done, 100, words)
                seen.append(site.jobs.get(job.id).progress)
                clock.move(5)
        return {}

    shop.do(counts)
    assert [(at.done, at.words) for at in seen] == [
        *((n, "decoding") for n in (0, 10, 20)),
        *((n, "training") for n in (40, 50, 60)),
    ]
    # Ten in five seconds; what was done before this attempt took no time of it.
    assert [at.left_s for at in seen] == [None, 45.0, 40.0, None, 25.0, 20.0]
    assert site.jobs.get(job.id).attempts == 1


def test_progress_is_written_once_a_second_at_most(site: Site, shop: Shop, clock: Clock) -> None:
    job = queued(site)

    def hurries(site: Site, job: Job, folder: Path, tell: Tell) -> Mapping[str, Any]:
        tell(0, 9, "counting")
        tell(1, 9, "counting")
        assert site.jobs.get(job.id).progress.done == 0
        clock.move(1)
        tell(2, 9, "counting")
        assert site.jobs.get(job.id).progress.done == 2
        return {}

    shop.do(hurries)
    assert site.jobs.get(job.id).state is JobState.DONE


def test_a_job_that_is_cancelled_while_it_runs_ends_and_leaves_nothing(
    site: Site, shop: Shop, clock: Clock
) -> None:
    job = queued(site)

    def cancelled(site: Site, job: Job, folder: Path, tell: Tell) -> Mapping[str, Any]:
        (folder / "checkpoint").write_text("x")
        assert cancel(site, job.id, by=BY).stop
        clock.move(1)
        tell(1, 9, "counting")
        raise AssertionError("It went on.")

    shop.do(cancelled)
    found = site.jobs.get(job.id)
    assert (found.state, found.failure, found.result) == (JobState.CANCELLED, None, None)
    assert shop.kept() == []
    assert [entry.act.verb for entry in site.trail.entries()][-2:] == ["queue-job", "cancel-job"]


def test_a_job_that_is_cancelled_before_it_is_begun_is_never_begun(site: Site, shop: Shop) -> None:
    job = queued(site)
    assert cancel(site, job.id[:8], by=BY).state is JobState.CANCELLED
    assert shop.do(failing(AssertionError("It was begun."))) == 0
    assert site.jobs.get(job.id).began is None


def test_a_worker_that_is_stopped_puts_its_job_back_and_the_next_goes_on_in_its_folder(
    site: Site, shop: Shop
) -> None:
    job = queued(site)

    def stopped(site: Site, job: Job, folder: Path, tell: Tell) -> Mapping[str, Any]:
        (folder / "checkpoint").write_text("half")
        shop.stop = True
        tell(1, 2, "counting")
        raise AssertionError("It went on.")

    assert shop.do(stopped, once=False) == 1
    back = site.jobs.get(job.id)
    assert (back.state, back.attempts, back.worker, back.lease) == (JobState.QUEUED, 0, "", None)
    assert shop.kept() == [job.id]
    shop.stop = False

    def goes_on(site: Site, job: Job, folder: Path, tell: Tell) -> Mapping[str, Any]:
        return {"found": (folder / "checkpoint").read_text()}

    shop.do(goes_on, worker="next")
    assert site.jobs.get(job.id).result == {"found": "half"}
    assert shop.kept() == []


def test_a_job_that_was_put_back_and_then_cancelled_is_cleared_away_by_the_next_worker(
    site: Site, shop: Shop
) -> None:
    job = queued(site)

    def stopped(site: Site, job: Job, folder: Path, tell: Tell) -> Mapping[str, Any]:
        (folder / "checkpoint").write_text("half")
        shop.stop = True
        tell(1, 2, "counting")
        return {}

    shop.do(stopped, once=False)
    shop.stop = False
    assert cancel(site, job.id, by=BY).state is JobState.QUEUED
    shop.do(leaves)
    assert site.jobs.get(job.id).state is JobState.CANCELLED
    assert shop.kept() == []


def test_a_worker_that_lost_its_job_leaves_it_to_the_one_that_has_it(
    site: Site, shop: Shop, clock: Clock
) -> None:
    job = queued(site)

    def sleeps(site: Site, job: Job, folder: Path, tell: Tell) -> Mapping[str, Any]:
        clock.move(LEASE.total_seconds() + 1)
        assert site.jobs.claim("other", now=clock()).id == job.id
        tell(1, 9, "counting")
        raise AssertionError("It went on.")

    shop.do(sleeps)
    held = site.jobs.get(job.id)
    assert (held.state, held.worker, held.attempts) == (JobState.RUNNING, "other", 2)
    assert shop.kept() == [job.id]


def test_folders_of_jobs_that_ended_elsewhere_are_cleared_away_and_those_of_others_stay(
    site: Site, shop: Shop
) -> None:
    ended, held = queued(site), queued(site)
    site.jobs.finish(site.jobs.claim("x", now=NOON).finished(JobState.DONE, now=NOON), "x")
    site.jobs.claim("x", now=NOON)
    for name in (ended.id, held.id, "nobody"):
        (shop.folders / name).mkdir(parents=True)
    shop.do()
    assert shop.kept() == [held.id]


def test_an_unknown_kind_and_arguments_that_are_no_plain_json_or_too_large_are_refused(
    site: Site,
) -> None:
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("format-disk", {}),
        ("", {}),
        ("train", {"recipe": "x" * ARGUMENT_BYTES}),
        ("train", {"share": float("inf")}),
        ("train", {"where": Path()}),
        ("train", {"what": b"bytes"}),
    ]
    for kind, arguments in wrong:
        with pytest.raises(BadJob) as caught:
            enqueue(site, kind, arguments, by=BY)
        assert caught.value.hint
    assert site.jobs.jobs() == []
    acts = [entry.act for entry in site.trail.entries() if entry.act.verb == Verb.QUEUE_JOB]
    assert [act.outcome for act in acts] == [Outcome.REFUSED] * len(wrong)


def test_more_than_may_be_queued_is_refused_as_busy(site: Site) -> None:
    for _ in range(MOST_QUEUED):
        queued(site)
    with pytest.raises(Busy):
        queued(site)
    assert queue_length(site) == (MOST_QUEUED, 0)


def test_what_is_not_there_or_has_ended_is_not_cancelled(site: Site, shop: Shop) -> None:
    with pytest.raises(NoSuchJob):
        cancel(site, "nobody", by=BY)
    job = queued(site)
    shop.do(leaves)
    with pytest.raises(Conflict):
        cancel(site, job.id, by=BY)
    assert site.jobs.get(job.id).state is JobState.DONE


def test_a_job_that_kills_its_workers_ends_as_failed_and_its_folder_goes(
    site: Site, shop: Shop, clock: Clock
) -> None:
    job = queued(site)
    for number in range(MOST_ATTEMPTS):
        assert site.jobs.claim(f"killed {number}", now=clock())
        clock.move(LEASE.total_seconds() + 1)
    (shop.folders / job.id).mkdir(parents=True)
    assert shop.do() == 0
    assert site.jobs.get(job.id).failure.kind == "JobLost"
    shop.do()
    assert shop.kept() == []


def test_what_went_wrong_in_a_job_is_logged_with_its_place(
    site: Site, shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    queued(site)
    with caplog.at_level(logging.INFO, "radlens.jobs"):
        shop.do(failing(ZeroDivisionError()))
    [failed] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert failed.exc_info[0] is ZeroDivisionError
