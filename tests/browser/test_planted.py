"""What is planted in files that are sent through the page stays in the reader's browser."""

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.boxes import settled
from tests.browser.conftest import Server, free_port, start
from tests.browser.test_reading import read
from tests.builders import furnish
from tests.identifiers import BAD, GOOD, NAME, files_in, found_in

KINDS = {"photographed": ".jpg", "texted": ".png"}


class Recorded:
    """A server that tells everything, each line of which is kept, and its temporary files."""

    def __init__(self, home: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TMPDIR", str(scratch))
        port = free_port()
        self.server = Server(home, port, start(home, port, log_level="debug", log_format="json"))
        process = self.server.process
        assert "answers at" in process.stdout.readline()
        self.said: list[str] = []
        self._readers = [
            Thread(target=self.said.extend, args=(pipe,))
            for pipe in (process.stdout, process.stderr)
        ]
        for reader in self._readers:
            reader.start()

    def end(self) -> str:
        self.server.process.send_signal(signal.SIGINT)
        self.server.process.wait(60)
        for reader in self._readers:
            reader.join()
        return "".join(self.said)


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


@pytest.fixture
def recorded(tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorded]:
    furnish(tmp_path / "home")
    running = Recorded(tmp_path / "home", scratch, monkeypatch)
    try:
        yield running
    finally:
        running.server.process.kill()
        running.server.process.communicate()


def sent_through(page: Page, out: Path) -> None:
    """Files with names that tell of a patient; then what a reader takes home."""
    files = [
        {"name": f"{NAME}{KINDS.get(name, '.dcm')}", "mimeType": "", "buffer": make()}
        for name, make in {**GOOD, **BAD}.items()
    ]
    read(page, *files)
    settled(page)
    assert page.get_by_text(NAME).count() > 0  # whoever sent a file sees its name, in this session
    for button in ("PDF report", "JSON"):
        with page.expect_download() as download:
            page.get_by_role("button", name=button).click()
        download.value.save_as(out / download.value.suggested_filename)
    page.get_by_role("link", name="History").click()
    page.get_by_role("button", name=re.compile("^Open ")).first.wait_for()
    assert page.get_by_text(NAME).count() == 0


def test_files_that_are_sent_through_the_page_leave_no_name(
    recorded: Recorded, chromium: Browser, scratch: Path, tmp_path: Path
) -> None:
    home, out = recorded.server.home, tmp_path / "out"
    out.mkdir()
    context = chromium.new_context(accept_downloads=True)
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(recorded.server.url)
    sent_through(page, out)
    kept = json.loads(recorded.server.get("/api/v1/predictions?limit=100"))
    assert len(kept) == len(GOOD)
    told = [(path, recorded.server.get(path)) for path in ("/metrics", "/api/v1/audit")]
    assert found_in([*files_in(home, out, scratch), *told]) == []  # as it stands while it runs
    context.close()
    assert found_in([("log", recorded.end().encode()), *files_in(home, out, scratch)]) == []
