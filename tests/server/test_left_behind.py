"""A server on the database of an older chest application, behind a pooler, before and after."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from radlens.domain.legacy import Left, notice
from tests.left_behind import MODELS, RESULTS, leave, visible
from tests.postgres import NoServer, PostgresServer
from tests.server.conftest import Serve, ask, on_record, send

WAITING = notice(Left(len(MODELS), len(RESULTS)))
THEIRS = ("public.models", "public.predictions")


@pytest.fixture
def pooled(postgres_server: PostgresServer, postgres: str) -> Iterator[str]:
    """The older application's database as a pooler in transaction mode shows it."""
    leave(postgres)
    try:
        with postgres_server.pooler() as port:
            yield postgres.replace(f":{postgres_server.port}/", f":{port}/")
    except NoServer as error:
        pytest.skip(str(error))


def said_at_the_start(serve: Serve, home: Path, url: str) -> str:
    """Start a server, let it read an image, stop it; all that it told who started it."""
    server = serve(home, database=url, log_level="warning")
    assert send(server.port).status == 201
    assert ask(server.port, "GET", "/readyz").status == 200
    server.process.terminate()
    said = server.process.stdout.read()  # its first line came with others behind it
    assert "Traceback" not in server.process.stderr.read()
    return said


def upgrade(home: Path, url: str) -> str:
    told = {"RADLENS_HOME": str(home), "RADLENS_DATABASE": url, "RADLENS_GALLERY": "gallery"}
    command = [sys.executable, "-m", "radlens", "upgrade"]
    done = subprocess.run(
        command, env=os.environ | told, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_a_server_says_what_waits_until_it_is_taken_over_behind_a_pooler(
    pooled: str, postgres: str, home: Path, serve: Serve
) -> None:
    assert WAITING in said_at_the_start(serve, home, pooled)
    assert all(visible(postgres, table, "anon") for table in THEIRS)
    assert "Taken over: 4 models and 11 predictions." in upgrade(home, pooled)
    assert "radlens upgrade" not in said_at_the_start(serve, home, pooled)
    for role, sees in (("anon", False), ("authenticated", False), ("service_role", True)):
        assert {visible(postgres, table, role) for table in THEIRS} == {sees}
    assert "Taken over: 0 models and 0 predictions." in upgrade(home, pooled)
    assert len(on_record(home, database=pooled)) == 2
