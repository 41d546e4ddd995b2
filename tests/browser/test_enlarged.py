"""With text at twice its size every page is whole: none over another, none cut off or away."""

from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from playwright.sync_api import TimeoutError as NotYet

from radlens.domain.audit import Actor
from radlens.usecases.predict import predict
from tests.browser.boxes import settled
from tests.browser.conftest import PATIENCE_MS, Server
from tests.browser.test_accessibility import PAGES, address
from tests.builders import picture, png, tiny_site

AGAIN_MS = 20_000
CROWDED = Path(__file__).with_name("crowded.js").read_text(encoding="utf-8")
TWICE = """addEventListener("DOMContentLoaded", () => {
  document.documentElement.style.fontSize = "200%";
})"""
# In two frames running nothing changed its size or place, and no part is still to be drawn.
STILL = """() => new Promise((told) => {
  const seen = () => document.querySelector("[data-testid=stSkeleton]") ?? [
    ...document.querySelectorAll(":is([data-testid=stMain], [data-testid=stSidebar]) *"),
  ].map((e) => Object.values(e.getBoundingClientRect().toJSON())).join();
  const next = (before) => requestAnimationFrame(() => requestAnimationFrame(() => {
    const now = seen();
    if (typeof now === "string" && now === before) told(); else next(now);
  }));
  document.fonts.ready.then(() => next(seen()));
})"""


@pytest.fixture(scope="module")
def enlarged(chromium: Browser, server: Server) -> Iterator[Page]:
    """A page of somebody who reads large letters, once an image was read: tables have a row."""
    with tiny_site(server.home) as site:
        predict(site, png(picture(47)), task="chest-xray", by=Actor("tester", "cli"))
    with closing(chromium.new_context(base_url=server.url)) as context:
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(TWICE)
        yield context.new_page()


def crowded(page: Page) -> list[str]:
    """What is wrong with a page that has come to rest, in words."""
    settled(page)
    page.evaluate(STILL)
    return page.evaluate(CROWDED)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_with_text_at_twice_its_size(enlarged: Page, name: str):
    enlarged.goto(f"/{address(name)}")
    enlarged.get_by_role("heading", name=name, exact=True).wait_for()
    for width in (1440, 720):
        enlarged.set_viewport_size({"width": width, "height": 1000})
        with suppress(NotYet):  # a chart takes a new width when the machine comes to it
            enlarged.wait_for_function(f"() => !({CROWDED})().length", timeout=AGAIN_MS)
        assert crowded(enlarged) == []


def test_what_is_crowded_is_seen(opened: Page):
    opened.evaluate(
        """() => document.querySelector("h1").insertAdjacentHTML("afterend", `
        <p style="width: 200vw">wide</p><p style="height: 0; margin: 0">first</p>
        <p style="margin: 0">second</p>
        <div style="width: 2rem; overflow: hidden; white-space: nowrap">longer than its box</div>
        <button style="position: fixed; left: -20rem; width: 5rem">away</button>`)"""
    )
    found = " ".join(crowded(opened))
    for word in ("sideways", "first over second", "cut off: longer", "out of reach: away"):
        assert word in found
