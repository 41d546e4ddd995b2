"""Dark unless somebody chose light, whatever the system likes; then light on every page."""

import re
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE_MS, Server
from tests.browser.test_accessibility import axe, complaints  # noqa: F401 - a fixture

OPAQUE = re.compile(r"^rgb\(")
# Which letters are there at the moment in which the engine begins to draw.
BEGUN = """addEventListener("DOMContentLoaded", () => {
  const ours = (face) => face.family === "Roboto" && face.weight === "400";
  new MutationObserver((_, watch) => {
    watch.disconnect();
    window.begun = [...document.fonts].filter(ours).map((face) => face.status);
  }).observe(document.querySelector("#root"), {childList: true});
})"""


def scheme(page: Page) -> str:
    return page.locator(".stApp").evaluate("each => getComputedStyle(each).colorScheme")


@pytest.fixture
def light(chromium: Browser, server: Server):
    """A page of somebody whose system is light and who asked for the light theme."""
    with closing(chromium.new_context(color_scheme="light")) as context:
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.goto(f"{server.url}/overview")
        page.get_by_role("button", name="Light theme").wait_for()
        assert scheme(page) == "dark", "until somebody asks"
        page.get_by_role("button", name="Light theme").click()
        page.get_by_role("button", name="Dark theme").wait_for()
        yield page


def test_the_choice_holds_on_every_page_and_can_be_taken_back(light: Page, server: Server):
    assert scheme(light) == "light"
    light.goto(f"{server.url}/history")
    expect(light.get_by_role("button", name="Dark theme")).to_be_visible()
    assert scheme(light) == "light"
    light.get_by_role("button", name="Dark theme").click()
    light.get_by_role("button", name="Light theme").wait_for()
    assert scheme(light) == "dark"


@pytest.mark.parametrize("address", ["overview", "system-architecture", "model-manager", ""])
def test_a_light_page_can_be_read(light: Page, server: Server, axe: str, address: str):  # noqa: F811
    light.goto(f"{server.url}/{address}")
    light.get_by_role("button", name="Dark theme").wait_for()
    assert scheme(light) == "light"
    assert complaints(light, axe) == []


def test_on_a_phone_nothing_of_a_page_is_seen_through_the_list_of_pages(light: Page):
    light.set_viewport_size({"width": 390, "height": 844})
    light.get_by_test_id("stExpandSidebarButton").click()
    expect(light.get_by_role("link", name="Overview")).to_be_in_viewport()
    pages = light.get_by_test_id("stSidebar")
    expect(pages).to_have_css("background-color", OPAQUE)
    light.get_by_role("button", name="Dark theme").click()
    light.get_by_role("button", name="Light theme").wait_for()
    expect(pages).to_have_css("background-color", OPAQUE)


def test_letters_are_there_before_anything_is_drawn_and_measured(chromium: Browser, server: Server):
    with closing(chromium.new_context()) as context:  # one that remembers no letters yet
        context.add_init_script(BEGUN)
        page = context.new_page()
        page.goto(f"{server.url}/overview")
        page.wait_for_function("window.begun", timeout=PATIENCE_MS)
        assert page.evaluate("begun") == ["loaded"] * 4, "one for each script"


def test_a_page_is_drawn_without_its_letters_too(chromium: Browser, server: Server):
    with closing(chromium.new_context()) as context:
        context.route("**/fonts/**", lambda route: route.abort())
        page = context.new_page()
        page.goto(f"{server.url}/overview")
        page.get_by_role("heading", name="Overview", exact=True).wait_for(timeout=PATIENCE_MS)
