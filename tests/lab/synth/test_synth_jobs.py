"""Synthesis as jobs: learned, drawn and measured by a worker, and nothing half done behind it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from radlens.cli.kinds import KINDS
from radlens.domain.audit import Actor, Verb
from radlens.domain.errors import BadDataset, BadOrder, Conflict, NoSuchItem, NotThisTask
from radlens.domain.job import Job, JobState
from radlens.domain.ledger import Kind, State
from radlens.domain.synthesis import Order, Wish
from radlens.lab.synth.train import train
from radlens.ports import Site
from radlens.usecases.datasets import named
from radlens.usecases.jobs import cancel, enqueue
from radlens.usecases.synthesis import queue_adapt, queue_assess, queue_generate
from radlens.usecases.work import EVERY_S, Worker, work
from tests.builders import TASKS, picture, png, tiny_site
from tests.clock import Ahead
from tests.lab.planted import alike
from tests.lab.synth.made import made_images, real_images
from tests.lab.synth.tiny_generator import write_synth_recipe
from tests.lab.tiny import write_dataset

BRAIN = TASKS["brain-tumor"]
BY = Actor("ada", "page")
WISH = Wish("rare", "brain-tumor", "a ring", "tiny", seed=2)


@dataclass
class Studio:
    """A site with a tiny generator, and a worker that a test may stop or cancel at any word."""

    site: Site
    folders: Path
    clock: Ahead

    def work(self, stopping: Callable[[], bool] = lambda: False) -> None:
        work(self.site, Worker("w", KINDS, self.folders, lambda _: stopping()), once=True)

    def done(self, job: Job) -> Job:
        self.work()
        ended = self.site.jobs.get(job.id)
        assert ended.state is JobState.DONE, ended.failure
        return ended

    def cancels(self, job: Job, kind: Kind) -> Callable[[], bool]:
        """What cancels the job as soon as an entry of a kind runs."""

        def look() -> bool:
            running = [i for i in self.site.ledger.items(kind) if i.state is State.RUNNING]
            if running and not self.site.jobs.get(job.id).stop:
                cancel(self.site, job.id, by=BY)
                self.clock.move(EVERY_S)  # when the job hears of it
            return False

        return look


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("studio")
    write_dataset(folder / "data", BRAIN, {"train": 24, "val": 8, "test": 8})
    recipe = write_synth_recipe(folder / "tiny.toml")
    with tiny_site(folder / "home") as site:
        train(site, recipe, data=str(folder / "data"), out=folder / "out", name="tiny")
        clock = Ahead()
        yield Studio(replace(site, clock=clock), folder / "jobs", clock)


def few(n: int = 6, first: int = 500) -> list[tuple[str, bytes]]:
    return [(f"{i}.png", png(picture(seed=first + i, rows=64, cols=64))) for i in range(n)]


def test_a_disease_is_learned_drawn_and_told_by_jobs(studio: Studio) -> None:
    site = studio.site
    job = queue_adapt(site, WISH, few(), by=BY)
    dataset = named(site, "rare-images")
    assert dataset
    assert job.arguments["dataset"] == dataset.id
    added = [e.act for e in site.trail.entries() if e.act.verb == Verb.ADD_DATASET]
    assert (added[-1].subject, added[-1].by) == (dataset.id, BY)

    learned = studio.done(job).result
    [run] = site.ledger.items(Kind.GENERATOR, name="rare")
    assert (run.state, run.id) == (State.DONE, learned["generator"])
    assert run.parents[0] == dataset.id

    drawn = studio.done(queue_generate(site, Order("rare", 45, steps=2), by=BY))
    made = named(site, drawn.result["dataset"])
    assert made
    assert (len(made.images), made.labels[-1]) == (45, "rare")
    assert all(image.synthetic for image in made.images)
    [entry] = site.ledger.items(Kind.GENERATION)
    assert entry.body["order"] == drawn.arguments
    assert not studio.folders.exists() or [*studio.folders.iterdir()] == []


def test_the_same_again_is_not_queued_twice(studio: Studio) -> None:
    site, wish = studio.site, replace(WISH, disease="twice")
    jobs = {queue_adapt(site, wish, few(first=530), by=BY).id for _ in range(3)}
    orders = {queue_generate(site, Order("glioma", 2), by=BY).id for _ in range(3)}
    assert (len(jobs), len(orders)) == (1, 1)
    assert len(site.ledger.items(Kind.DATASET, name="twice-images")) == 1
    cancel(site, jobs.pop(), by=BY)
    again = queue_adapt(site, wish, few(first=530), by=BY)
    assert again.state is JobState.QUEUED
    for job in (again.id, *orders):
        cancel(site, job, by=BY)


def test_a_drawing_that_was_stopped_goes_on_and_one_that_ended_is_not_done_again(
    studio: Studio,
) -> None:
    site = studio.site
    job = queue_generate(site, Order("meningioma", 45, "tiny", steps=2), by=BY)

    def entry():
        found = site.ledger.items(Kind.GENERATION)
        return next((i for i in found if i.body["order"] == job.arguments), None)

    studio.work(lambda: bool(entry() and len(entry().files) == 40))
    assert site.jobs.get(job.id).state is JobState.QUEUED
    half = entry()
    assert (half.state, len(half.files)) == (State.RUNNING, 40)
    studio.done(job)
    assert (entry().id, len(entry().files)) == (half.id, 45)
    # A worker that dies after its last step is followed by one that finds all done.
    lost = replace(site.jobs.get(job.id), state=JobState.RUNNING, began=half.time)
    again = KINDS["generate"](site, lost, studio.folders, lambda *_: None)
    assert again["dataset"] == site.jobs.get(job.id).result["dataset"]
    assert entry().id == half.id


@pytest.mark.parametrize("kind", [Kind.GENERATOR, Kind.GENERATION])
def test_a_cancelled_job_leaves_an_entry_that_says_so_and_no_folder(
    studio: Studio, kind: Kind
) -> None:
    site = studio.site
    if kind is Kind.GENERATOR:
        job = queue_adapt(site, replace(WISH, disease="gone"), few(first=560), by=BY)
    else:
        job = queue_generate(site, Order("glioma", 2000, "tiny", steps=2, seed=8), by=BY)
    studio.work(studio.cancels(job, kind))
    assert site.jobs.get(job.id).state is JobState.CANCELLED
    newest = site.ledger.items(kind)[0]
    assert newest.state is State.FAILED
    assert "cancelled" in newest.body["error"]
    assert not [i for i in site.ledger.items(kind) if i.state is State.RUNNING]
    assert [*studio.folders.iterdir()] == []


def test_drawn_images_are_measured_against_real_ones(studio: Studio) -> None:
    site = studio.site
    real = real_images(site)
    made = made_images(site, [alike(1000 + n) for n in range(20)], name="drawn")
    job = studio.done(queue_assess(site, "drawn", "real", by=BY))
    item = site.ledger.get(job.result["assessment"])
    assert item.parents == (made.id, real.id)
    lost = replace(job, state=JobState.RUNNING)
    again = KINDS["assess"](site, lost, studio.folders, lambda *_: None)
    assert again["assessment"] == item.id


def copies(n: int = 6) -> list[tuple[str, bytes]]:
    return [(f"{i}.png", png(picture(seed=1, rows=64, cols=64))) for i in range(n)]


REFUSED = {
    "too few": (BadDataset, "from 4 images", {}, few(4)),
    "too many": (BadDataset, "from 501 images", {}, few(1) * 501),
    "all copies": (BadDataset, "show only 1 pictures", {}, copies()),
    "one bad among good": (Exception, "notes.txt", {}, [*few(), ("notes.txt", b"no image")]),
    "a name with blanks": (BadOrder, "cannot be called", {"disease": "ring lesion"}, few()),
    "a class that it draws": (Conflict, "draws 'glioma'", {"disease": "glioma"}, few()),
    "a long prompt": (BadOrder, "10,000 characters", {"prompt": "x" * 10_000}, few()),
    "no such generator": (NoSuchItem, "nobody", {"generator": "nobody"}, few()),
    "weights of the worker's": (
        NoSuchItem,
        "stable-diffusion:/x",
        {"generator": "stable-diffusion:/x"},
        few(),
    ),
    "no generator": (NoSuchItem, "neuro-rare", {"task": "neuro-rare"}, few()),
}


@pytest.mark.parametrize(("error", "words", "changes", "sent"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_learned_is_refused_before_it_is_queued(
    studio: Studio, error: type[Exception], words: str, changes: dict, sent: list
) -> None:
    site = studio.site
    before = len(site.jobs.jobs()), len(site.ledger.items(Kind.DATASET))
    with pytest.raises(error, match=words):
        queue_adapt(site, replace(WISH, **{"disease": "other"} | changes), sent, by=BY)
    assert (len(site.jobs.jobs()), len(site.ledger.items(Kind.DATASET))) == before
    last = list(site.trail.entries())[-1].act
    assert (last.outcome, last.by) == ("refused", BY)


def test_images_in_colour_are_refused_by_the_gate(studio: Studio) -> None:
    import numpy as np

    colour = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    sent = [*few(), ("7.png", png(colour))]
    with pytest.raises(NotThisTask, match=r"1 of 7 images are refused, first 7\.png"):
        queue_adapt(studio.site, replace(WISH, disease="other"), sent, by=BY)


@pytest.mark.parametrize("n", [0, -3, 1_000_000])
def test_a_number_that_cannot_be_drawn_is_refused(studio: Studio, n: int) -> None:
    with pytest.raises(BadOrder, match="cannot be drawn in one order"):
        queue_generate(studio.site, Order("glioma", n), by=BY)


def test_what_cannot_be_measured_is_refused(studio: Studio) -> None:
    site = studio.site
    few_only = made_images(site, [alike(2000 + n) for n in range(2)], name="pair")
    for pair, error in (
        (("nobody", "real"), NoSuchItem),
        (("pair", "nobody"), NoSuchItem),
        (("real", "real"), BadDataset),
        (("pair", few_only.id), BadDataset),
    ):
        with pytest.raises(error):
            queue_assess(site, *pair, by=BY)


@pytest.mark.parametrize("kind", ["adapt", "generate", "assess"])
def test_arguments_that_do_not_fit_fail_with_a_sentence(studio: Studio, kind: str) -> None:
    job = enqueue(studio.site, kind, {"sort": 1}, by=BY)
    studio.work()
    failure = studio.site.jobs.get(job.id).failure
    assert (failure.kind, f"of the job {kind} do not fit" in failure.message) == ("BadJob", True)
