"""Experiments & Failures as a researcher uses it: filter, look at the ladder, look at failures."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect

from radlens.lab.evaluation_run import Plan, run_evaluation
from radlens.storage.ledger import item_of
from tests.browser.test_about import go
from tests.browser.test_training import choose, site_of
from tests.builders import TASKS
from tests.lab.tiny import write_dataset

LADDER = Path(__file__).parents[2] / "docs" / "studies" / "ladder" / "study.json"


@pytest.fixture(scope="module")
def studied(server):
    """The ladder as it was measured, and an evaluation of the live model on drawn images."""
    folder = server.home / "asked"
    write_dataset(folder, TASKS["brain-tumor"], {"test": 12})
    with site_of(server) as site:
        study = item_of(json.loads(LADDER.read_text()))
        report = site.blobs.put(LADDER.with_name("report.md").read_bytes())
        site.ledger.put(replace(study, files={"report.md": report}))
        run_evaluation(site, "brain-tumor", str(folder), Plan(robustness=False))


def test_what_was_tried_is_narrowed_down_and_the_ladder_is_drawn(opened, studied):
    go(opened, "Experiments & Failures")
    tried = opened.get_by_role("table", name=re.compile("the newest first"))
    expect(tried.get_by_role("columnheader", name="Lesson")).to_be_visible()
    choose(opened, "Verdict", "did not help")
    opened.keyboard.press("Escape")
    expect(tried.get_by_text("did not help").first).to_be_visible()
    drawn = opened.locator("[role=graphics-document]").first
    expect(drawn).to_have_attribute("aria-label", re.compile("claimed by others for synthetic"))
    claims = opened.get_by_role("table", name="Claims beside what was measured")
    expect(claims.get_by_role("row").filter(has_text="published by")).to_have_count(3)
    with opened.expect_download() as download:
        opened.get_by_role("button", name="Report of the study").click()
    assert download.value.suggested_filename == "ladder-report.md"


def test_failures_are_looked_at_with_their_heat_maps(opened, studied):
    go(opened, "Experiments & Failures")
    shown = opened.get_by_role("list", name="Failures").get_by_role("listitem")
    expect(shown.first.get_by_role("img", name=re.compile("image and heat map"))).to_be_visible()
    every = shown.count()
    choose(opened, "Kind of error", "false negative")
    expect(shown.first).to_contain_text("False negative")
    assert 0 < shown.count() < every
