"""A disease from a few images, all of it on the pages: sent, added, activated, and read."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from radlens.bootstrap import open_site
from radlens.cli.kinds import KINDS
from radlens.settings import Settings
from radlens.usecases.work import Worker, work
from tests.browser.boxes import settled
from tests.browser.conftest import PATIENCE_MS, free_port, start
from tests.browser.test_administration import confirm, go
from tests.builders import png
from tests.lab.disease.ward import build
from tests.lab.planted import alike

FEW = [
    {"name": f"{n}.png", "mimeType": "image/png", "buffer": png(alike(9000 + n))} for n in range(10)
]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return build(tmp_path / "ward") / "home"


def test_a_disease_that_was_sent_is_among_the_answers_after_its_activation_without_a_restart(
    home: Path, chromium: Browser
) -> None:
    def do() -> None:
        with open_site(Settings(home=home, workers=1, gallery="gallery")) as site:
            work(site, Worker("w", KINDS, home / "jobs"), once=True)

    process = start(home, port := free_port(), gallery="gallery")
    try:
        assert "answers at" in process.stdout.readline()
        page = chromium.new_page(viewport={"width": 1440, "height": 1000})
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"http://localhost:{port}/synthetic-studio")
        page.get_by_role("textbox", name="Name of the disease").fill("ring_lesion")
        page.get_by_role("textbox", name="What it looks like").fill("A bright ring")
        page.locator("input[type=file]").set_input_files(FEW)
        page.get_by_text("9.png").wait_for()
        page.get_by_role("button", name="Learn it").click()
        page.locator(".rl-job").filter(has_text="adapt").wait_for()
        page.get_by_role("button", name="Cancel").click()  # adding it learns it anew
        expect(page.locator(".rl-job").filter(has_text="adapt")).to_contain_text("cancelled")

        page.get_by_role("textbox", name="What people call it").fill("Ring lesion")
        page.get_by_role("textbox", name="What it is, in a plain").fill("A ring around a dark one.")
        page.get_by_role("spinbutton", name="Synthetic images to draw").fill("20")
        settled(page)
        page.get_by_role("button", name="Send to the registry").click()
        adding = page.locator(".rl-job").filter(has_text="disease")
        expect(adding).to_contain_text("queued")
        do()
        added = page.get_by_text("Ring lesion, 2")  # and the day
        expect(added).to_contain_text("done")
        added.click()
        steps = page.get_by_role("table", name="What was done, and where it is on record")
        expect(steps.get_by_role("row")).to_have_count(11)

        page.get_by_role("button", name="Open the Model Manager").click()
        page.get_by_role("heading", name="Model Manager", exact=True).wait_for()
        page.get_by_role("button", name=re.compile("^Open small-cnn.*, candidate")).click()
        page.get_by_role("button", name="Activate").click()
        confirm(page, "A test of the whole walk", override=True)
        expect(page.get_by_text("is live.")).to_be_visible()

        go(page, "Live Prediction")
        page.locator("input[type=file]").set_input_files(FEW[:1])
        expect(page.get_by_text("Ring lesion").first).to_be_visible()
    finally:
        process.kill()
        process.communicate()
