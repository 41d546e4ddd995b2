"""Processes that write at the same time, and a disk that is really full."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import place_of
from tests.contracts.stores import BLOBS, DATABASES
from tests.postgres import PostgresServer

REPOSITORY = Path(__file__).parents[2]
Writer = subprocess.Popen[str]


@pytest.fixture(params=DATABASES[1:])
def place(request: pytest.FixtureRequest) -> str:
    """Where a fresh database of each durable kind is, for ``open_database``."""
    return place_of(request.param, request)


@pytest.fixture(params=DATABASES[1:])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[str]]:
    """Many such places."""
    if request.param == "sqlite":
        yield [str(tmp_path / f"site-{number}") for number in range(15)]
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with ExitStack() as stack:
        yield [stack.enter_context(server.database()) for _ in range(15)]


@pytest.fixture(params=BLOBS[1:])
def shelf(request: pytest.FixtureRequest) -> str:
    """Where fresh objects of each durable kind are, for ``open_blobs``."""
    return place_of(request.param, request)


@pytest.fixture
def writer() -> Iterator[Callable[..., Writer]]:
    """Start a ``writer.py`` that is ready and waits for lines."""
    with ExitStack() as running:

        def start(*arguments: object) -> Writer:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.contracts.writer", *map(str, arguments)],
                cwd=REPOSITORY,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            running.callback(lambda: process.communicate())
            running.callback(process.kill)
            assert process.stdout.readline() == "ready\n"
            return process

        yield start
