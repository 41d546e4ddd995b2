"""A training as a job: a candidate and a run at its end, and nothing where it was cancelled."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from radlens.bootstrap import open_site
from radlens.cli.kinds import KINDS
from radlens.domain.audit import Actor
from radlens.domain.errors import BadOrder, Conflict
from radlens.domain.job import Job, JobKind, JobState
from radlens.domain.ledger import Kind, State
from radlens.domain.registry import Stage
from radlens.domain.run import Run
from radlens.ports import Site
from radlens.settings import Settings
from radlens.usecases.datasets import found, register
from radlens.usecases.jobs import cancel, enqueue
from radlens.usecases.synthesis import queue_training
from radlens.usecases.work import Worker, work
from tests.builders import TASKS, own_gallery
from tests.lab.planted import alike
from tests.lab.synth.made import TRAIN, assessed, harmed, made_images, real_images
from tests.lab.tiny import write_dataset, write_recipe

BY = Actor("ada", "cli")
TASK = TASKS["brain-tumor"]


@dataclass
class Plant:
    """A site with data to train on, and a worker that a test may stop at any step."""

    folder: Path
    site: Site

    def queue(self, **changes: object) -> Job:
        recipe = write_recipe(self.folder / "recipe.toml", **changes).read_text()
        arguments = {"recipe": recipe, "name": "tiny", "data": str(self.folder / "data")}
        return enqueue(self.site, JobKind.TRAIN, arguments, by=BY)

    def work(self, stopping: Callable[[], bool] = lambda: False) -> None:
        work(self.site, Worker("w", KINDS, self.folders, lambda _: stopping()), once=True)

    @property
    def folders(self) -> Path:
        return self.folder / "jobs"

    def runs(self) -> list[Run]:
        return [Run.of(item) for item in self.site.ledger.items(Kind.RUN)]


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    write_dataset(tmp_path / "data", TASK, {"train": 24, "val": 12, "test": 12})
    own_gallery(tmp_path / "home")
    with open_site(Settings(home=tmp_path / "home", workers=1, gallery="gallery")) as site:
        yield Plant(tmp_path, site)


def test_every_kind_that_may_be_queued_has_its_work() -> None:
    assert KINDS.keys() == set(JobKind)


def test_a_queued_training_that_was_stopped_goes_on_and_ends_as_a_run_and_a_candidate(
    plant: Plant,
) -> None:
    job = plant.queue(epochs=2)

    def after_an_epoch() -> bool:
        return any(run.curve for run in plant.runs())

    plant.work(after_an_epoch)
    back = plant.site.jobs.get(job.id)
    assert (back.state, back.progress.words) == (JobState.QUEUED, "training")
    [half] = plant.runs()
    assert (half.state, len(half.curve)) == (State.RUNNING, 1)

    plant.work()
    ended = plant.site.jobs.get(job.id)
    assert ended.state is JobState.DONE, ended.failure
    [run] = plant.runs()
    assert (run.id, run.state, run.name, len(run.curve)) == (half.id, State.DONE, "tiny", 2)
    assert (half.job, run.job) == (job.id, job.id)
    [version] = plant.site.registry.versions(task="brain-tumor")
    assert (version.stage, version.source, version.by) == (Stage.CANDIDATE, "run", BY)
    assert ended.result == {
        "run": run.id,
        "version": version.version,
        "digest": version.digest,
    }
    assert list(plant.folders.iterdir()) == []


def test_a_training_that_is_cancelled_leaves_no_folder_no_candidate_and_a_run_that_says_so(
    plant: Plant,
) -> None:
    job = plant.queue(epochs=2)
    began = iter([True])

    def cancels() -> bool:
        if plant.runs() and next(began, False):
            cancel(plant.site, job.id, by=BY)
        return False

    plant.work(cancels)
    assert plant.site.jobs.get(job.id).state is JobState.CANCELLED
    [run] = plant.runs()
    assert run.state is State.FAILED
    assert "was cancelled" in run.error
    assert plant.site.registry.versions() == []
    assert list(plant.folders.iterdir()) == []


def test_released_images_are_trained_with_but_for_the_twin_of_a_held_out_image(
    plant: Plant,
) -> None:
    site = plant.site
    real = real_images(site)
    made = made_images(site, [*map(alike, range(1000, 1008)), alike(TRAIN)], name="drawn")
    assessed(site, made, real)
    recipe = {"recipe": write_recipe(plant.folder / "r.toml").read_text(), "name": "tiny"}
    job, again = (queue_training(site, recipe, "drawn", "real", by=BY) for _ in range(2))
    assert job.id == again.id
    plant.work()
    ended = site.jobs.get(job.id)
    assert ended.state is JobState.DONE, ended.failure
    [run] = plant.runs()
    data = found(site, run.dataset)
    assert data.parents == (real.id, made.id)
    assert [image.split for image in data.images if image.synthetic] == ["train"] * 8
    assert len(data.history["dropped"]) == 1
    assert "from 56 images" in site.registry.get(ended.result["digest"]).facts["statement"]


def test_images_of_a_class_that_is_blocked_are_refused_when_asked_for_and_by_the_worker(
    plant: Plant,
) -> None:
    site, recipe = plant.site, {"recipe": write_recipe(plant.folder / "r.toml").read_text()}
    real = real_images(site)
    made = made_images(site, [alike(1000), alike(1001)], name="drawn")
    for words in ("Nobody looked for copies", "meningioma is blocked. They harmed: -0.100"):
        with pytest.raises(Conflict, match=words):
            queue_training(site, recipe, made.id, real.id, by=BY)
        arguments = {**recipe, "data": real.id, "synthetic": made.id}
        job = enqueue(site, JobKind.TRAIN, arguments, by=BY)
        plant.work()
        failure = site.jobs.get(job.id).failure
        assert (failure.kind, words in failure.message) == ("Conflict", True)
        assessed(site, made, real)
        harmed(site, made.id, made.labels[1])
    other = replace(real, task="chest-xray", name="chests")
    register(site, other)
    with pytest.raises(BadOrder, match="is of brain-tumor, and chests of chest-xray"):
        queue_training(site, recipe, made.id, other.id, by=BY)
    assert plant.runs() == []


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({}, "BadJob", "needs the argument 'recipe'"),
        ({"recipe": "x = 1", "name": "../../out"}, "BadJob", "cannot be called"),
        ({"recipe": "no toml"}, "BadRecipe", "cannot be read"),
        ({"recipe": "x = 1"}, "BadRecipe", "unknown entry"),
        ({"recipe": "brain-tumor"}, "BadJob", "needs the argument 'data'"),
        ({"recipe": "brain-tumor", "data": "nowhere"}, "NoSuchItem", "nowhere"),
    ],
)
def test_what_cannot_be_trained_fails_with_a_sentence_and_leaves_nothing(
    plant: Plant, arguments: dict[str, str], kind: str, words: str
) -> None:
    job = enqueue(plant.site, JobKind.TRAIN, arguments, by=BY)
    plant.work()
    failure = plant.site.jobs.get(job.id).failure
    assert failure.kind == kind
    assert words in failure.message
    assert failure.hint
    assert plant.runs() == []
    assert list(plant.folders.iterdir()) == []


def test_a_queued_training_starts_from_no_file_of_the_workers_machine(plant: Plant) -> None:
    job = plant.queue(start=str(plant.folder / "weights.safetensors"))
    plant.work()
    failure = plant.site.jobs.get(job.id).failure
    assert (failure.kind, "cannot start from" in failure.message) == ("BadJob", True)
