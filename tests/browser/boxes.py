"""A box whose list is opened, and an option of it chosen, as a person does."""

from playwright.sync_api import Page

# A page says that it stands still until it has heard that its server began a run, and of a short
# run it never says anything else: what tells is the server's first word after the page's own.
WATCH = """() => {
    window.heard = false;
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (...told) {
        WebSocket.prototype.send = send;
        const drawn = () => requestAnimationFrame(() => setTimeout(() => { window.heard = true; }));
        this.addEventListener('message', () => requestAnimationFrame(drawn), {once: true});
        return send.apply(this, told);
    };
}"""


def settled(page: Page) -> None:
    page.locator("[data-test-script-state=notRunning]").wait_for()


def choose(page: Page, box: str, option: str) -> None:
    """Take the first option of that name, once the page stands still, and wait until it does again.

    A list closes when the page is scrolled. The box is therefore brought into view first, and
    the frame waited for that tells the page of the scrolling.
    """
    settled(page)
    found = page.get_by_role("combobox", name=box)
    found.scroll_into_view_if_needed()
    page.evaluate("() => new Promise((told) => requestAnimationFrame(told))")
    shown = found.input_value()  # of a box for several always empty
    found.click()
    one = page.get_by_role("option", name=option).first
    changes = one.text_content() != shown
    page.evaluate(WATCH)
    one.click()
    if changes:
        page.wait_for_function("heard")
    settled(page)
