"""Model Training as an engineer uses it: choose, start, watch, cancel, look, compare."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from radlens.bootstrap import open_site
from radlens.cli.kinds import KINDS
from radlens.domain.run import Run
from radlens.lab.train import train
from radlens.settings import Settings
from radlens.usecases.work import Worker, work
from tests.browser.boxes import choose
from tests.browser.test_about import go
from tests.browser.test_accessibility import axe, complaints  # noqa: F401 (a fixture)
from tests.builders import TASKS
from tests.lab.tiny import write_dataset, write_recipe
from tests.ui.runs import put_run

MEASURED = {"accuracy": {"value": 0.5, "low": 0.25, "high": 0.75, "n": 8}}


def site_of(server):
    """The server's site, opened beside it as a command does."""
    return open_site(Settings(home=server.home, workers=1, gallery="gallery"))


@pytest.fixture(scope="module")
def trained(server) -> str:
    """A tiny run on drawn images, whose recipe is on record with it; gives its name."""
    recipe, folder = write_recipe(server.home / "tiny.toml"), server.home / "drawn"
    write_dataset(folder, TASKS["brain-tumor"], {"train": 24, "val": 12, "test": 12})
    with site_of(server) as site:
        train(site, recipe, data=str(folder), out=server.home / "run")
    return recipe.stem


@pytest.fixture
def worker(server):
    """Do what is queued, at the priority of a person who waits; a server's worker is nicer."""

    def does() -> None:
        with site_of(server) as site:
            work(site, Worker("w", KINDS, server.home / "jobs"), once=True)

    return does


def start(page: Page, recipe: str) -> None:
    go(page, "Model Training")
    choose(page, "Recipe", f"{recipe} (run")
    page.get_by_role("heading", name=f"{recipe} (run").wait_for()
    choose(page, "Dataset to train on", "drawn (")
    page.get_by_role("button", name="Start a run").click()
    page.get_by_text("Waits for a worker").wait_for()


def test_a_run_is_started_done_by_a_worker_and_seen_with_its_curves(opened, worker, trained):
    start(opened, trained)
    worker()
    expect(opened.get_by_text("No training is queued or runs.")).to_be_visible()
    runs = opened.get_by_role("table", name=re.compile("the newest first"))
    done = runs.get_by_role("row").filter(has_text=trained).filter(has_text="done")
    expect(done).to_have_count(2)
    runs.get_by_role("button", name="Open").first.click()
    expect(opened.get_by_role("heading", name="Which epoch, and why")).to_be_visible()
    expect(opened.get_by_role("listitem").filter(has_text="memory at most")).to_contain_text("GiB")
    drawn = opened.locator("[role=graphics-document]")
    expect(drawn.nth(1)).to_have_attribute("aria-label", re.compile("in 3 epochs, at its best"))
    opened.reload()  # the address names the run
    opened.get_by_role("heading", name=trained, exact=True).wait_for()
    opened.get_by_role("button", name="Back to the runs").click()
    opened.get_by_role("heading", name="Runs", exact=True).wait_for()
    expect(opened.get_by_role("combobox", name="Runs to compare")).to_be_visible()


def test_a_queued_run_is_cancelled_on_the_page(opened, trained):
    start(opened, trained)
    opened.get_by_role("button", name="Cancel").click()
    expect(opened.get_by_text("No training is queued or runs.")).to_be_visible()
    expect(opened.get_by_text("The last ones that did not come to their end")).to_be_visible()


@pytest.fixture
def compared(opened, server, tmp_path) -> tuple[Locator, Run, Run]:
    """Two runs that were chosen; nobody trained them, so that it is known where they differ."""
    with site_of(server) as site:
        slow = put_run(site, tmp_path, (0.25, 0.5, 0.625), lr=0.001, _name="slow")
        fast = put_run(site, tmp_path, lr=0.02, _name="fast", _metrics=MEASURED)
    go(opened, "Model Training")
    card = opened.locator(".st-key-card-compared")
    expect(card).to_contain_text("Two or more of them")
    for run in (slow, fast):
        choose(opened, "Runs to compare", f"{run.name} ({run.id[:8]})")
        opened.keyboard.press("Escape")  # the list of a box for several stays open
    return card, slow, fast


def test_two_runs_are_chosen_and_seen_beside_each_other(opened, compared):
    card, slow, fast = compared
    drawn = card.locator("[role=graphics-document]")
    expect(drawn).to_have_count(2)
    for run, best in ((slow, "0.625 in epoch 3"), (fast, "0.750 in epoch 3")):
        expect(drawn.nth(1)).to_have_attribute(
            "aria-label", re.compile(rf"{run.name} \({run.id[:8]}\) from .* at its best {best}")
        )
        expect(drawn.nth(0).locator("svg").get_by_text(run.name)).to_be_visible()  # its legend
    apart = card.get_by_role("table", name="Where they differ")
    expect(apart.get_by_role("row", name="lr 0.001 0.02", exact=True)).to_be_visible()
    expect(apart.get_by_role("rowheader", name="head_lr", exact=True)).to_have_count(0)
    figures = card.get_by_role("table", name="Figures on each one's own test images")
    measured = figures.get_by_role("row").filter(has_text="not measured")
    expect(measured).to_contain_text("0.500 (0.250 to 0.750)")
    expect(card).to_contain_text("radlens evaluate ONE --against OTHER")
    opened.get_by_role("combobox", name="Runs to compare").press("Backspace")
    expect(card).to_contain_text("Two or more of them")
    expect(drawn).to_have_count(0)


def test_runs_beside_each_other_are_no_serious_barrier(opened, compared, axe):  # noqa: F811
    card, *_ = compared
    expect(card.locator("[role=graphics-document]")).to_have_count(2)
    assert complaints(opened, axe) == []
