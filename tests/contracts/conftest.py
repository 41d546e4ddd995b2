"""Processes that write at the same time, and a disk that is really full."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import place_of
from tests.contracts.children import Child, starting
from tests.contracts.stores import BLOBS, DATABASES
from tests.postgres import PostgresServer


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
def writer() -> Iterator[Callable[..., Child]]:
    """Start a ``writer.py`` that is ready and waits for lines."""
    with starting("writer") as start:
        yield start
