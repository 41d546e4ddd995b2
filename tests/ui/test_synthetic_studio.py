"""Synthetic Studio: every step asked for on the page, done by a worker, and told from records."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from radlens.cli.kinds import KINDS
from radlens.domain.dataset import Dataset
from radlens.domain.generator import GeneratorRun
from radlens.domain.job import JobState
from radlens.domain.ledger import Kind, State
from radlens.domain.run import Run
from radlens.lab.synth.train import train
from radlens.usecases.datasets import dataset_of, register
from radlens.usecases.work import Worker, work
from tests.builders import TASKS, picture, png
from tests.lab.planted import alike
from tests.lab.synth.made import assessed, harmed, hidden, made_images, real_images
from tests.lab.synth.tiny_generator import write_synth_recipe
from tests.lab.tiny import write_dataset, write_recipe
from tests.ui.conftest import Visit

BRAIN = TASKS["brain-tumor"]


@pytest.fixture
def studio(screen) -> Callable[[], Visit]:
    return lambda: screen("synthetic_studio")


@pytest.fixture
def tiny(site, tmp_path: Path) -> None:
    """A tiny generator on record."""
    write_dataset(tmp_path / "data", BRAIN, {"train": 24, "val": 8, "test": 8})
    recipe = write_synth_recipe(tmp_path / "tiny.toml")
    train(site, recipe, data=str(tmp_path / "data"), out=tmp_path / "out", name="tiny")


@pytest.fixture
def drawn(site) -> Dataset:
    """Synthetic images on record, one of them a copy, beside the real ones."""
    real_images(site)
    pixels = [*(alike(1000 + n) for n in range(20)), hidden(4)]
    made = replace(made_images(site, pixels, name="unnamed"), name="drawn", parents=("another",))
    made = replace(made, history={"made": "synthesis"})
    register(site, made)
    return made


def press(page: Visit, label: str) -> Visit:
    next(button for button in page.at.button if button.label == label).click().run()
    assert not page.at.exception
    return page


def field(found, label: str):
    return next(each for each in found if each.label == label)


def teach(page: Visit, n: int = 6, **changes: str) -> Visit:
    told = {"name": "ring", "prompt": "a bright ring"} | changes
    field(page.at.text_input, "Name of the disease").set_value(told["name"])
    field(page.at.text_area, "What it looks like").set_value(told["prompt"])
    sent = [(f"{i}.png", png(picture(500 + i, 64, 64)), "image/png") for i in range(n)]
    page.at.file_uploader[0].set_value(sent)
    return press(page, "Learn it")


def tiny_run(site, folder: Path) -> None:
    """Put a run on record whose recipe trains in a moment."""
    recipe = write_recipe(folder / "classifier.toml").read_text()
    run = Run(
        id=site.new_id(),
        name="tiny",
        time=site.clock(),
        task=BRAIN.name,
        architecture="small-cnn",
        recipe=recipe,
        seed=3,
        dataset="d" * 64,
        code={},
        environment={},
        state=State.DONE,
    )
    site.ledger.put(run.item())


def do(site, tmp_path: Path) -> None:
    work(site, Worker("w", KINDS, tmp_path / "jobs"), once=True)


def test_where_nothing_can_learn_or_was_drawn_the_commands_are_named(studio, site) -> None:
    page = studio()
    assert "Nothing was drawn for this task yet" in page.text
    page.at.selectbox[0].set_value("neuro-rare").run()
    assert "synth train RECIPE.toml" in page.text.replace("</span> <span>", " ")
    assert "No generator of this task is here yet" in page.text


def test_a_disease_is_taught_on_the_page_and_what_was_learned_is_drawn_first(
    studio, site, tiny
) -> None:
    page = teach(studio())
    teach(page)
    [job] = site.jobs.jobs()
    assert (job.kind, job.arguments["disease"], job.arguments["prompt"]) == (
        "adapt", "ring", "a bright ring",
    )  # fmt: skip
    assert job.by.via == "page"
    assert "<b>adapt</b>" in page.text
    base = GeneratorRun.of(site.ledger.items(Kind.GENERATOR)[0])
    new = {"disease": "ring", "prompt": "a bright ring", "labels": (*base.labels, "ring")}
    site.ledger.put(replace(base, id=site.new_id(), time=site.clock(), name="ring", **new).item())

    page = studio()
    assert "Learned so far" in page.text
    assert "a bright ring" in page.text
    choice = field(page.at.selectbox, "What they are to show")
    assert choice.value == "ring"  # what was learned last is what one wants to see


def test_images_are_drawn_on_the_page_and_shown_each_with_its_mark(
    studio, site, tiny, tmp_path: Path
) -> None:
    page = studio()
    field(page.at.number_input, "How many").set_value(3)
    press(page, "Draw them")
    press(page, "Draw them")
    [order] = site.jobs.jobs()
    assert (order.kind, order.arguments["disease"], order.arguments["n"]) == (
        "generate", "glioma", 3,
    )  # fmt: skip
    do(site, tmp_path)
    text = studio().text
    assert "3 of 3 images" in text
    assert text.count("data:image/png;base64") == text.count(">synthetic</span>") == 3
    assert 'alt="synthetic glioma, number 3"' in text


def test_a_disease_whose_images_are_on_record_is_sent_to_the_registry_once(
    studio, site, tiny
) -> None:
    assert "No images of a new disease are on record yet" in studio().text
    teach(studio())
    page = studio()
    field(page.at.text_input, "What people call it").set_value("Ring")
    field(page.at.text_area, "What it is, in a plain sentence").set_value("A bright ring.")
    press(page, "Send to the registry")
    press(page, "Send to the registry")
    job, _ = site.jobs.jobs()
    [images] = site.ledger.items(Kind.DATASET, name="ring-images")
    asked = job.arguments
    assert (job.kind, asked["disease"], asked["images"]) == ("disease", "ring", images.id)
    assert (asked["title"], asked["urgency"]) == ("Ring", "critical")
    field(page.at.text_input, "What people call it").set_value("")
    press(page, "Send to the registry")
    assert 'role="alert"' in page.text


@pytest.mark.parametrize(
    ("n", "changes", "words"),
    [
        (3, {}, "cannot be learned from 3 images"),
        (0, {}, "cannot be learned from 0 images"),
        (6, {"name": ""}, "cannot be called"),
        (6, {"name": "glioma"}, "draws &#x27;glioma&#x27; already"),
    ],
)
def test_what_cannot_be_learned_is_said_and_leaves_nothing(
    studio, site, n: int, changes: dict, words: str
) -> None:
    page = teach(studio(), n, **changes)
    assert words in page.text
    assert 'role="alert"' in page.text
    assert site.jobs.jobs() == []
    assert site.ledger.items(Kind.DATASET) == []


def test_drawn_images_are_measured_judged_and_on_demand_shown_beside_real_ones_and_logged(
    studio, site, drawn, tmp_path: Path
) -> None:
    page = studio()
    assert "Nobody looked for copies of training images" in page.text
    assert "<code><span>radlens</span> <span>synth</span> <span>assess</span>" in page.text
    assert "`" not in page.text
    press(page, "Measure them")
    [job] = site.jobs.jobs()
    assert (job.kind, job.arguments["dataset"]) == ("assess", drawn.id)
    assert "Measure them" not in [button.label for button in page.at.button]
    do(site, tmp_path)
    text = studio().text
    assert "1 of 21" in text
    assert ">blocked</span>" in text
    for name in ("Frechet distance (FID)", "Kernel distance (KID)", "SSIM of two images"):
        assert name in text
    assert "Not yet: the gate blocks" in text  # nothing that is blocked is trained with

    assert "rl-sheet" not in text  # it shows real images: whoever looks at them is in the log
    page = studio()
    page.at.toggle[0].set_value(True).run()
    page.at.run()
    assert "rl-sheet" in page.text
    [item] = site.ledger.items(Kind.ASSESSMENT)
    looks = [e.act for e in site.trail.entries() if e.act.verb == "view-image"]
    assert [(act.subject, act.detail["sheet"]) for act in looks] == [(item.parents[1], item.id)]


def test_released_images_are_trained_with_once_and_blocked_ones_are_not(
    studio, site, drawn, tmp_path: Path
) -> None:
    real = site.ledger.items(Kind.DATASET, name="real")[0]
    assessed(site, drawn, dataset_of(site, real))
    tiny_run(site, tmp_path)
    page, other = studio(), studio()
    recipes = field(page.at.selectbox, "Recipe")
    recipes.select_index([title.startswith("tiny (run") for title in recipes.options].index(True))
    press(page, "Train with these")
    press(page, "Train with these")
    [job] = site.jobs.jobs()
    assert (job.arguments["data"], job.arguments["synthetic"]) == (real.id, drawn.id)
    claimed = site.jobs.claim("w", now=site.clock())
    done = claimed.finished(JobState.DONE, now=site.clock(), result={"version": "cnn-1"})
    site.jobs.finish(done, "w")
    assert "They were trained with: cnn-1 is in the Model Manager" in studio().text

    harmed(site, drawn.id, "glioma")
    press(other, "Train with these")
    assert "Not yet: the gate blocks Glioma, for the reasons above" in other.text
    assert "Train with these" not in [button.label for button in studio().at.button]
    assert len(site.jobs.jobs()) == 1


def test_a_job_that_failed_says_why(studio, site, drawn, tmp_path: Path) -> None:
    press(studio(), "Measure them")
    site.blobs.delete(drawn.images[0].digest)
    do(site, tmp_path)
    [job] = site.jobs.jobs()
    assert job.state is JobState.FAILED
    assert job.failure.message in studio().text


def test_a_dataset_that_is_damaged_is_said_and_the_rest_of_the_page_stays(
    studio, site, drawn
) -> None:
    site.blobs.delete(site.ledger.get(drawn.id).files["images"])
    page = studio()
    assert "There is no object" in page.text
    assert "Draw images" in page.text
