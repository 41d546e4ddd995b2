"""Fixtures for every test: real images where they are at hand, and each kind of database."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import mkdtemp

import pytest

from radlens.storage.database import Database
from radlens.storage.sqlite import SqliteDatabase
from tests.contracts.stores import DATABASES, open_database
from tests.objects import S3Server, running_s3
from tests.postgres import NoServer, PostgresServer, running

SHARED = Path(__file__).parents[1] / ".." / "shared" / "data"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real images, which stands beside the project and is never copied into it."""
    if not SHARED.is_dir():
        pytest.skip("the real images (../shared/data) are not beside this project")
    return SHARED.resolve()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server of our own; tests that need it are skipped where none is installed."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running())
        except NoServer as error:
            pytest.skip(str(error))
        yield server


@pytest.fixture
def postgres(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a fresh PostgreSQL database."""
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.database() as url:
        yield url


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """An S3 server of our own."""
    with running_s3() as server:
        yield server


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A fresh database of each kind, open."""
    if request.param == "memory":
        opened: Database = SqliteDatabase()
    else:
        opened = open_database(place_of(request.param, request))
    with closing(opened):
        yield opened


def place_of(kind: str, request: pytest.FixtureRequest) -> str:
    """A fresh place of that kind; its server is started when it is first asked for."""
    if kind == "postgres":
        return str(request.getfixturevalue(kind))
    if kind == "s3":
        return str(request.getfixturevalue("s3_server").place())
    return str(request.getfixturevalue("tmp_path") / "site")


@pytest.fixture(params=["1m"])
def small_disk(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A disk of one megabyte, or of the size that is asked for."""
    disk = Path(mkdtemp(prefix="radlens-small-"))  # where a server's own user can reach it too
    mount = ["mount", "-t", "tmpfs", "-o", f"size={request.param}", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs root and the right to mount")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)
    disk.rmdir()
