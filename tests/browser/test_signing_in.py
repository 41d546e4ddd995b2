"""Signing in and out as people do, in real Chromium on a server that asks for accounts."""

import re
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from radlens.domain.account import Role
from radlens.usecases.users import add_user, sign_out_all
from tests.builders import tiny_site
from tests.entrance.conftest import TESTER, Guarded, password, peopled  # noqa: F401 (a fixture)


@pytest.fixture
def browser(chromium: Browser) -> Iterator[BrowserContext]:
    with closing(chromium.new_context()) as context:
        context.set_default_timeout(30_000)
        yield context


def fill(page: Page, role: Role, name: str = "") -> None:
    page.get_by_label("Name").fill(name or role.value)
    page.get_by_label("Password").fill(password(role))
    page.keyboard.press("Enter")


def test_a_page_asks_who_is_there_says_it_and_lets_go(browser, peopled: Guarded) -> None:  # noqa: F811
    page = browser.new_page()
    page.goto(f"{peopled.origin}/history")
    expect(page.get_by_label("Name")).to_be_focused()
    fill(page, Role.READER)
    page.get_by_role("heading", name="History").wait_for()
    account = page.get_by_role("region", name="Account")
    expect(account).to_contain_text("reader")
    account.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_have_text("You are signed out.")
    page.go_back()
    expect(page).to_have_url(re.compile("/sign-in"))


def test_signing_in_needs_no_script(chromium: Browser, peopled: Guarded) -> None:  # noqa: F811
    with closing(chromium.new_context(java_script_enabled=False)) as context:
        page = context.new_page()
        page.goto(f"{peopled.origin}/sign-in")
        page.get_by_label("Name").fill("engineer")
        page.get_by_label("Password").fill("not this one")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("Name or password is wrong.")
        expect(page.get_by_label("Name")).to_have_value("engineer")
        fill(page, Role.ENGINEER)
        page.wait_for_url(f"{peopled.origin}/")
        assert [cookie["httpOnly"] for cookie in context.cookies() if cookie["name"] == "radlens"]


def test_a_viewer_sees_no_page_of_others(browser, peopled: Guarded) -> None:  # noqa: F811
    page = browser.new_page()
    page.goto(peopled.origin)
    fill(page, Role.VIEWER)
    page.get_by_role("heading", name="History").wait_for()
    expect(page.get_by_role("link", name="Live Prediction")).to_have_count(0)
    page.goto(f"{peopled.origin}/live-prediction")
    expect(page.get_by_role("alert")).to_contain_text("The role viewer may not do this.")


def test_a_page_says_that_its_session_has_ended_and_goes_on_after_signing_in(
    browser,
    peopled: Guarded,  # noqa: F811
) -> None:
    with tiny_site(peopled.home) as site:  # the others' sessions belong to other tests
        secret = password(Role.READER)
        add_user(site, "leaver", role=Role.READER, password=secret, by=TESTER)
    page = browser.new_page()
    page.goto(f"{peopled.origin}/history")
    fill(page, Role.READER, "leaver")
    page.get_by_role("region", name="Account").wait_for()
    with tiny_site(peopled.home) as site:
        sign_out_all(site, "leaver", by=TESTER)
    ended = page.get_by_role("alertdialog")
    expect(ended).to_contain_text("You are not signed in any more.")
    with browser.expect_page() as opened:
        ended.get_by_role("link", name="Sign in again").click()
    fill(opened.value, Role.READER, "leaver")
    expect(opened.value.get_by_text("Close this tab")).to_be_visible()
    expect(ended).to_be_hidden()
    expect(page.get_by_role("region", name="Account")).to_contain_text("leaver")
