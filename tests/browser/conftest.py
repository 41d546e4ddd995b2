"""A real server as a child process, and real Chromium in front of it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, WebSocket, expect, sync_playwright

from tests.builders import furnish

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
PATIENCE_MS = 60_000  # on a busy machine a page takes its time
expect.set_options(timeout=PATIENCE_MS)
LOCAL = ("http://localhost:", "ws://localhost:", "data:", "blob:")


@dataclass
class Server:
    """A server that was started with the command that people use."""

    home: Path
    port: int
    process: subprocess.Popen[str]

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path) as answer:  # noqa: S310
            return answer.read()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(home: Path, port: int, *, demo: bool = True, **settings: object) -> subprocess.Popen[str]:
    """Start ``radlens serve``; what it says goes to pipes, and nothing but warnings is logged.

    A pipe that nobody reads is full some day: the log of many requests has to be asked for.
    """
    told = {
        f"RADLENS_{k.upper()}": str(v)
        for k, v in ({"log_level": "warning", "job_workers": 0} | settings).items()
    }
    return subprocess.Popen(
        [sys.executable, "-m", "radlens", "serve", "--port", str(port), *["--demo"] * demo],
        env=os.environ | {"RADLENS_HOME": str(home), "OMP_NUM_THREADS": "1"} | told,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("home")
    furnish(home)
    port = free_port()
    process = start(home, port)
    said = process.stdout.readline()
    assert "answers at" in said, process.communicate(timeout=30)
    yield Server(home, port, process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        print("\nSKIPPED LOUDLY: no Chromium here; the pages are not tested in a browser.")
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Watched:
    """A page, and everything that it asked for or complained about."""

    page: Page
    outside: list[str] = field(default_factory=list)
    sent: list[object] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> "Watched":
        self.page.on("request", lambda request: self._asked(request.url))
        self.page.on("websocket", self._connected)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._said)
        return self

    def _connected(self, connection: WebSocket) -> None:
        self._asked(connection.url)
        connection.on("framesent", lambda frame: self.sent.append(frame))

    def _asked(self, url: str) -> None:
        if not url.startswith(LOCAL):
            self.outside.append(url)

    def _said(self, message: ConsoleMessage) -> None:
        # Streamlit looks for its own endpoints below a page's address first, in vain.
        place = message.location.get("url", "")
        if message.type == "error" and "/_stcore/" not in place:
            self.complaints.append(f"{message.text} ({place}, on {self.page.url})")


@pytest.fixture
def watched(chromium: Browser, server: Server) -> Iterator[Watched]:
    """A fresh session on the first page; at its end, nothing had gone to another host."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1000}, accept_downloads=True)
    context.set_default_timeout(PATIENCE_MS)
    seen = Watched(context.new_page()).watch()
    seen.page.goto(server.url)
    seen.page.get_by_role("heading", name="Live Prediction").wait_for()
    yield seen
    context.close()
    assert seen.outside == []
    assert seen.complaints == []


@pytest.fixture
def opened(watched: Watched) -> Page:
    return watched.page
