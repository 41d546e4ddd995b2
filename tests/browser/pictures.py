"""Renew the pictures of the documents: ``python -m tests.browser.pictures [FOLDER]``.

They show a synthetic sample of the package, read by the models of the gallery, and a dataset of
drawn images.
"""

import re
import signal
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Locator, Page, sync_playwright

from tests.browser.boxes import choose, settled
from tests.browser.conftest import CHROMIUM, FLAGS, PATIENCE_MS, free_port, start
from tests.browser.picture_site import PHANTOMS, RUNS, furnish

DOCUMENTS = Path(__file__).parents[2] / "docs" / "pictures"
MOST_BYTES = 400_000
WIDTH, TALLEST, MARGIN = 1440, 1400, 24  # pixels
DITHER = Image.Dither.FLOYDSTEINBERG


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
    """Phantoms, which are of no patient, were imported, split and scanned."""
    _go(page, "Dataset Insights")
    choose(page, "Dataset", f"{PHANTOMS} (")
    page.get_by_role("list", name="Images of the dataset").wait_for()
    page.locator(".vega-embed svg").first.wait_for()


def worklist(page: Page) -> None:
    """The one case waits."""
    _go(page, "Worklist & Review")
    page.get_by_role("button", name="Take the next case").wait_for()


def review(page: Page) -> None:
    """The first case, taken, with its first finding decided."""
    page.get_by_role("button", name="Take the next case").click()
    page.get_by_role("list", name="Findings to review").wait_for()
    page.get_by_role("img", name="Image").first.wait_for()
    page.keyboard.press("j")
    page.keyboard.press("a")


def model_training(page: Page) -> Locator:
    """Two runs over each other."""
    _go(page, "Model Training")
    box = page.get_by_role("combobox", name="Runs to compare")
    for name in RUNS:
        box.click()
        page.get_by_role("option", name=f"{name} (").click()
        settled(page)
    page.keyboard.press("Escape")
    page.get_by_role("table", name=re.compile("Where they differ")).wait_for()
    return page.locator(".st-key-card-runs")


def experiments(page: Page) -> Locator:
    """The ladder that ships, and the errors of a model on images that it was not made for."""
    _go(page, "Experiments & Failures")
    page.get_by_role("list", name="Failures").get_by_role("img").first.wait_for()
    return page.locator(".st-key-card-ladder")


def evaluation_results(page: Page) -> None:
    """The figures that the live version came with."""
    _go(page, "Evaluation & Results")
    choose(page, "Measured on", "its training's own")
    page.locator("[role=graphics-document]").first.wait_for()


def synthetic_studio(page: Page) -> Locator:
    """A worker drew images with the generator that ships."""
    _go(page, "Synthetic Studio")
    page.get_by_role("spinbutton", name="How many").fill("10")
    page.get_by_role("button", name="Draw them").click()
    wall = page.get_by_role("list", name="Images drawn so far")
    wall.get_by_role("img", name=re.compile("number 10$")).wait_for(timeout=600_000)
    settled(page)
    return page.locator(".st-key-card-draw")


def model_manager(page: Page) -> None:
    """The live version, and a candidate."""
    _go(page, "Model Manager")
    page.get_by_role("button", name="Open").first.wait_for()


def audit_log(page: Page) -> None:
    """All of the above is in it; the chain was verified."""
    _go(page, "Audit Log")
    page.get_by_role("button", name="Verify the log").click()
    page.get_by_text("entries verify").wait_for()


def settings_health(page: Page) -> None:
    """Every part answers."""
    _go(page, "Settings & Health")
    page.get_by_role("table", name="What answers").wait_for()


def _go(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).click()
    page.get_by_role("heading", name=name, exact=True).wait_for()
    settled(page)


PICTURES: dict[str, Callable[[Page], Locator | None]] = {
    "live-prediction": live_prediction,
    "history": history,
    "worklist": worklist,
    "review": review,
    "system-architecture": system_architecture,
    "overview": overview,
    "future-scope": future_scope,
    "dataset-insights": dataset_insights,
    "model-training": model_training,
    "experiments-failures": experiments,
    "evaluation-results": evaluation_results,
    "synthetic-studio": synthetic_studio,
    "model-manager": model_manager,
    "audit-log": audit_log,
    "settings-health": settings_health,
}


def save(page: Page, path: Path, top: Locator | None) -> None:
    """The page as PNG, from its beginning or from ``top`` on, as far as a document has room."""
    main = page.locator("[data-testid=stMain]")
    height = main.evaluate("main => main.scrollHeight")
    page.set_viewport_size({"width": WIDTH, "height": min(height, TALLEST)})
    main.evaluate("main => main.scrollTo(0, 0)")
    if top:
        above = top.bounding_box()["y"] - MARGIN
        main.evaluate("(main, above) => main.scrollTo(0, above)", above)
    page.wait_for_function("document.fonts.status === 'loaded'")
    content = page.screenshot(animations="disabled")
    if len(content) > MOST_BYTES:
        content = _fewer_colours(content)
    path.write_bytes(content)
    print(f"{path.name}: {len(content):,} bytes")


def _fewer_colours(content: bytes) -> bytes:
    """256 colours, dithered, so that a heat map stays smooth; a rare colour pales by it."""
    image = Image.open(BytesIO(content)).convert("RGB")
    palette = image.quantize(256, method=Image.Quantize.MEDIANCUT)
    stream = BytesIO()
    image.quantize(palette=palette, dither=DITHER).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def main(folder: Path = DOCUMENTS) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    with TemporaryDirectory() as home, sync_playwright() as playwright:
        furnish(Path(home))
        process = start(Path(home), port, job_workers=1)
        try:
            print(process.stdout.readline(), end="")
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page(viewport={"width": WIDTH, "height": 1000})
            page.set_default_timeout(PATIENCE_MS)
            page.goto(f"http://localhost:{port}")
            for name, act in PICTURES.items():
                save(page, folder / f"{name}.png", act(page))
            browser.close()
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
