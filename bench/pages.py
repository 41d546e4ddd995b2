"""How long somebody waits for a first page, for findings, for pages of 100,000 predictions.

``python -m bench.pages`` says of each page on the way, to whoever looks, what its part is.
All of it in real Chromium.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
from PIL import Image as Picture
from playwright.sync_api import Page, sync_playwright

from bench.busy_site import fill
from bench.figure import Figure, once, show
from bench.registry_live import DATABASES, database
from bench.server import serving
from bench.timing import seconds
from radlens.settings import Settings
from radlens.ui.samples import SAMPLES
from tests.browser.boxes import choose, settled
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.builders import png

PREDICTIONS, REVIEWS, ROUNDS = 100_000, 3_000, 5
SIDE = 1024  # pixels of an image that is sent
EXAMPLE = SAMPLES / "brain-average.png"
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
    settled(page)


def first_page(settings: Settings) -> float:
    """Seconds from the command that starts a server until somebody can send an image.

    The site is there: it was made, and its models registered, by a start before.
    """
    with serving(settings.home, 2):
        pass
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS).new_page()
        begun = perf_counter()
        with serving(settings.home, 2) as (port, _):
            page.goto(f"http://localhost:{port}")
            _ready(page)
            return perf_counter() - begun


def shown_findings(settings: Settings, *, task: str, example: Path, rounds: int) -> float:
    """The median seconds from a sent PNG of 1024 x 1024 pixels until its findings are seen.

    The server is warm: it has read one image of the task before. The images are an example that
    the task's model does not refuse, each a little brighter than the one before.
    """
    took = []
    with _opened(settings) as page:
        for turn in range(rounds + 1):
            page.goto(page.url.partition("?")[0])
            _ready(page)
            choose(page, "What to look for", task)
            content = _enlarged(example, turn)
            took.append(seconds(lambda content=content: _send(page, content)))  # type: ignore[misc]
    return median(took[1:])


def _ready(page: Page) -> None:
    page.get_by_text("Modalities: ").wait_for()
    settled(page)


def _enlarged(example: Path, brighter: int) -> bytes:
    with Picture.open(example) as opened:
        grey = opened.convert("L").resize((SIDE, SIDE))
    return png(np.minimum(np.asarray(grey), 250) + np.uint8(brighter % 6))


def _send(page: Page, content: bytes) -> None:
    sent = {"name": "sent.png", "mimeType": "image/png", "buffer": content}
    page.locator("input[type=file]").set_input_files([sent])  # type: ignore[list-item]
    page.get_by_role("heading", name="All findings").wait_for()


def _first_looks() -> list[Figure]:
    def measured(measure: Callable[[Settings], float]) -> float:
        with TemporaryDirectory() as home:
            return measure(Settings(home=Path(home)))

    shown = partial(shown_findings, task="Brain MR slice", example=EXAMPLE, rounds=ROUNDS)
    return [
        Figure("first-page-seconds", "<=5", lambda: measured(first_page)),
        Figure("upload-to-findings-seconds", "<=1", lambda: measured(shown)),
    ]


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


FIGURES = _first_looks() + [figure for kind in DATABASES for figure in _figures(kind)]

if __name__ == "__main__":
    sys.exit(show(FIGURES, sys.argv[1:]) > 0)
