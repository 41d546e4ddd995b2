"""The pages that say what this is, what it runs on and what comes: as a visitor sees them."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import Page, expect

from radlens.cli.app import app
from tests.browser.boxes import settled

PAGES = (
    "Overview",
    "Dataset Insights",
    "System Architecture",
    "Model Training",
    "Experiments & Failures",
    "Future Scope",
)
UNDRAWN = "[data-stale=true], [data-testid=stSkeleton]"  # of the page before, or still to come
NONE_TOO_WIDE = """() => ![...document.querySelectorAll('[data-testid=stMain] *')].some(
  (e) => e.getBoundingClientRect().right > innerWidth + 1 && e.checkVisibility())"""
STEP_BY_STEP = """() => {
  const found = document.querySelectorAll('[data-testid=stMain] :is(h1,h2,h3,h4,h5,h6)');
  const levels = [...found].map((e) => Number(e.tagName[1]));
  return levels.lastIndexOf(1) === 0 && levels.every((n, i) => !i || n <= levels[i - 1] + 1);
}"""


@pytest.fixture(scope="module")
def phantoms(server) -> str:
    """The name of a dataset that was made and scanned with the commands that people use."""
    name = "phantoms"
    folder = server.home / name
    for words in (
        ("data", "phantom", "--task", "brain-tumor", "-n", "12", "--out", str(folder)),
        ("data", "import", str(folder), "--task", "brain-tumor", "--name", name),
        ("data", "scan", name),
    ):
        done = CliRunner().invoke(app, words, env={"RADLENS_HOME": str(server.home)})
        assert done.exit_code == 0, done.output
    return name


def go(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).click()
    page.get_by_role("heading", name=name, exact=True).wait_for()
    settled(page)
    expect(page.get_by_test_id("stMain").locator(UNDRAWN)).to_have_count(0)


def count(server) -> int:
    return len(json.loads(server.get("/api/v1/predictions?limit=1000")))


def test_the_pages_stand_in_their_order(opened):
    links = opened.get_by_test_id("stSidebarNav").get_by_role("link")
    order = [text.strip() for text in links.all_inner_texts()]
    numbered = ["Overview", "Dataset Insights", "System Architecture"]
    numbered += ["Model Training", "Experiments & Failures", "Live Prediction", "Future Scope"]
    assert [name for name in order if name in numbered] == numbered


def test_a_first_reading_is_one_click_away_and_one_record(opened, server):
    before = count(server)
    go(opened, "Overview")
    opened.get_by_role("button", name="Read a sample image").click()
    opened.get_by_role("heading", name="Live Prediction").wait_for()
    opened.get_by_role("heading", name="All findings").wait_for()
    expect(opened.get_by_role("heading", name="brain-average.png")).to_be_visible()
    go(opened, "Overview")
    opened.get_by_role("button", name="Read a sample image").click()
    opened.get_by_role("heading", name="All findings").wait_for()
    assert count(server) == before + 1
    go(opened, "Overview")
    counted = opened.get_by_role("listitem").filter(has_text="predictions on record")
    expect(counted).to_contain_text(re.compile(rf"^\s*{before + 1:,}"))


def test_published_figures_lead_to_their_source(opened):
    go(opened, "Overview")
    source = opened.get_by_role("link", name=re.compile("Insights into Imaging"))
    expect(source).to_have_attribute("href", re.compile(r"^https://doi\.org/10\."))
    expect(source).to_have_attribute("rel", "noopener noreferrer")


def test_a_walk_is_measured_at_the_press_of_a_button_and_records_nothing(opened, server):
    before = count(server)
    go(opened, "System Architecture")
    opened.get_by_role("button", name="Measure: ").click()
    walk = opened.get_by_role("table", name=re.compile("medians of"))
    expect(walk.get_by_role("row")).to_have_count(6)
    for stage in ("decode", "prepare", "forward", "findings", "record"):
        row = walk.get_by_role("row").filter(has=opened.get_by_role("rowheader", name=stage))
        expect(row).to_contain_text(re.compile(r"\d+\.\d ms"))
    assert count(server) == before
    expect(opened.get_by_role("img", name=re.compile("not measured"))).to_have_count(0)
    opened.reload()
    expect(walk.get_by_role("row")).to_have_count(6)
    go(opened, "Overview")
    expect(opened.get_by_role("row", name="One image")).to_contain_text("ms from file to record")


def test_the_pipeline_is_drawn_wide_on_a_screen_and_tall_on_a_phone(opened):
    go(opened, "System Architecture")
    drawn = opened.get_by_role("img", name=re.compile("Generative half"))
    expect(drawn).to_have_count(1)  # the other one is not there for anybody
    wide = drawn.bounding_box()
    assert wide["width"] > 2 * wide["height"]
    opened.set_viewport_size({"width": 390, "height": 844})
    opened.get_by_role("heading", name="The pipeline").wait_for()
    expect(drawn).to_have_count(1)
    tall = drawn.bounding_box()
    assert tall["height"] > tall["width"]


def test_the_roadmap_counts_what_it_lists(opened):
    go(opened, "Future Scope")
    items = opened.get_by_role("table", name="Every item").get_by_role("row")
    for state in ("on this site", "in part", "not yet"):
        tile = opened.get_by_role("listitem").filter(has_text=state)
        listed = items.filter(has=opened.get_by_text(state, exact=True))
        expect(tile).to_contain_text(str(listed.count()))
    expect(opened.get_by_text("RadLens is no medical device.")).to_be_visible()


def test_a_dataset_is_looked_at_and_its_card_taken_along(opened, phantoms):
    go(opened, "Dataset Insights")
    opened.get_by_role("combobox", name="Dataset").click()
    opened.get_by_role("option", name=phantoms).click()
    opened.get_by_role("heading", name=phantoms, exact=True).wait_for()
    expect(opened.get_by_role("list", name="Images of the dataset")).to_be_visible()
    chart = opened.locator("[role=graphics-document]").first
    expect(chart).to_have_attribute("aria-label", re.compile("Positive images of each label"))
    with opened.expect_download() as download:
        opened.get_by_role("button", name="Dataset card").click()
    assert download.value.suggested_filename == f"{phantoms}-card.md"
    assert f"# {phantoms}" in Path(download.value.path()).read_text()
    opened.reload()  # the address names the dataset
    opened.get_by_role("heading", name=phantoms, exact=True).wait_for()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_is_cut_off(opened, name, width):
    go(opened, name)
    opened.set_viewport_size({"width": width, "height": 900})
    opened.wait_for_function(NONE_TOO_WIDE)  # a chart is drawn again at its new width


@pytest.mark.parametrize("name", PAGES)
def test_headings_go_down_one_level_at_a_time(opened, name):
    go(opened, name)
    opened.wait_for_function(STEP_BY_STEP)  # parts of a page may be drawn out of their order
