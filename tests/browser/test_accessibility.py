"""axe-core looks at every page, empty and with records, and has nothing serious to say."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from radlens.domain.audit import Actor
from radlens.usecases.predict import predict
from tests.browser.boxes import settled
from tests.builders import picture, png, tiny_site

AXE = Path(__file__).parents[2] / ".axe" / "axe.min.js"
SERIOUS = ("serious", "critical")
PAGES = (
    "Overview",
    "Dataset Insights",
    "System Architecture",
    "Model Training",
    "Experiments & Failures",
    "Evaluation & Results",
    "Synthetic Studio",
    "Live Prediction",
    "Worklist & Review",
    "History",
    "Future Scope",
    "Model Manager",
    "Audit Log",
    "Settings & Health",
)
IMAGE = {"name": "one.png", "mimeType": "image/png", "buffer": png(picture(41, 200, 160))}
BAD = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"not an image"}


@pytest.fixture(scope="module")
def axe() -> str:
    if not AXE.exists():
        print("\nSKIPPED LOUDLY: axe-core is not here; `scripts/setup test` fetches it by npm.")
        pytest.skip("axe-core was not fetched (scripts/setup test)")
    return AXE.read_text(encoding="utf-8")


def address(name: str) -> str:
    """Where a page of this name is."""
    return "" if name == "Live Prediction" else name.lower().replace(" & ", "-").replace(" ", "-")


def complaints(page: Page, axe: str) -> list[str]:
    """What axe finds serious in a page: the rule and the element that breaks it."""
    settled(page)
    page.locator("[data-testid=stSidebarNavItems][role=none]").wait_for(state="attached")
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {node['html'][:160]} {node['any'][:1]}"
        for violation in found["violations"]
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_serious_barrier(opened, axe, server, name):
    opened.goto(f"{server.url}/{address(name)}")
    opened.get_by_role("heading", name=name, exact=True).wait_for()
    for width in (1440, 390):
        opened.set_viewport_size({"width": width, "height": 1000})
        assert complaints(opened, axe) == []


def test_a_result_has_no_serious_barrier(opened, axe):
    opened.locator("input[type=file]").set_input_files([IMAGE])
    opened.get_by_role("heading", name="All findings").wait_for()
    opened.locator(".vega-embed svg").wait_for()
    assert complaints(opened, axe) == []


def test_a_bad_file_among_good_ones_is_no_serious_barrier(opened, axe):
    opened.locator("input[type=file]").set_input_files([BAD, IMAGE])
    opened.get_by_role("heading", name="All findings").wait_for()
    opened.get_by_role("alert").filter(has_text="notes.txt").wait_for()
    for width in (1440, 390):
        opened.set_viewport_size({"width": width, "height": 1000})
        assert complaints(opened, axe) == []


def test_the_form_for_an_opinion_of_ones_own_has_no_serious_barrier(opened, axe):
    opened.get_by_text("Blind first").click()
    opened.locator("input[type=file]").set_input_files([IMAGE])
    opened.get_by_role("button", name="Record my opinion").wait_for()
    for width in (1440, 390):
        opened.set_viewport_size({"width": width, "height": 1000})
        assert complaints(opened, axe) == []


def test_a_review_has_no_serious_barrier(opened, axe, server):
    with tiny_site(server.home) as site:
        predict(site, png(picture(43)), task="chest-xray", by=Actor("tester", "cli"))
    opened.goto(f"{server.url}/worklist-review")
    opened.get_by_role("button", name="Take the next case").click()
    opened.get_by_role("list", name="Findings to review").wait_for()
    opened.get_by_role("button", name="Reject").first.click()
    for width in (1440, 390):
        opened.set_viewport_size({"width": width, "height": 1000})
        assert complaints(opened, axe) == []


def test_axe_sees_a_barrier_that_was_put_there(opened, axe):
    opened.evaluate(
        "document.querySelector('h1').insertAdjacentHTML('afterend', '<img width=9 height=9>')"
    )
    assert [text for text in complaints(opened, axe) if text.startswith("image-alt")]
