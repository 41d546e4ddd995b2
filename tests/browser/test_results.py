"""Evaluation & Results as a person uses it: choose, move the threshold, take it along."""

import csv
import io
import json
import re
import zipfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from radlens.domain.task import Mode
from radlens.lab.answers import Answers
from radlens.lab.compare import compare
from radlens.lab.curves import curves
from radlens.lab.evaluate import evaluate
from radlens.lab.evaluation_item import compared, evaluated
from radlens.lab.selective import risk_coverage
from tests.browser.boxes import choose, settled
from tests.builders import TASKS, tiny_site
from tests.evaluations import SUBJECT, an_evaluation

TASK, DATA = TASKS["brain-tumor"], "measured"
PREVALENCE = "Prevalence where it is used, in %"


def answers(seed: int, *, skill: float) -> Answers:
    """Four classes of 160 cases; a larger ``skill`` is more often right."""
    rng = np.random.default_rng(7)
    truth = np.eye(4)[rng.integers(0, 4, 160)]
    logits = np.random.default_rng(seed).normal(size=(160, 4)) + skill * truth
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    claimed = p == p.max(1, keepdims=True)
    return Answers(p, truth, claimed, np.arange(160), TASK.names, Mode.MULTI_CLASS)


@pytest.fixture(scope="module")
def measured(server) -> str:
    """The live version was measured by the lab, and compared with one that is less skilled."""
    one, other = answers(1, skill=2.0), answers(2, skill=1.0)
    with tiny_site(server.home) as site:
        digest = site.live.current(TASK.name).ref.digest
        subject = replace(SUBJECT, dataset=DATA, model_digest=digest)
        second = replace(subject, model="tiny-2", model_digest="12" * 32)
        found = replace(
            an_evaluation(),
            subject=subject,
            scores=evaluate(one, seed=1, count=100),
            curves=curves(one, seed=1, count=50),
            risk_coverage=risk_coverage(one, seed=1, count=50),
        )
        item = evaluated(site, found, TASK, {}, site.clock()).item
        paired = compare(one, other, subjects=(subject, second), seed=1)
        site.ledger.put(item)
        site.ledger.put(compared(site, paired, TASK, item.id, site.clock()).item)
    return subject.model


@pytest.fixture
def page(opened: Page, measured: str) -> Page:
    """The page with what was measured, chosen by version as a person would."""
    opened.get_by_role("link", name="Evaluation & Results").click()
    opened.get_by_role("heading", name="Evaluation & Results", exact=True).wait_for()
    settled(opened)
    opened.get_by_role("combobox", name="Version").click()
    opened.get_by_role("option", name=re.compile(measured)).first.click()
    opened.get_by_role("heading", name=measured, exact=True).wait_for()
    settled(opened)
    return opened


def explorer(page: Page) -> Locator:
    return page.get_by_role("table", name=re.compile("^At a threshold of"))


def cell(page: Page, name: str) -> Locator:
    return explorer(page).get_by_role("row").filter(has_text=name).get_by_role("cell").first


def taken(page: Page, button: str) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    return Path(download.value.path()).read_bytes()


def test_a_person_moves_the_threshold_and_sets_the_prevalence(page):
    expect(page.get_by_text(re.compile(f"Measured on: {DATA}, split test, 20"))).to_be_visible()
    slider = page.get_by_role("slider")
    slider.focus()
    slider.press("Home")  # everything is reported
    expect(cell(page, "Sensitivity")).to_have_text(re.compile(r"^1\.000 "))
    expect(cell(page, "Specificity")).to_have_text(re.compile(r"^0\.000 "))
    slider.press("End")
    expect(cell(page, "Sensitivity")).not_to_have_text(re.compile(r"^1\.000 "))
    worth = cell(page, "Negative predictive value").inner_text()
    prevalence = page.get_by_role("spinbutton", name=PREVALENCE)
    prevalence.fill("2")
    prevalence.press("Enter")
    expect(explorer(page).get_by_text("at a prevalence of 2.00 %").first).to_be_visible()
    expect(page.get_by_text(re.compile("Of 1,000 people of whom 20 have it"))).to_be_visible()
    assert cell(page, "Negative predictive value").inner_text() != worth


def test_charts_are_heard_and_the_chosen_threshold_is_on_the_curve(page):
    charts = page.locator("[role=graphics-document]")
    for words in ("ROC of ", "Precision and recall of ", "Reliability of ", "AUROC of each label"):
        expect(charts.and_(page.locator(f"[aria-label^='{words}']"))).to_have_count(1)
    said = page.locator("[aria-label^='Sensitivity and specificity of']")
    expect(said).to_have_attribute("aria-label", re.compile(r"At .* %: sensitivity \d\.\d{3} \("))
    before = said.get_attribute("aria-label")
    page.get_by_role("slider").focus()
    page.get_by_role("slider").press("End")
    expect(said).not_to_have_attribute("aria-label", before)


def test_another_label_has_its_own_curves_and_keeps_what_was_set(page):
    choose(page, "Label", "Pituitary")
    expect(page.get_by_role("heading", name=re.compile("Threshold explorer: Pit"))).to_be_visible()
    expect(page.locator("[aria-label^='ROC of Pituitary']")).to_have_count(1)


def test_the_report_the_figures_and_the_curves_are_taken_along(page, server):
    rows = list(csv.DictReader(io.StringIO(taken(page, "Curves (CSV)").decode())))
    assert {row["of"] for row in rows} > {"pituitary", "whole"}
    assert "positive predictive value at a prevalence of one half" in {row["what"] for row in rows}
    with zipfile.ZipFile(io.BytesIO(taken(page, "Figures (ZIP)"))) as archive:
        names = {Path(name).name for name in archive.namelist()}
    assert {"roc.png", "roc.json", "risk-coverage.png", "confusion.png"} <= names
    assert taken(page, "Report (PDF)").startswith(b"%PDF")
    assert DATA in taken(page, "Report (Markdown)").decode()
    record = json.loads(taken(page, "Record (JSON)"))
    shown = page.get_by_role("listitem").filter(has_text=re.compile("Accuracy"))
    expect(shown).to_contain_text(f"{record['scores']['whole']['accuracy']['value']:.3f}")
    looks = json.loads(server.get("/api/v1/audit?verb=view-image"))
    assert record["subject"]["dataset_id"] in json.dumps(looks)


def test_two_versions_stand_side_by_side_with_the_test_on_record(page):
    expect(page.get_by_role("heading", name="tiny-1 less tiny-2")).to_be_visible()
    table = page.get_by_role("table", name=re.compile("All labels together"))
    row = table.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Accuracy"))
    expect(row.first).to_contain_text("McNemar, exact")


def test_the_address_leads_back_to_the_same_evaluation(page, measured):
    address = page.url
    assert "evaluation=" in address
    page.goto(address)
    page.get_by_role("heading", name=measured, exact=True).wait_for()


def test_headings_go_down_one_level_at_a_time(page):
    levels = page.evaluate(
        "[...document.querySelectorAll('[data-testid=stMain] :is(h1,h2,h3,h4,h5,h6)')]"
        ".map((e) => Number(e.tagName[1]))"
    )
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
