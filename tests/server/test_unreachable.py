"""A database or an object store that goes away: told at once, nothing acknowledged, well again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.objects import S3Server, on_s3, running_s3
from tests.postgres import NoServer, PostgresServer, running
from tests.server.conftest import Answer, Serve, ask, on_record, send
from tests.server.killing import storm


@pytest.fixture
def database() -> Iterator[PostgresServer]:
    """A server of our own, since it will be stopped."""
    try:
        with running() as server:
            yield server
    except NoServer as error:
        print(f"\nSKIPPED LOUDLY: {error}")
        pytest.skip(str(error))


@pytest.fixture
def objects() -> Iterator[S3Server]:
    with running_s3() as server:
        yield server


def unavailable(answer: Answer) -> bool:
    assert (answer.status, answer.body["error"]["kind"]) == (503, "StorageUnavailable")
    return int(answer.headers["retry-after"]) > 0


def reasons(port: int) -> str:
    answer = ask(port, "GET", "/readyz")
    return "" if answer.status == 200 else answer.body["error"]["message"]


def test_without_its_database_nothing_is_acknowledged_until_it_is_back(
    home: Path, serve: Serve, database: PostgresServer
):
    with database.database() as url:
        server = serve(home, database=url)
        kept = {send(server.port).body["prediction_id"]}
        database.stop()
        assert unavailable(send(server.port, 1, Idempotency_Key="again"))
        assert "database" in reasons(server.port)
        database.start()
        kept.add(send(server.port, 1, Idempotency_Key="again").body["prediction_id"])
        server.end()
        assert kept == on_record(home, database=url)


def test_without_its_objects_nothing_is_acknowledged(home: Path, serve: Serve, objects: S3Server):
    server = serve(home, **on_s3(objects))
    kept = {send(server.port).body["prediction_id"]}
    objects.stop()
    assert unavailable(send(server.port, 1))
    assert "objects" in reasons(server.port)
    server.end()
    assert kept == on_record(home)


def test_kill_9_on_postgresql_loses_nothing_and_doubles_nothing(
    home: Path, serve: Serve, database: PostgresServer
):
    with database.database() as url:
        toll = storm(home, serve, kills=1, predictions=40, seed=8, database=url)
    assert (toll.lost, toll.duplicates, toll.told_twice) == (0, 0, 0)
