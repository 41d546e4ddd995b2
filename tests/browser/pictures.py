"""Renew the pictures of the documents: ``python -m tests.browser.pictures [FOLDER]``.

They show a synthetic sample of the package, read by the models of the gallery, and a dataset of
drawn images.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS, free_port, start

DOCUMENTS = Path(__file__).parents[2] / "docs" / "pictures"
MOST_BYTES = 400_000


def live_prediction(page: Page) -> None:
    """A sample was read; the result stands at the top, as far as it fits."""
    page.get_by_role("combobox").first.click()
    page.get_by_role("option", name="Brain MR slice").click()
    page.get_by_role("button", name="Read brain average").click()
    page.get_by_role("heading", name="All findings").wait_for()
    page.locator("img.heat").wait_for()
    page.locator(".vega-embed svg").wait_for()


def history(page: Page) -> None:
    """The sample stands in the list."""
    page.get_by_role("link", name="History").click()
    page.get_by_role("button", name="Open").first.wait_for()


def overview(page: Page) -> None:
    """One prediction stands in the counts."""
    _go(page, "Overview")
    page.get_by_role("table", name="How they differ").wait_for()


def system_architecture(page: Page) -> None:
    """The walk was measured."""
    _go(page, "System Architecture")
    page.get_by_role("button", name="Measure: ").click()
    page.get_by_role("table", name=re.compile("medians of")).wait_for()
    page.get_by_role("img", name=re.compile("Generative half")).wait_for()


def future_scope(page: Page) -> None:
    """The roadmap, with what was measured by now."""
    _go(page, "Future Scope")
    page.get_by_role("table", name="Every item").wait_for()


def dataset_insights(page: Page) -> None:
    """Phantoms, which are of no patient, were imported and scanned."""
    _go(page, "Dataset Insights")
    page.get_by_role("list", name="Images of the dataset").wait_for()
    page.locator(".vega-embed svg").first.wait_for()


def worklist(page: Page) -> None:
    """The first case, taken, with its first finding decided."""
    _go(page, "Worklist & Review")
    page.get_by_role("button", name="Take the next case").click()
    page.get_by_role("list", name="Findings to review").wait_for()
    page.get_by_role("img", name="Image").first.wait_for()
    page.keyboard.press("j")
    page.keyboard.press("a")


def _go(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).click()
    page.get_by_role("heading", name=name, exact=True).wait_for()
    page.locator("[data-test-script-state=notRunning]").wait_for()


def phantoms(home: Path) -> None:
    """Put a dataset of drawn images on record, and scan it."""
    drawn = ("--task", "brain-tumor")
    for words in (
        ("phantom", *drawn, "-n", "60", "--out", str(home / "phantoms")),
        ("import", str(home / "phantoms"), *drawn),
        ("scan", "phantoms"),
    ):
        environment = os.environ | {"RADLENS_HOME": str(home)}
        subprocess.run(
            [sys.executable, "-m", "radlens", "data", *words], env=environment, check=True
        )


PICTURES: dict[str, Callable[[Page], None]] = {
    "live-prediction": live_prediction,
    "history": history,
    "worklist": worklist,
    "system-architecture": system_architecture,
    "overview": overview,
    "future-scope": future_scope,
    "dataset-insights": dataset_insights,
}


def save(page: Page, path: Path) -> None:
    """The whole page as PNG, with fewer colours where it would be too large for a document."""
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": 1440, "height": min(height, 1400)})
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 0)")
    page.wait_for_function("document.fonts.status === 'loaded'")
    content = page.screenshot(animations="disabled")
    if len(content) > MOST_BYTES:
        content = _fewer_colours(content)
    path.write_bytes(content)
    print(f"{path.name}: {len(content):,} bytes")


def _fewer_colours(content: bytes) -> bytes:
    """256 colours, dithered, so that a heat map stays smooth."""
    image = Image.open(BytesIO(content)).convert("RGB")
    palette = image.quantize(256, method=Image.Quantize.MEDIANCUT)
    stream = BytesIO()
    dithered = image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    dithered.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def main(folder: Path = DOCUMENTS) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    with TemporaryDirectory() as home, sync_playwright() as playwright:
        phantoms(Path(home))
        process = start(Path(home), port)
        try:
            print(process.stdout.readline(), end="")
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page(viewport={"width": 1440, "height": 1000})
            page.set_default_timeout(60_000)
            page.goto(f"http://localhost:{port}")
            for name, act in PICTURES.items():
                act(page)
                save(page, folder / f"{name}.png")
            browser.close()
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
