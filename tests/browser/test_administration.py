"""What an administrator does on the pages: versions, hot swap, and the log of it all."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from radlens.domain.archive import archive_of, parts_of
from radlens.usecases.activate import approve
from tests.browser.conftest import free_port, start
from tests.builders import TASKS, picture, png, tiny_bundle, tiny_site
from tests.versions import ME, added


def zipped(folder: Path, *, seed: int, version: str, task: str = "brain-tumor") -> bytes:
    made = tiny_bundle(folder, TASKS[task], seed=seed, version=version)
    return archive_of({path.name: path.read_bytes() for path in made.iterdir()}, version)


def go(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).click()
    page.get_by_role("heading", name=name, exact=True).wait_for()


def choose(page: Page, task: str) -> None:
    page.get_by_role("combobox").first.click()
    page.get_by_role("option", name=task).click()


def send(page: Page, archive: bytes, name: str = "bundle.zip") -> None:
    file = {"name": name, "mimeType": "application/zip", "buffer": archive}
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_text(name).first.wait_for()
    page.get_by_role("button", name="Check and register").click()


def confirm(page: Page, reason: str, *, override: bool = False) -> None:
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill(reason)
    dialog.get_by_label("Reason").press("Tab")
    if override:
        dialog.get_by_text("Override the gate").click()
    dialog.get_by_role("button", name="Confirm").click()


def live(server, task: str) -> str:
    rows = json.loads(server.get("/api/v1/models"))
    return next(row["version"] for row in rows if row["task"] == task)


@pytest.fixture
def manager(opened: Page) -> Page:
    go(opened, "Model Manager")
    choose(opened, "Brain MR slice")
    return opened


def test_a_bundle_is_sent_activated_and_rolled_back_without_a_restart(manager, server, tmp_path):
    before = live(server, "brain-tumor")
    sent = zipped(tmp_path, seed=11, version="page-1")
    send(manager, sent)
    expect(manager.get_by_text("page-1 is registered as a candidate")).to_be_visible()
    assert live(server, "brain-tumor") == before

    manager.get_by_role("button", name="Open page-1, candidate").click()
    expect(manager.get_by_role("heading", name="page-1")).to_be_visible()
    with manager.expect_download() as download:
        manager.get_by_role("button", name="Export bundle").click()
    assert download.value.suggested_filename == "brain-tumor-page-1.zip"
    assert parts_of(download.value.path().read_bytes()) == parts_of(sent)
    manager.get_by_role("button", name="Activate").click()
    confirm(manager, "It reads better")
    alert = manager.get_by_role("dialog").get_by_role("alert")
    expect(alert).to_contain_text("does not pass the gate")  # nothing was measured of it
    assert live(server, "brain-tumor") == before
    confirm(manager, "It reads better", override=True)
    expect(manager.get_by_text("page-1 is live.")).to_be_visible()
    assert live(server, "brain-tumor") == "page-1"

    manager.get_by_role("button", name="Back to the versions").click()
    expect(manager.get_by_role("heading", name="page-1 is live")).to_be_visible()
    expect(manager.get_by_text("Reason: It reads better")).to_be_visible()
    manager.get_by_role("button", name="Roll back").click()
    confirm(manager, "Second thoughts")
    expect(manager.get_by_text(f"{before} answers again.")).to_be_visible()
    assert live(server, "brain-tumor") == before


def test_cancelling_the_question_changes_nothing(manager, server, tmp_path):
    before = live(server, "brain-tumor")
    send(manager, zipped(tmp_path, seed=12, version="page-2"))
    manager.get_by_role("button", name="Open page-2, candidate").click()
    manager.get_by_role("button", name="Activate").click()
    manager.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(manager.get_by_role("dialog")).to_have_count(0)
    assert live(server, "brain-tumor") == before


def test_a_switch_is_previewed_and_a_trial_in_the_shadow_begun_and_ended(manager, tmp_path):
    send(manager, zipped(tmp_path, seed=14, version="page-4"))
    manager.get_by_role("button", name="Open page-4, candidate").click()
    expect(manager.get_by_role("list", name="Conditions of the gate")).to_be_visible()
    manager.get_by_role("button", name="Preview the alarms").click()
    expect(manager.get_by_text("the answer would change for")).to_be_visible()
    manager.get_by_role("button", name="Shadow").click()
    confirm(manager, "A look at it")
    expect(manager.get_by_text("page-4 reads in the shadow.")).to_be_visible()
    expect(manager.get_by_role("heading", name="The trial so far")).to_be_visible()
    manager.get_by_role("button", name="End the trial").click()
    confirm(manager, "Seen enough")
    expect(manager.get_by_text("page-4 is a candidate again.")).to_be_visible()


def test_what_is_no_bundle_is_refused_with_a_hint_and_the_list_stays(manager):
    send(manager, b"PK\x03\x04 no zip", "broken.zip")
    expect(manager.get_by_role("alert").get_by_text("zip file")).to_be_visible()
    expect(manager.get_by_role("table").first).to_be_visible()


def test_a_reload_after_an_activation_does_nothing_twice(manager, server, tmp_path):
    send(manager, zipped(tmp_path, seed=13, version="page-3"))
    manager.get_by_text("page-3 is registered").wait_for()
    moves = manager.get_by_role("table").last.get_by_role("row")
    moves.get_by_role("cell", name="page-3").first.wait_for()
    counted = moves.count()
    manager.reload()
    choose(manager, "Brain MR slice")
    expect(manager.get_by_role("table").last.get_by_role("row")).to_have_count(counted)


def test_the_log_tells_of_a_reading_and_leads_to_its_image(opened, server):
    opened.locator("input[type=file]").set_input_files(
        {"name": "one.png", "mimeType": "image/png", "buffer": png(picture(31))}
    )
    opened.get_by_role("heading", name="All findings").wait_for()
    go(opened, "Audit Log")
    chooser = opened.get_by_role("combobox").first
    chooser.click()
    chooser.fill("predict")  # the list is long: people type
    opened.get_by_role("option", name="predict", exact=True).click()
    told = opened.get_by_role("cell", name="predict", exact=True)
    row = opened.get_by_role("row").filter(has=told).first
    row.get_by_role("button", name=re.compile("Open [0-9,]+")).click()
    expect(opened.get_by_role("heading", name="Entry")).to_be_visible()
    image = server.get(opened.get_by_role("link", name="Image (PNG)").get_attribute("href"))
    assert image.startswith(b"\x89PNG")
    report = server.get(opened.get_by_role("link", name="Report (PDF)").get_attribute("href"))
    assert report.startswith(b"%PDF")
    opened.get_by_role("link", name="Open the image").click()
    opened.get_by_role("heading", name="All findings").wait_for()  # a page that is loaded anew


def test_the_log_verifies_at_the_press_of_a_button(opened):
    go(opened, "Audit Log")
    opened.get_by_role("button", name="Verify the log").click()
    expect(opened.get_by_text("entries verify")).to_be_visible()


def test_the_log_is_taken_along_in_each_form_and_says_so(opened, server):
    go(opened, "Audit Log")
    forms = {"JSON Lines": "jsonl", "CSV": "csv", "FHIR": "fhir.json"}
    for title, ending in forms.items():
        with opened.expect_download() as download:
            opened.get_by_role("link", name=title, exact=True).click()
        assert download.value.suggested_filename == f"radlens-audit.{ending}"
        assert "view-audit" in download.value.path().read_text()
    told = json.loads(server.get("/api/v1/audit?verb=export-audit&limit=3"))["entries"]
    assert [entry["detail"]["form"] for entry in told] == ["fhir", "csv", "jsonl"]


def test_the_log_tells_what_the_server_was_told(server):
    [told, *_] = json.loads(server.get("/api/v1/audit?verb=change-settings"))["entries"]
    assert "port" in told["detail"]["changed"]


def test_an_entry_that_is_not_there_is_a_sentence_and_a_hint(opened, server):
    opened.goto(f"{server.url}/audit-log?entry=99999999")
    expect(opened.get_by_role("alert")).to_contain_text("no entry")


def test_with_two_approvals_a_canary_waits_for_a_second_account(
    chromium: Browser, tmp_path: Path
) -> None:
    with tiny_site(tmp_path) as site:
        added(site, tmp_path, "brain-tumor", "two")
    process = start(tmp_path, port := free_port(), approvals=2)
    try:
        process.stdout.readline()
        page = chromium.new_context().new_page()
        page.goto(f"http://localhost:{port}/model-manager")
        choose(page, "Brain MR slice")
        page.get_by_role("button", name="Open two, candidate").click()
        page.get_by_role("button", name="Canary").click()
        confirm(page, "A tenth of them", override=True)
        alert = page.get_by_role("dialog").get_by_role("alert")
        expect(alert).to_contain_text("needs the approval of a second account")
        with tiny_site(tmp_path) as site:
            approve(site, "two", by=ME)
        page.get_by_role("dialog").get_by_role("button", name="Confirm").click()
        expect(page.get_by_text("two answers for 10% of the images.")).to_be_visible()
        page.context.close()
    finally:
        process.kill()
        process.communicate()
