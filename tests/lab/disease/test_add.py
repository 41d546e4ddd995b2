"""A disease from a few images: step by step to a candidate, and never to half of one."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture

from radlens.domain.audit import Outcome, Verb
from radlens.domain.disease import STEPS, Wish
from radlens.domain.errors import (
    BadCard,
    BadDataset,
    BadOrder,
    BadRecipe,
    Cancelled,
    Conflict,
    NoSuchItem,
    NotThisTask,
    RadLensError,
    StorageFull,
    UnknownTask,
)
from radlens.domain.job import Job, JobKind, JobState
from radlens.domain.ledger import Kind, State
from radlens.domain.registry import Stage
from radlens.lab.disease.add import add_disease
from radlens.lab.disease.classifier import recipe_of
from radlens.lab.disease.data import with_synthetic
from radlens.lab.disease.plan import beside, plan_for
from radlens.lab.progress import Seen, silent
from radlens.lab.splits import leaks
from radlens.lab.start import live_bundle
from radlens.usecases.datasets import register as register_data
from radlens.usecases.jobs import cancel, enqueue
from radlens.usecases.predict import predict
from radlens.usecases.work import EVERY_S
from tests.builders import png, put_live
from tests.domain.test_release import assessment
from tests.lab.disease.ward import ADMIN, BRAIN, ENGINEER, TASK, Ward, build, ward
from tests.lab.filling import Filling
from tests.lab.planted import alike, stored


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a ward that every test has a copy of."""
    return build(tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module")
def here(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with ward(built, tmp_path_factory.mktemp("ward") / "copy") as opened:
        yield opened


@dataclass(frozen=True)
class Begun:
    """The folder of a ward where a job adds ring_lesion, and was stopped twice.

    ``first`` is the job after the first stop, when its generator had just begun to learn; the
    second came before the gate was asked.
    """

    folder: Path
    first: Job

    @contextmanager
    def copy(self, folder: Path) -> Iterator[tuple[Ward, Wish, Job]]:
        """A ward in a folder of its own that may go on from there, the wish and the job."""
        with ward(self.folder, folder) as here:
            job = here.site.jobs.get(self.first.id)
            yield here, Wish.of(job.arguments), job


def steps(here: Ward) -> int:
    """How many were done for ring_lesion, in all of its entries."""
    return sum(len(entry.steps) for entry in here.entries("ring_lesion"))


@pytest.fixture(scope="module")
def begun(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Begun:
    folder = tmp_path_factory.mktemp("begun") / "copy"
    with ward(built, folder) as here:
        job = here.queue(here.wish("ring_lesion", here.images("ring_lesion")))
        here.work(lambda: steps(here) == STEPS.index("generator"))
        first = here.site.jobs.get(job.id)
        here.work(lambda: steps(here) == STEPS.index("release"))
    return Begun(folder, first)


def offered(here: Ward) -> tuple[str, ...]:
    found = predict(here.site, png(alike(77)), task=TASK, by=ENGINEER)
    return tuple(finding.label for finding in found.findings)


def test_a_disease_becomes_a_candidate_in_steps_that_neither_a_stop_nor_a_full_disk_repeats(
    begun: Begun, tmp_path: Path
) -> None:
    assert (begun.first.state, begun.first.progress.words[:5]) == (JobState.QUEUED, "4/10 ")
    with begun.copy(tmp_path / "copy") as (here, wish, job):
        four = offered(here)
        assert (job.state, job.progress.words[:5]) == (JobState.QUEUED, "7/10 ")
        assert steps(here) == STEPS.index("release")

        # The worst moment for a disk to be full: the label and the candidate are about to be kept.
        blobs = Filling(here.site.blobs, full=lambda: steps(here) == len(STEPS) - 1)
        here.work(site=replace(here.site, blobs=blobs))
        failed = here.site.jobs.get(job.id)
        assert (failed.state, failed.failure.kind) == (JobState.FAILED, "StorageFull")
        assert len(here.site.registry.versions(task=TASK)) == 1
        assert offered(here) == four
        assert here.site.tasks[TASK] == BRAIN
        assert here.running() == []
        [full] = here.entries("ring_lesion")
        assert (full.state, full.error[:21]) == (State.FAILED, "The disk is full. Fre")
        job = here.queue(wish)
        here.work()
        ended = here.site.jobs.get(job.id)
        assert ended.state is JobState.DONE, ended.failure

        entry, before = here.entries("ring_lesion")
        assert before == full
        assert entry.steps[:-1] == full.steps
        assert (entry.state, tuple(step.name for step in entry.steps)) == (State.DONE, STEPS)
        assert ended.result["disease"] == entry.id
        for kind, n in ((Kind.RUN, 2), (Kind.GENERATOR, 2), (Kind.SCAN, 1), (Kind.CARD, 1)):
            assert len(here.site.ledger.items(kind)) == n
        few = here.dataset(entry.record("images"))
        assert (
            sorted(image.split for image in few.images)
            == ["test"] * 2 + ["train"] * 6 + ["val"] * 2
        )
        learned = here.site.ledger.get(entry.record("generator")).body
        assert (learned["images"], learned["dataset"]) == (6, few.id)

        trained = here.dataset(entry.record("release"))
        assert not any(image.synthetic for image in trained.images)
        why = {step.name: step.said for step in entry.steps}
        assert "Trained without synthetic images. ring_lesion is blocked" in why["release"]
        assert "6 images to learn from, 2 to choose by, 2 to be measured on: few" in why["images"]

        assert "ring_lesion is new, and 2 held-out near-duplicate groups with" in why["candidate"]

        version = here.site.registry.get(ended.result["digest"])
        assert (version.stage, version.by) == (Stage.CANDIDATE, ENGINEER)
        assert "ring_lesion was learned from 6 real images" in version.facts["statement"]
        comparison = here.site.ledger.get(entry.record("evaluation"))
        assert comparison.body["first"]["model_digest"] == version.digest
        assert here.site.tasks[TASK].names == (*BRAIN.names, "ring_lesion")
        assert offered(here) == four  # until an administrator says so
        put_live(here.site, version.digest, by=ADMIN)
        assert offered(here) == (*four, "ring_lesion")
        acts = [e.act for e in here.site.trail.entries() if e.act.verb == Verb.EXTEND_TASK]
        assert [(act.by, act.outcome) for act in acts] == [
            (ENGINEER, Outcome.FAILED),
            (ENGINEER, Outcome.DONE),
        ]


def test_images_that_the_gate_releases_are_trained_on_and_those_of_held_out_ones_are_not(
    begun: Begun, tmp_path: Path
) -> None:
    with begun.copy(tmp_path / "copy") as (here, wish, _):
        [entry] = here.entries("ring_lesion")
        made = entry.record("synthetic")
        figures = {
            "fidelity": {"classifier": {"fid_ratio": {"value": 2, "low": 1, "high": 3, "n": 9}}}
        }
        before = here.site.ledger.get(entry.record("assessment"))
        body = assessment(without=made).body | {"classes": {"ring_lesion": figures}}
        item = replace(
            before, id=here.site.new_id(), body=body, parents=(made, entry.record("beside"))
        )
        here.site.ledger.put(item)

        def until_trained(work: str) -> Seen:
            if work.startswith("8/10 training"):
                raise Cancelled("It was cancelled.")
            return silent

        versions = here.site.registry.versions()
        with pytest.raises(Cancelled):
            add_disease(here.site, wish, out=tmp_path / "out", by=ENGINEER, told=until_trained)
        assert here.running() == []
        assert here.site.registry.versions() == versions
        assert here.site.tasks[TASK] == BRAIN
        [entry] = here.entries("ring_lesion")
        assert entry.steps[-1].said.startswith(
            "Trained with synthetic images. ring_lesion is released."
        )
        data = here.dataset(entry.record("release"))
        drawn = [image for image in data.images if image.synthetic]
        assert {image.split for image in drawn} == {"train"}
        assert len(drawn) == len(here.dataset(made).images)
        [run] = here.site.ledger.items(Kind.RUN, name="ring_lesion")
        assert (run.body["dataset"], run.state) == (data.id, State.FAILED)
        assert "6 real images and 20 synthetic ones" in run.body["recipe"]

        real = here.dataset(entry.record("beside"))
        held = next(i for i in real.of("test") if i.file.startswith("ring_lesion"))
        copied = replace(drawn[0], file="copy", stored=held.stored)
        both = replace(here.dataset(made), images=(*here.dataset(made).images, copied))
        mixed = with_synthetic(
            here.site.blobs, real, both, task=BRAIN.extended(wish.label), seen=silent
        )
        assert mixed.history["dropped"] == ["synthetic-copy"]
        assert leaks(mixed) == []
        units = {image.file: image.unit for image in mixed.images}
        assert len(set(units.values())) == len({i.unit for i in real.images}) + len(drawn)


def test_a_cancelled_addition_leaves_no_candidate_no_label_and_nothing_that_seems_to_run(
    here: Ward,
) -> None:
    job = here.queue(here.wish("gone", here.images("gone")))
    versions = here.site.registry.versions()
    once = iter([True])

    def cancels() -> bool:
        if any(i.kind is Kind.GENERATOR for i in here.running()) and next(once, False):
            cancel(here.site, job.id, by=ENGINEER)
            here.clock.move(EVERY_S)  # when the job hears of it
        return False

    here.work(cancels)
    assert here.site.jobs.get(job.id).state is JobState.CANCELLED
    [entry] = here.entries("gone")
    assert entry.state is State.FAILED
    assert "was cancelled" in entry.error
    [learning] = here.site.ledger.items(Kind.GENERATOR, name="gone")
    assert learning.state is State.FAILED
    assert here.running() == []
    assert here.site.registry.versions() == versions
    assert here.site.tasks[TASK] == BRAIN
    assert list((here.folder / "jobs").iterdir()) == []


def test_a_disk_that_is_full_from_the_beginning_leaves_no_label_and_no_candidate(
    here: Ward, tmp_path: Path
) -> None:
    versions = here.site.registry.versions()
    wish = here.wish("crowded", here.images("crowded"))
    full = replace(here.site, blobs=Filling(here.site.blobs, lambda: True))
    with pytest.raises(StorageFull):
        add_disease(full, wish, out=tmp_path, by=ENGINEER, told=lambda _: silent)
    assert here.site.tasks[TASK] == BRAIN
    assert here.site.registry.versions() == versions
    [entry] = here.entries("crowded")
    assert (entry.state, entry.steps) == (State.FAILED, ())

    def told(_: str) -> Seen:
        raise Cancelled("It was cancelled.")

    with pytest.raises(Cancelled):
        add_disease(here.site, wish, out=tmp_path, by=ENGINEER, told=told)
    assert [each.state for each in here.entries("crowded")] == [State.FAILED] * 2


REFUSED = {
    "a class that is there": (Conflict, "has the label glioma already", {"disease": "glioma"}),
    "a title that is there": (Conflict, "already", {"title": BRAIN.labels[0].title}),
    "no name": (BadCard, "cannot be called", {"disease": "ring lesion"}),
    "a long prompt": (BadOrder, "10,000 characters", {"prompt": "x" * 10_000}),
    "no image": (BadOrder, "0 images cannot be drawn", {"n": 0}),
    "too few to measure": (BadOrder, "19 synthetic images are too few", {"n": 19}),
    "findings beside each other": (BadOrder, "stand beside", {"task": "chest-xray"}),
    "a million images": (BadOrder, "1,000,000 images cannot be drawn", {"n": 1_000_000}),
    "an impossible seed": (BadOrder, "seed cannot be -1", {"seed": -1}),
    "no such task": (UnknownTask, "no task 'knee'", {"task": "knee"}),
    "no such dataset": (NoSuchItem, "no dataset 'nothing'", {"images": "nothing"}),
    "no such data beside": (NoSuchItem, "no dataset 'nothing'", {"data": "nothing"}),
    "no such generator": (NoSuchItem, "nobody", {"generator": "nobody"}),
}


@pytest.fixture(scope="module")
def images(here: Ward) -> str:
    return here.images("other")


@pytest.mark.parametrize(("error", "words", "changes"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_added_is_refused_with_a_hint_and_leaves_nothing(
    here: Ward, images: str, error: type[RadLensError], words: str, changes: dict[str, object]
) -> None:
    before = [here.site.ledger.items(kind) for kind in Kind]
    with pytest.raises(error, match=words) as refused:
        plan_for(here.site, Wish.of(here.wish("other", images).arguments | changes))
    assert refused.value.hint
    assert [here.site.ledger.items(kind) for kind in Kind] == before


COLOURS = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
SPOILED = {
    "too few": (BadDataset, "has 4 real images of", [alike(n + 900) for n in range(4)]),
    "all the same": (BadDataset, "show only 1 pictures", [alike(1)] * 6),
    "of another kind": (
        NotThisTask,
        "1 of 6 images are refused",
        [*(alike(n + 900) for n in range(5)), COLOURS],
    ),
}


@pytest.mark.parametrize(("error", "words", "pictures"), SPOILED.values(), ids=SPOILED)
def test_images_on_record_that_cannot_teach_are_refused_and_leave_nothing(
    here: Ward, error: type[RadLensError], words: str, pictures: list[np.ndarray]
) -> None:
    n = len(pictures)
    uploads = [png(pixels) for pixels in pictures]
    wish = here.wish("spoiled", "")
    shown = stored(
        here.site, uploads, BRAIN.extended(wish.label), splits=["train"] * n, labels=[4] * n
    )
    register_data(here.site, shown)
    with pytest.raises(error, match=words):
        plan_for(here.site, replace(wish, images=shown.id))
    assert here.entries("spoiled") == []


def test_images_that_the_other_classes_have_already_end_it_before_anything_is_learned(
    here: Ward,
) -> None:
    twins = [np.asarray(Picture.open(here.folder / f"data/images/test-{i}.png")) for i in range(4)]
    mine = [alike(7000 + i) for i in range(6)]
    job = here.queue(here.wish("twin", here.images("twin", [*twins, *mine])))
    here.work()
    failure = here.site.jobs.get(job.id).failure
    assert (failure.kind, "of another split shows" in failure.message) == ("BadDataset", True)
    [entry] = here.entries("twin")
    assert (entry.state, [step.name for step in entry.steps]) == (State.FAILED, ["images"])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"generator": "stable-diffusion:/secret"}, "cannot use the generator"),
        ({"urgency": "soon"}, "urgency of a disease cannot be 'soon'"),
        ({"n": "many"}, "argument n of a disease cannot be 'many'"),
        ({"colour": "red"}, "without the argument 'colour'"),
        ({"task": None}, "argument task of a disease cannot be 'None'"),
    ],
)
def test_a_job_with_arguments_that_it_cannot_have_fails_with_a_sentence(
    here: Ward, images: str, changes: dict[str, object], words: str
) -> None:
    arguments = here.wish("other", images).arguments | changes
    job = enqueue(here.site, JobKind.DISEASE, arguments, by=ENGINEER)
    here.work()
    failure = here.site.jobs.get(job.id).failure
    assert (failure.kind, words in failure.message) == ("BadJob", True), failure
    assert here.entries("other") == []


def test_a_live_version_whose_data_is_not_here_says_which_dataset_to_import(
    here: Ward, images: str
) -> None:
    live = live_bundle(here.site, TASK).manifest
    wish = here.wish("other", images)
    away = {**live.provenance, "dataset": {"name": "slices", "sha256": "f" * 64}}
    with pytest.raises(NoSuchItem, match=r"learned from slices \(ffffffffffff\)") as refused:
        beside(here.site, wish, replace(live, provenance=away))
    assert "--data" in refused.value.hint
    with pytest.raises(BadRecipe, match="does not say how it was trained"):
        recipe_of(replace(live, provenance={}), beside(here.site, wish, live), wish)


def test_without_the_extra_it_says_which_one_is_missing() -> None:
    code = (
        "import sys\n"
        "sys.modules['diffusers'] = None\n"
        "from radlens.domain.errors import MissingExtra\n"
        "from radlens.lab.synth.find import open_base\n"
        "try:\n"
        "    open_base(None, 'compact', None)\n"
        "except MissingExtra as error:\n"
        "    print(error.message, error.hint)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "A compact generator needs the synth extra" in done.stdout, done.stderr
    assert "pip install 'radlens[lab,synth]'" in done.stdout
