"""A real server to be pressed, stopped and killed, and clients that know no more than HTTP."""

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest

from radlens.bootstrap import open_site
from radlens.settings import Settings
from radlens.usecases.verify import verify_records
from tests.browser.conftest import free_port, start
from tests.builders import TASKS, furnish, picture, png, signed, slow_network

TASK = "chest-xray"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def body(self) -> dict:
        return json.loads(self.content)


def ask(port: int, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
    """One request on a connection of its own."""
    connection = HTTPConnection("127.0.0.1", port, timeout=600)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, body, named)
        answer = connection.getresponse()
        names = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, names, answer.read())
    finally:
        connection.close()


def envelope(upload: bytes, *, name: str = "a.png", task: str = TASK) -> bytes:
    """An upload as a browser sends it, with the boundary ``b``."""
    return (
        f'--b\r\nContent-Disposition: form-data; name="task"\r\n\r\n{task}\r\n--b\r\n'
        f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: image/png\r\n\r\n"
    ).encode() + (upload + b"\r\n--b--\r\n")


FORM = {"Content_Type": "multipart/form-data; boundary=b"}


def send(port: int, seed: int = 0, **headers: str) -> Answer:
    """One image, different for each seed."""
    body = envelope(png(picture(seed)))
    return ask(port, "POST", "/api/v1/predictions", body, **FORM, **headers)


def on_record(home: Path, **settings: str) -> set[str]:
    """The predictions of a site whose chain verifies."""
    with open_site(Settings(home=home, gallery="gallery", **settings)) as site:
        verify_records(site)
        return {prediction.id for prediction in site.records.history(limit=1000)}


@dataclass
class Running:
    """A server process that was started as people start it."""

    port: int
    process: subprocess.Popen[str]

    def logged(self, event: str) -> dict:
        """Wait for an event in the log."""
        for line in self.process.stderr:
            if (found := json.loads(line))["event"] == event:
                return found
        raise AssertionError(f"the server ended before it logged {event!r}")

    def end(self, number: int = signal.SIGTERM) -> list[dict]:
        """Stop the server; gives what it logged since somebody last looked."""
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=60)
        return [json.loads(line) for line in errors.splitlines()]


Serve = Callable[..., Running]


@contextmanager
def servers() -> Iterator[Serve]:
    """A way to start servers on a home that has models; none outlives the context."""
    with ExitStack() as running:

        def begin(home: Path, *, port: int = 0, **settings: object) -> Running:
            port = port or free_port()
            settings = {"log_format": "json", "log_level": "info", **settings}
            process = start(home, port, **settings)
            running.callback(process.communicate)
            running.callback(process.kill)
            said = process.stdout.readline()
            assert "answers at" in said, process.stderr.read()
            return Running(port, process)

        yield begin


@pytest.fixture
def serve() -> Iterator[Serve]:
    with servers() as begin:
        yield begin


@pytest.fixture
def home(tmp_path: Path) -> Path:
    furnish(tmp_path)
    return tmp_path


@pytest.fixture
def slow_home(home: Path) -> Path:
    """A site whose chest model takes most of a second for an image."""
    labels = len(TASKS[TASK].labels)
    signed(home / "gallery" / TASK, model=slow_network(labels, layers=500))
    return home
