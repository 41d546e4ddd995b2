"""A heap of files at once: more than one list holds, some of them unreadable, all names long."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from radlens.ui.intake import MOST
from tests.browser.boxes import choose
from tests.builders import picture, png

MORE = 10  # than one list holds
ALL, BAD_AT = MOST + MORE, range(7, MOST, 20)
LONG = "as-long-as-an-archive-names-its-files-" * 3
NAMED = 12  # of those that were chosen, beside the button that chooses
WATCH = """() => {
    window.told = [];
    new MutationObserver(() => {
        const now = document.querySelector('[data-testid=stMain] p[role=status]')?.textContent;
        if (now !== window.told.at(-1)) window.told.push(now);
    }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


@pytest.fixture(scope="module")
def heap(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Small images that no other test sends; every twentieth file is cut short or none at all."""
    folder = tmp_path_factory.mktemp("heap")
    for number in range(ALL):
        content, kind = png(picture(7000 + number, 64, 64)), "png"
        if number in BAD_AT:
            content, kind = (content[:-300], "png") if number % 40 == 7 else (b"%d" % number, "txt")
        (folder / f"{number:03d}-{LONG}.{kind}").write_bytes(content)
    return sorted(folder.iterdir())


def count(server) -> int:
    return len(json.loads(server.get("/api/v1/predictions?limit=1000")))


def status(page: Page) -> Locator:
    return page.get_by_test_id("stMain").get_by_role("status").filter(has_text="files read")


def written(page: Page) -> str:
    """All that the page shows, what its style sheet counts among it."""
    asked = page.context.new_cdp_session(page)
    nodes = asked.send("Accessibility.getFullAXTree")["nodes"]
    asked.detach()
    texts = [one["name"]["value"] for one in nodes if one["role"]["value"] == "StaticText"]
    return "".join(texts)


def send(page: Page, files: list[Path]) -> None:
    choose(page, "What to look for", "Chest X-ray")
    page.get_by_text("Modalities: CR").wait_for()
    page.evaluate(WATCH)
    page.locator("input[type=file]").set_input_files(files)


def test_more_files_than_a_list_holds_are_read_to_the_last_and_the_bad_ones_say_why(
    opened, server, heap
):
    before, bad = count(server), len(BAD_AT)
    send(opened, heap)
    files = opened.get_by_role("list", name="Files of this list")
    files.wait_for()
    scrolled = opened.locator(".st-key-sent-files")
    scrolled.evaluate("e => e.scrollTo(0, 400)")
    ended = f"{ALL - bad} of {ALL} files read, {bad} not read."
    expect(status(opened)).to_have_text(ended)
    told = opened.evaluate("told")
    held = [words for words in told if words and f"At most {MOST} wait at the same time" in words]
    assert held
    assert all(f"{MORE} more are taken when these are done" in words for words in held)
    assert any(re.search(r"read, (\d+ not read, )?\d+ (s|min) left\.", words) for words in held)
    assert None not in told[told.index(held[0]) :]  # how far it is was never away
    assert scrolled.evaluate("e => e.scrollTop") == 400
    assert count(server) == before + ALL - bad

    first = files.locator("> li").filter(has=opened.get_by_role("alert"))
    expect(first).to_have_count(bad)
    expect(files.locator(f"> li:nth-child(-n + {bad})").get_by_role("alert")).to_have_count(bad)
    alerts = files.get_by_role("alert")
    expect(alerts).to_have_count(bad)
    for at, one in zip(BAD_AT, alerts.all(), strict=True):
        why = "PNG file is damaged" if at % 40 == 7 else "neither PNG, JPEG nor DICOM"
        expect(one).to_contain_text(heap[at].name)
        expect(one).to_contain_text(why)
    opened.get_by_role("combobox", name="Show the result of").fill("100-")
    opened.get_by_role("option", name=heap[100].name).click()
    expect(opened.get_by_role("heading", name=heap[100].name)).to_be_visible()

    opened.reload()
    expect(status(opened)).to_have_text(ended)
    expect(opened.get_by_role("heading", name=heap[100].name)).to_be_visible()
    assert count(server) == before + ALL - bad


def test_of_many_files_that_were_chosen_some_are_named_and_the_failed_ones(opened, heap, tmp_path):
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.truncate(65 * 2**20)
    send(opened, [*heap[: NAMED + 3], large])
    expect(status(opened)).to_contain_text(f"{NAMED + 2} of {NAMED + 3} files read")
    chosen = opened.get_by_test_id("stFileChip")
    expect(chosen).to_have_count(NAMED + 4)
    expect(chosen.filter(visible=True)).to_have_count(NAMED)
    assert "and 4 more; 15 of 16 sent" in written(opened)
    failed = chosen.filter(visible=True).and_(opened.locator("[aria-invalid]"))
    expect(failed).to_contain_text("File must be")
