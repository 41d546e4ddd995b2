"""What ends while a page is open costs nobody what was sent or written, and the page says so."""

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from radlens.domain.account import Role
from radlens.domain.prediction import Prediction
from radlens.domain.worklist import HOLD
from radlens.usecases.predict import predict
from radlens.usecases.users import add_user, sign_out_all
from radlens.usecases.worklist import claim, release
from tests.browser.boxes import settled
from tests.browser.conftest import PATIENCE_MS
from tests.browser.test_review import (  # noqa: F401 (fixtures)
    BOB,
    at,
    findings,
    prediction,
    sign,
    site,
    taken,
)
from tests.builders import picture, png, tiny_site
from tests.entrance.conftest import TESTER, Guarded, password, peopled  # noqa: F401 (a fixture)
from tests.server.conftest import Serve, home, serve  # noqa: F401 (fixtures)

WRITER = "writer"
SENT = {"name": "sent.png", "mimeType": "image/png", "buffer": png(picture(31))}
BAD = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no image"}


@pytest.fixture
def browser(chromium: Browser) -> Iterator[BrowserContext]:
    with closing(chromium.new_context()) as context:
        context.set_default_timeout(PATIENCE_MS)
        yield context


def a_case(home: Path, seed: int) -> Prediction:  # noqa: F811
    with tiny_site(home) as own:
        return predict(own, png(picture(seed)), task="chest-xray", by=TESTER)


def write(page: Page) -> None:
    """Half of a review: one finding decided, words that are not the model's."""
    page.get_by_role("button", name="Take this case").click()
    page.get_by_role("button", name="Reject").first.click()
    page.get_by_label("Reason for").first.fill("The end of a rib")
    page.get_by_label("Impression").fill("Half written")


def is_kept(page: Page) -> None:
    expect(page.get_by_label("Reason for").first).to_have_value("The end of a rib")
    expect(page.get_by_label("Impression")).to_have_value("Half written")


def send(page: Page, *files: dict) -> None:
    page.get_by_text("Modalities: ").wait_for()
    settled(page)
    page.locator("input[type=file]").set_input_files(list(files))


def test_a_case_that_went_to_another_reader_is_said_and_what_was_written_can_be_signed_later(
    taken,  # noqa: F811
    site,  # noqa: F811
    prediction,  # noqa: F811
):
    taken.get_by_role("button", name="Accept all others").click()
    taken.get_by_label("Impression").fill("As I see it")
    over = site.clock() + HOLD + timedelta(minutes=1)
    claim(replace(site, clock=lambda: over), prediction.id, by=BOB)
    sign(taken).click()
    lost = taken.get_by_role("alert").filter(has_text="bob has this case now")
    expect(lost).to_contain_text("What you wrote stays in this tab.")
    expect(taken.get_by_role("alert").filter(has_text="not in your hands")).to_be_visible()
    settled(taken)  # until then the form stands there twice: where it was, and where it is
    expect(taken.get_by_label("Impression")).to_have_value("As I see it")
    assert site.reviews.of(prediction.id) == []
    release(site, prediction.id, by=BOB)
    sign(taken).click()  # it is in nobody's hands, which is not in one's own
    expect(taken.get_by_role("alert").filter(has_text="Nobody has this case now")).to_be_visible()
    refused = taken.get_by_role("alert").filter(has_text="not in your hands: nobody has it")
    expect(refused).to_be_visible()
    settled(taken)
    take = taken.get_by_role("button", name="Take this case")
    both = [sign(taken).element_handle(), take.element_handle()]  # and before that is answered:
    taken.evaluate("(both) => both.forEach((button) => button.click())", both)
    expect(taken.get_by_role("button", name="Give it back")).to_be_visible()
    settled(taken)
    expect(taken.get_by_role("alert")).to_have_count(0)
    sign(taken).click()
    expect(taken.get_by_text("Final: signed by local user")).to_be_visible()
    [signed] = site.reviews.of(prediction.id)
    assert signed.impression == "As I see it"


def test_a_server_that_is_started_again_costs_no_review_and_says_which_list_is_gone(
    browser,
    home: Path,  # noqa: F811
    serve: Serve,  # noqa: F811
):
    case = a_case(home, 41)
    running = serve(home, log_level="warning")
    address = f"http://localhost:{running.port}"
    page, other = browser.new_page(), browser.new_page()
    page.goto(f"{address}/worklist-review?case={case.id}")
    write(page)
    other.goto(address)
    send(other, SENT, BAD)
    expect(other.get_by_text("1 of 2 files read, 1 not read.")).to_be_visible()
    running.end()
    for lost in (page, other):
        said = lost.get_by_role("dialog", name="The server does not answer")
        expect(said).to_contain_text("What you have written stays in this tab")
        expect(said).not_to_contain_text("Streamlit", use_inner_text=True)
    serve(home, port=running.port, log_level="warning")
    for found in (page, other):
        expect(found.get_by_role("dialog")).to_have_count(0)
    is_kept(page)
    page.get_by_role("button", name="Accept all others").click()
    sign(page).click()
    expect(page.get_by_text("Final: signed by local user")).to_be_visible()
    send(other, SENT)  # again, which makes no second record
    expect(other.get_by_role("alert").filter(has_text="is not known any more")).to_be_visible()
    expect(other.get_by_role("heading", name="All findings")).to_be_visible()
    with tiny_site(home) as own:
        assert own.records.count() == 2
        assert own.reviews.of(case.id)[0].impression == "Half written"


def test_a_session_that_ends_costs_neither_the_list_nor_what_is_half_written(
    browser,
    peopled: Guarded,  # noqa: F811
):
    secret = password(Role.READER)
    with tiny_site(peopled.home) as own:
        add_user(own, WRITER, role=Role.READER, password=secret, by=TESTER)
    case = a_case(peopled.home, 43)
    page, other = browser.new_page(), browser.new_page()
    page.goto(f"{peopled.origin}/worklist-review?case={case.id}")
    signed_in(page, secret)
    write(page)
    other.goto(f"{peopled.origin}/live-prediction")
    send(other, SENT, BAD)
    expect(other.get_by_text("1 of 2 files read, 1 not read.")).to_be_visible()
    with tiny_site(peopled.home) as own:
        sign_out_all(own, WRITER, by=TESTER)
    for left in (page, other):
        expect(left.get_by_role("alertdialog")).to_contain_text("Your work stays here")
    with browser.expect_page() as opened:
        page.get_by_role("alertdialog").get_by_role("link", name="Sign in again").click()
    signed_in(opened.value, secret)
    for back in (page, other):
        expect(back.get_by_role("alertdialog")).to_be_hidden()
    is_kept(page)
    page.get_by_role("button", name="Accept all others").click()
    sign(page).click()
    expect(page.get_by_text("Final: signed by writer")).to_be_visible()
    other.reload()  # a page that asked while the session was over shows that until it is drawn anew
    expect(other.get_by_text("1 of 2 files read, 1 not read.")).to_be_visible()
    expect(other.get_by_role("alert").filter(has_text=BAD["name"])).to_be_visible()


def signed_in(page: Page, secret: str) -> None:
    page.get_by_label("Name").fill(WRITER)
    page.get_by_label("Password").fill(secret)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("case=|signed-in"))
