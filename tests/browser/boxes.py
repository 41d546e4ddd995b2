"""A box whose list is opened, and an option of it chosen, as a person does."""

from playwright.sync_api import Page

# A page says that it stands still until the server has heard of a choice.
WATCH = """() => {
    const app = document.querySelector('[data-test-script-state]');
    window.ranAnew = false;
    new MutationObserver(() => { window.ranAnew ||= app.dataset.testScriptState === 'running'; })
        .observe(app, {attributes: true});
}"""


def choose(page: Page, box: str, option: str) -> None:
    """Take the first option of that name, once the page stands still, and wait until it does again.

    A list closes when the page is scrolled. The box is therefore brought into view first, and
    the frame waited for that tells the page of the scrolling.
    """
    still = page.locator("[data-test-script-state=notRunning]")
    still.wait_for()
    found = page.get_by_role("combobox", name=box)
    found.scroll_into_view_if_needed()
    page.evaluate("() => new Promise((told) => requestAnimationFrame(told))")
    found.click()
    one = page.get_by_role("option", name=option).first
    changes = one.get_attribute("aria-selected") != "true"
    page.evaluate(WATCH)
    one.click()
    if changes:
        page.wait_for_function("ranAnew")
    still.wait_for()
