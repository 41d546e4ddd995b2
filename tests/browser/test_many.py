"""A page stays usable with 10,000 cases that wait."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from bench.busy_site import fill
from radlens.domain.worklist import Rank
from radlens.settings import Settings
from tests.browser.boxes import choose, settled
from tests.browser.conftest import PATIENCE_MS
from tests.builders import furnish
from tests.server.conftest import Running, servers

CASES = 10_000


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Running]]:
    home = tmp_path_factory.mktemp("busy")
    furnish(home)
    fill(Settings(home=home, gallery="gallery"), predictions=CASES, reviews=0)
    with servers() as serve:
        yield home, serve(home, log_level="warning")


@pytest.fixture
def page(chromium: Browser, busy: tuple[Path, Running]) -> Iterator[Page]:
    with closing(chromium.new_context()) as context:
        context.set_default_timeout(PATIENCE_MS)
        yield opened(context, busy[1].port, "")


def opened(context: BrowserContext, port: int, address: str) -> Page:
    page = context.new_page()
    page.goto(f"http://localhost:{port}/{address}")
    page.locator("h1").wait_for()
    settled(page)
    return page


@pytest.mark.timeout(600)
def test_10000_cases_are_listed_by_urgency_a_page_at_a_time(page):
    page.get_by_role("link", name="Worklist & Review").click()
    rows = page.get_by_role("row").filter(has=page.get_by_role("button", name=re.compile("^Open")))
    expect(rows).to_have_count(25)
    expect(rows.filter(has_text=Rank.CRITICAL)).to_have_count(25)
    expect(page.get_by_text(re.compile(r"^10,\d{3}$"))).to_be_visible()
    page.get_by_role("button", name="Less urgent").click()
    expect(page.get_by_text("Cases 26 to 50, the most urgent first")).to_be_visible()
    settled(page)
    choose(page, "Urgency", Rank.UNREPORTED)
    expect(page.get_by_text("Cases 1 to 25, the most urgent first")).to_be_visible()
    expect(rows.filter(has_text=Rank.UNREPORTED)).to_have_count(25)
    choose(page, "State", "verified")
    expect(page.get_by_text("No case fits these filters.")).to_be_visible()
