"""Synthetic Studio in a browser: images sent, others drawn, and measured."""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import Browser, Page, expect

from radlens.cli.kinds import KINDS
from radlens.imaging.encode import made_in
from radlens.lab.synth.provenance import Provenance
from radlens.lab.synth.train import train
from radlens.usecases.datasets import register
from radlens.usecases.work import Worker, work
from tests.browser.boxes import choose
from tests.browser.conftest import PATIENCE_MS, free_port, start
from tests.browser.test_accessibility import axe, complaints  # noqa: F401 (a fixture)
from tests.builders import TASKS, picture, png, tiny_site
from tests.lab.planted import alike
from tests.lab.synth.made import HELD, TRAIN, made_images, real_images
from tests.lab.synth.tiny_generator import write_synth_recipe
from tests.lab.tiny import write_dataset

BRAIN = TASKS["brain-tumor"]
SENT = [
    {"name": f"{n}.png", "mimeType": "image/png", "buffer": png(picture(500 + n, 64, 64))}
    for n in range(6)
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with a tiny generator, real images, and drawn ones that nobody measured."""
    folder = tmp_path_factory.mktemp("studio")
    write_dataset(folder / "data", BRAIN, {"train": 24, "val": 8, "test": 8})
    recipe = write_synth_recipe(folder / "tiny.toml")
    with tiny_site(folder / "home") as site:
        train(site, recipe, data=str(folder / "data"), out=folder / "out", name="tiny")
        real_images(site)
        made = made_images(site, [alike(1000 + n) for n in range(20)], name="unnamed")
        drawn = replace(made, name="drawn", parents=("x",), history={"made": "synthesis"})
        register(site, drawn)
    return folder / "home"


@pytest.fixture(scope="module")
def do(home: Path) -> Callable[[], None]:
    """A worker that does what is queued, beside the server."""

    def once() -> None:
        with tiny_site(home) as site:
            work(site, Worker("w", KINDS, home / "jobs"), once=True)

    return once


@contextmanager
def at_the_studio(home: Path, chromium: Browser) -> Iterator[Page]:
    """The page of a server of its own on a home."""
    process = start(home, port := free_port(), gallery="gallery")
    try:
        process.stdout.readline()
        page = chromium.new_context().new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"http://localhost:{port}/synthetic-studio")
        page.get_by_role("heading", name="Synthetic Studio", exact=True).wait_for()
        yield page
        page.context.close()
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def studio(home: Path, chromium: Browser) -> Iterator[Page]:
    with at_the_studio(home, chromium) as page:
        yield page


def test_images_of_a_disease_are_sent_and_their_learning_is_queued_once(studio: Page) -> None:
    studio.get_by_role("textbox", name="Name of the disease").fill("ring_lesion")
    studio.get_by_role("textbox", name="What it looks like").fill("A bright ring")
    studio.locator("input[type=file]").set_input_files(SENT[:3])
    studio.get_by_role("button", name="Learn it").click()
    refused = studio.get_by_role("alert").filter(has_text="cannot be learned from 3 images")
    expect(refused).to_be_visible()
    studio.locator("input[type=file]").set_input_files(SENT[3:])
    studio.get_by_text("5.png").wait_for()
    studio.get_by_role("button", name="Learn it").dblclick()
    expect(studio.get_by_text("Waits for a worker")).to_have_count(1)
    expect(refused).to_have_count(0)
    studio.get_by_role("button", name="Cancel").click()
    expect(studio.locator(".rl-job").filter(has_text="adapt")).to_contain_text("cancelled")


def test_images_are_drawn_by_a_worker_and_appear_each_with_its_mark(
    studio: Page, do: Callable[[], None]
) -> None:
    studio.get_by_role("spinbutton", name="How many").fill("3")
    studio.get_by_role("button", name="Draw them").click()
    queued = studio.locator(".rl-job").filter(has_text="generate")  # not the job of before
    expect(queued).to_contain_text("queued")
    do()
    wall = studio.get_by_role("list", name="Images drawn so far")
    expect(wall.get_by_role("img", name="synthetic glioma, number 3")).to_be_visible()
    expect(wall.get_by_text("synthetic", exact=True)).to_have_count(3)


def test_what_was_drawn_is_taken_along_and_every_image_of_it_says_that_it_is_synthetic(
    studio: Page,
) -> None:
    studio.reload()
    choose(studio, "Drawn images", "glioma-synthetic (")
    choose(studio, "Real images to put them among", "real (")
    for name, real in (("Synthetic set", 0), ("Combined set", TRAIN + HELD)):
        with studio.expect_download() as download:
            studio.get_by_role("button", name=name).click()
        with ZipFile(download.value.path()) as archive:
            rows = list(csv.DictReader(archive.read("manifest.csv").decode().splitlines()))
            assert "synthetic" in archive.read("card.md").decode()
            said = {row["file"]: made_in(archive.read(row["file"])) for row in rows}
        drawn = [row for row in rows if row["synthetic"]]
        assert (len(drawn), len(rows)) == (3, 3 + real)
        assert {row["split"] for row in drawn} == {"train"}
        assert [Provenance.read(said[row["file"]]).index for row in drawn] == [0, 1, 2]
        assert sum(map(bool, said.values())) == 3


def test_drawn_images_are_measured_judged_and_shown_beside_real_ones(
    studio: Page,
    do: Callable[[], None],
    axe: str,  # noqa: F811
) -> None:
    choose(studio, "Drawn images", "drawn (")
    studio.get_by_role("button", name="Measure them").click()
    studio.get_by_text("Waits for a worker").wait_for()
    do()
    studio.get_by_text("planted copies were found").wait_for()
    expect(studio.get_by_role("table", name="What the gate says")).to_contain_text("blocked")
    for width in (1440, 390):
        studio.set_viewport_size({"width": width, "height": 1000})
        assert complaints(studio, axe) == []
    studio.get_by_text("Show them beside the real images").click()
    expect(studio.get_by_role("region", name="Nearest real images")).to_be_visible()
