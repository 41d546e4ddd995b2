"""What a reader does on the pages, in real Chromium on the real server."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.boxes import choose
from tests.builders import picture, png
from tests.ui import test_series as series

IMAGE = {"name": "generated.png", "mimeType": "image/png", "buffer": png(picture(5, 300, 240))}
BAD = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"not an image"}


def count(server) -> int:
    return len(json.loads(server.get("/api/v1/predictions?limit=1000")))


def read(page: Page, *files, task: str = "Chest X-ray") -> None:
    """Choose a task, send files and wait for the findings."""
    choose(page, "What to look for", task)
    page.get_by_text("Modalities: CR").wait_for()  # the other task's inlet is gone
    page.locator("input[type=file]").set_input_files(list(files))
    page.get_by_role("heading", name="All findings").wait_for()


def labels_of(chooser: Locator) -> list[str]:
    expect(chooser.locator("option")).to_have_count(13)
    return [option.get_attribute("value") for option in chooser.locator("option").all()]


def test_an_uploaded_image_becomes_findings_on_record(opened, server):
    before = count(server)
    read(opened, IMAGE)
    expect(opened.get_by_role("list", name="All findings").get_by_role("listitem")).to_have_count(
        13
    )
    expect(
        opened.get_by_text("Random weights for tests; its answers mean nothing.")
    ).to_be_visible()
    expect(opened.get_by_role("img", name="The image as it was read")).to_be_visible()
    assert count(server) == before + 1


def test_a_real_radiograph_is_read(opened, server, shared: Path):
    image = sorted((shared / "chest-xray" / "images").glob("nih_*"))[0]
    before = count(server)
    read(opened, image)
    expect(opened.get_by_role("heading", name=image.name)).to_be_visible()
    assert count(server) == before + 1


def test_opacity_and_label_change_in_the_browser_without_a_call_or_a_record(
    opened, watched, server
):
    read(opened, IMAGE)
    before = count(server)
    calls: list[str] = []
    heat = opened.locator("img.heat")
    slider = opened.get_by_role("slider", name=re.compile("Opacity"))
    expect(heat).to_have_css("opacity", "0.55")
    opened.locator(".vega-embed svg").wait_for()  # the page is complete
    watched.sent.clear()
    opened.on("request", lambda request: calls.append(request.url))

    slider.fill("20")
    expect(heat).to_have_css("opacity", "0.2")
    slider.press("ArrowRight")
    expect(heat).to_have_css("opacity", "0.21")

    chooser = opened.get_by_role("combobox", name=re.compile("Evidence for"))
    for value in labels_of(chooser):
        chooser.select_option(value)
        expect(heat).to_have_attribute("data-label", value)
        says = opened.locator(".says")
        if heat.is_visible():
            expect(says).to_contain_text("Evidence for")
        else:
            expect(says).to_contain_text("No evidence for")
    expect(heat).to_have_css("opacity", "0.21")
    assert [url for url in calls if not url.startswith("data:")] == []
    assert watched.sent == []
    assert count(server) == before


def test_labels_have_different_heat_maps(opened):
    read(opened, IMAGE)
    chooser = opened.get_by_role("combobox", name=re.compile("Evidence for"))
    sources = {}
    for value in labels_of(chooser):
        chooser.select_option(value)
        if opened.locator("img.heat").is_visible():
            sources[value] = opened.locator("img.heat").get_attribute("src")
    assert len(sources) > 1
    assert len(set(sources.values())) == len(sources)


def test_a_bad_file_beside_a_good_one_says_why_and_stops_nothing(opened, server):
    before = count(server)
    read(opened, BAD, IMAGE)
    beside = opened.get_by_role("alert").filter(has_text="notes.txt")
    expect(beside).to_contain_text("neither PNG, JPEG nor DICOM")
    expect(beside).to_contain_text("Send a PNG, a JPEG or a DICOM file")
    assert count(server) == before + 1


def test_a_photo_gets_no_findings_on_the_page(opened, server):
    before = count(server)
    pixels = np.stack([picture(seed, 300, 240) for seed in range(3)], 2)
    photo = {"name": "holiday.png", "mimeType": "image/png", "buffer": png(pixels)}
    read(opened, IMAGE, photo)
    expect(opened.get_by_role("alert")).to_contain_text("It is in colour, as photographs are")
    expect(opened.get_by_role("list", name="All findings")).to_have_count(1)
    assert count(server) == before + 1


def test_leaving_the_page_and_a_reload_make_no_second_record_and_lose_nothing(opened, server):
    before = count(server)
    read(opened, IMAGE)
    opened.get_by_role("link", name="History").click()
    opened.get_by_role("button", name=re.compile("^Open ")).first.wait_for()
    opened.get_by_role("link", name="Live Prediction").click()
    opened.get_by_role("heading", name="generated.png").wait_for()
    opened.reload()
    opened.get_by_role("heading", name="All findings").wait_for()
    assert count(server) == before + 1


def test_history_opens_a_prediction_and_back_leads_to_the_list(opened, server):
    read(opened, IMAGE)
    [newest] = json.loads(server.get("/api/v1/predictions?limit=1"))
    opened.get_by_role("link", name="History").click()
    first = opened.get_by_role("button", name=re.compile("^Open ")).first
    first.focus()
    first.press("Enter")
    opened.get_by_role("heading", name="All findings").wait_for()
    expect(opened.get_by_text(newest["prediction_id"])).to_be_visible()
    opened.go_back()
    opened.get_by_role("button", name=re.compile("^Open ")).first.wait_for()


@pytest.mark.parametrize(("button", "start"), [("PDF report", b"%PDF"), ("JSON", b"{")])
def test_report_and_json_can_be_downloaded(opened, server, button, start):
    read(opened, IMAGE)
    with opened.expect_download() as download:
        opened.get_by_role("button", name=button).click()
    content = Path(download.value.path()).read_bytes()
    assert content.startswith(start)
    [newest] = json.loads(server.get("/api/v1/predictions?limit=1"))
    assert newest["prediction_id"] in download.value.suggested_filename


def test_a_task_without_a_model_says_what_to_do(opened):
    opened.get_by_role("combobox").first.click()
    opened.get_by_role("option", name=re.compile("No model yet")).click()
    expect(opened.get_by_role("alert")).to_contain_text("No live model answers")
    expect(opened.get_by_role("alert")).to_contain_text("radlens train")


def test_nothing_is_cut_off_on_a_phone(opened):
    opened.set_viewport_size({"width": 390, "height": 844})
    read(opened, IMAGE)
    wide = opened.evaluate(
        "[...document.querySelectorAll('[data-testid=stMain] *')]"
        ".filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && e.checkVisibility())"
        ".map((e) => e.tagName + '.' + e.className).slice(0, 5)"
    )
    assert wide == []


def test_letters_come_from_local_files(opened):
    assert opened.evaluate("document.fonts.ready.then(() => document.fonts.check('16px Roboto'))")
    family = opened.evaluate("getComputedStyle(document.querySelector('h1')).fontFamily")
    assert family.startswith("Roboto")


def test_the_chart_can_be_read_aloud(opened):
    read(opened, IMAGE)
    chart = opened.locator("[role=graphics-document]")
    expect(chart).to_have_attribute("aria-label", re.compile("Probability of each finding: .*%"))
    for title in ("Pneumothorax", "Pleural thickening"):
        expect(chart.locator("svg").get_by_text(title, exact=True)).to_be_visible()


def test_two_tabs_with_one_list_make_no_second_record(opened, server):
    read(opened, IMAGE)
    before = count(server)
    other = opened.context.new_page()
    other.goto(opened.url)
    other.get_by_role("heading", name="generated.png").wait_for()
    other.locator("input[type=file]").set_input_files([IMAGE, BAD])
    expect(other.get_by_role("alert").filter(has_text="notes.txt")).to_be_visible()
    assert count(server) == before
    opened.reload()
    expect(opened.get_by_role("alert").filter(has_text="notes.txt")).to_be_visible()


def test_the_files_of_a_series_stand_together_under_a_heading_that_tells_of_the_most_urgent(
    opened, server
):
    before = count(server)
    sent = [
        {"name": name, "mimeType": kind, "buffer": content}
        for name, content, kind in (series.LATE, series.ALONE, series.EARLY, series.CUT)
    ]
    read(opened, *sent)
    expect(opened.get_by_text("3 of 4 files read, 1 not read.")).to_be_visible()
    files = opened.get_by_role("list", name="Files of this list")
    together = files.get_by_role("list", name="Series of 3 images")
    order = [re.compile(rf"^{name}\.dcm") for name in ("cut", "early", "late")]
    expect(together.get_by_role("listitem")).to_contain_text(order)
    groups = files.locator("> li")
    expect(groups).to_contain_text(["Series of", "alone.dcm"])
    heading = groups.first.locator("> .rl-line")
    expect(heading).to_contain_text("Series of 3 images most urgent of 2 answers, early.dcm:")
    expect(heading).to_contain_text("urgency: critical")
    expect(together.get_by_role("alert")).to_contain_text("damaged or cut short")
    expect(groups.last).not_to_contain_text("Series of")
    inset = together.bounding_box()["x"] - heading.bounding_box()["x"]
    assert inset > 0  # it is seen that these belong together
    assert count(server) == before + 3
