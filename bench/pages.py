"""How long somebody waits for a page of a site with 100,000 predictions, in real Chromium.

``python -m bench.pages`` says of each page on the way, to whoever looks, what its part is.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, sync_playwright

from bench.busy_site import fill
from bench.figure import Figure, once, show
from bench.registry_live import DATABASES, database
from bench.server import serving
from bench.timing import seconds
from radlens.settings import Settings
from tests.browser.conftest import CHROMIUM, FLAGS

PREDICTIONS, REVIEWS, ROUNDS = 100_000, 3_000, 5
WORKLIST = "Worklist & Review"
PATIENCE_MS = 120_000
LINKS = "stSidebarNavLink"


def changes(settings: Settings, *, rounds: int) -> dict[str, float]:
    """The median seconds from the click on each page's link until the page stands still.

    Before, each page was opened once, as somebody has who works here.
    """
    with _opened(settings) as page:
        titles = page.get_by_test_id(LINKS).all_inner_texts()
        for title in titles:
            _turn_to(page, title)
        taken = [
            [seconds(lambda title=title: _turn_to(page, title)) for title in titles]  # type: ignore[misc]
            for _ in range(rounds)
        ]
    return dict(zip(titles, map(median, zip(*taken, strict=True)), strict=True))


@contextmanager
def _opened(settings: Settings) -> Iterator[Page]:
    named = {"database": settings.database} if settings.database else {}
    with serving(settings.home, 2, **named) as (port, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"http://localhost:{port}")
        page.get_by_test_id(LINKS).last.wait_for()
        yield page
        browser.close()


def _turn_to(page: Page, title: str) -> None:
    page.get_by_test_id(LINKS).get_by_text(title, exact=True).click()
    page.get_by_role("heading", name=title, exact=True).wait_for()
    page.locator("[data-test-script-state=notRunning]").wait_for()


def _figures(kind: str) -> list[Figure]:
    @once
    def taken() -> dict[str, float]:
        with TemporaryDirectory() as home, database(kind) as url:
            settings = Settings(home=Path(home), database=url)
            fill(settings, predictions=PREDICTIONS, reviews=REVIEWS)
            found = changes(settings, rounds=ROUNDS)
        for title, took in sorted(found.items(), key=lambda pair: pair[1]):
            print(f"  {title}: {took:.2f} s", file=sys.stderr)
        return found

    return [
        Figure(f"page-change-seconds/{kind}", "<=1.5", lambda: median(taken().values())),
        Figure(f"worklist-opened-seconds/{kind}", "<=1.5", lambda: taken()[WORKLIST]),
    ]


FIGURES = [figure for kind in DATABASES for figure in _figures(kind)]

if __name__ == "__main__":
    sys.exit(show(FIGURES, sys.argv[1:]) > 0)
