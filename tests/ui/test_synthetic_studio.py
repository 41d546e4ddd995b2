"""Synthetic Studio: every step asked for on the page, done by a worker, and told from records."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from radlens.cli.kinds import KINDS
from radlens.domain.dataset import Dataset
from radlens.domain.job import JobState
from radlens.domain.ledger import Kind
from radlens.lab.synth.assess import assess
from radlens.lab.synth.train import train
from radlens.usecases.datasets import register
from radlens.usecases.work import Worker, work
from tests.builders import TASKS, picture, png
from tests.lab.planted import alike
from tests.lab.synth.made import hidden, made_images, real_images
from tests.lab.synth.tiny_generator import write_synth_recipe
from tests.lab.tiny import write_dataset
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


def do(site, tmp_path: Path) -> None:
    work(site, Worker("w", KINDS, tmp_path / "jobs"), once=True)


def test_where_nothing_can_learn_or_was_drawn_the_commands_are_named(studio, site) -> None:
    page = studio()
    assert "Nothing was drawn for this task yet" in page.text
    page.at.selectbox[0].set_value("chest-xray").run()
    assert "synth train RECIPE.toml" in page.text.replace("</span> <span>", " ")
    assert "No generator of this task is here yet" in page.text


def test_a_disease_is_taught_and_drawn_on_the_page(studio, site, tiny, tmp_path: Path) -> None:
    page = teach(studio())
    teach(page)
    [job] = site.jobs.jobs()
    assert (job.kind, job.arguments["disease"], job.arguments["prompt"]) == (
        "adapt", "ring", "a bright ring",
    )  # fmt: skip
    assert job.by.via == "page"
    assert "<b>adapt</b>" in page.text
    do(site, tmp_path)
    assert site.jobs.get(job.id).state is JobState.DONE, site.jobs.get(job.id).failure

    page = studio()
    assert "Learned so far" in page.text
    assert "a bright ring" in page.text
    choice = field(page.at.selectbox, "What they are to show")
    assert choice.value == "ring"  # what was learned last is what one wants to see
    field(page.at.number_input, "How many").set_value(3)
    press(page, "Draw them")
    press(page, "Draw them")
    order = site.jobs.jobs()[0]
    assert (order.kind, order.arguments["n"], len(site.jobs.jobs())) == ("generate", 3, 2)
    do(site, tmp_path)
    text = studio().text
    assert "3 of 3 images" in text
    assert text.count("data:image/png;base64") == text.count(">synthetic</span>") == 3
    assert 'alt="synthetic ring, number 3"' in text


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


def test_drawn_images_are_measured_on_the_page_and_the_gate_says_what_that_means(
    studio, site, drawn, tmp_path: Path
) -> None:
    page = studio()
    assert "Nobody looked for copies of training images" in page.text
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
    assert "Not yet. " in text  # nothing that is blocked is trained with


def test_the_sheet_of_neighbours_is_shown_on_demand_and_is_one_look_in_the_log(
    studio, site, drawn
) -> None:
    item = assess(site, drawn.id, against="real").item
    page = studio()
    assert "rl-sheet" not in page.text
    page.at.toggle[0].set_value(True).run()
    page.at.run()
    assert "rl-sheet" in page.text
    looks = [e.act for e in site.trail.entries() if e.act.verb == "view-image"]
    assert [(act.subject, act.detail["sheet"]) for act in looks] == [(item.parents[1], item.id)]


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
