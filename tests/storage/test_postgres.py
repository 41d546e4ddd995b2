"""What is PostgreSQL's own: reaching the server, its errors as ours, locks, roles and poolers."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random
from threading import Thread

import psycopg
import pytest

from radlens.domain.audit import verify
from radlens.domain.errors import (
    BadSettings,
    BrokenChain,
    Conflict,
    StorageFull,
    StorageUnavailable,
)
from radlens.storage.postgres import PostgresDatabase
from radlens.storage.schema import MIGRATIONS
from radlens.storage.statements import append
from tests.contracts.stores import LoggedRecords
from tests.postgres import NoServer, free_port
from tests.storage.samples import a_prediction, an_act

ROOT = Path(__file__).parents[2]
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'radlens'"


def add(records: LoggedRecords, *keys: str) -> None:
    for key in keys:
        prediction = a_prediction(key)
        records.add(prediction, an_act(prediction))


def name(url: str) -> str:
    return url.rsplit("/", 1)[1]


@pytest.fixture
def records(postgres: str) -> Iterator[LoggedRecords]:
    with closing(LoggedRecords(PostgresDatabase(postgres))) as opened:
        add(opened, "one", "two", "three")
        yield opened


def test_a_server_that_was_restarted_is_met_again(postgres_server, records):
    postgres_server.stop()
    postgres_server.start()
    add(records, "four")
    assert verify(records.audit()) == len(records.history(limit=9)) == 4


def test_a_server_that_is_just_starting_is_waited_for(postgres_server, records):
    postgres_server.stop()
    start = Thread(target=postgres_server.start)
    start.start()
    add(records, "four")
    start.join()
    assert verify(records.audit()) == 4


def test_a_server_that_is_not_there_is_unavailable_within_seconds():
    with pytest.raises(StorageUnavailable, match="cannot be reached") as refusal:
        PostgresDatabase(f"postgresql://radlens@127.0.0.1:{free_port()}/site")
    assert "`database`" in refusal.value.hint


def test_a_wrong_password_is_said_once_and_never_repeated(postgres_server, postgres):
    postgres_server.execute("CREATE ROLE keyed LOGIN PASSWORD 'right-horse'")
    url = postgres_server.url(name(postgres), user="keyed:wrong-staple")
    with pytest.raises(StorageUnavailable, match="password authentication failed") as refusal:
        PostgresDatabase(url)
    assert "staple" not in refusal.value.message + refusal.value.hint
    log = (postgres_server.folder / "log").read_text()
    assert log.count('password authentication failed for user "keyed"') == 1


@pytest.mark.parametrize(
    "url", ["postgresql://u:hidden-%staple@h/d", "postgresql://u:hidden-staple@h/d?nonsense=1"]
)
def test_an_address_that_cannot_be_read_is_refused_without_its_password(url):
    with pytest.raises(BadSettings, match="cannot be read") as refusal:
        PostgresDatabase(url)
    assert "staple" not in refusal.value.message + refusal.value.hint
    assert refusal.value.__suppress_context__


def test_a_value_that_no_text_can_hold_is_a_conflict_that_does_not_quote_it(records):
    for changes in ({"id": "se\0cret"}, {"id": "secret", "evidence": "short"}):
        prediction = a_prediction("any", **changes)
        with pytest.raises(Conflict) as refusal:
            records.add(prediction, an_act(prediction))
        assert "cret" not in refusal.value.message
    assert verify(records.audit()) == 3


def test_a_chain_that_another_program_keeps_locked_is_unavailable_to_write_but_not_to_read(
    postgres,
):
    with (
        closing(PostgresDatabase(postgres)) as holder,
        closing(LoggedRecords(PostgresDatabase(postgres, busy_s=0.05))) as records,
    ):
        with holder.writing(), pytest.raises(StorageUnavailable, match="Another program"):
            add(records, "one")
        assert records.history(limit=9) == []
        add(records, "one")


def test_an_error_that_somebody_swallows_is_not_taken_for_a_commit(postgres):
    def swallow() -> None:
        with database.writing() as sql:
            append(sql, an_act(a_prediction("one")))
            with pytest.raises(psycopg.Error):
                sql.execute("SELECT nothing")

    with closing(PostgresDatabase(postgres)) as database:
        with pytest.raises(StorageUnavailable, match="undid"):
            swallow()
        assert verify(LoggedRecords(database).audit()) == 0


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE radlens.audit SET subject = 'three' WHERE seq = 2",
        "UPDATE radlens.audit SET detail = '{' WHERE seq = 2",
        "DELETE FROM radlens.audit WHERE seq = 1",
    ],
)
def test_tampering_with_the_tables_is_found(postgres_server, postgres, records, tampering):
    postgres_server.execute("DROP TABLE radlens.predictions CASCADE", name(postgres))
    postgres_server.execute(tampering, name(postgres))
    with pytest.raises(BrokenChain):
        verify(records.audit())


@pytest.mark.parametrize("small_disk", ["16m"], indirect=True)
def test_a_full_disk_is_said_and_nothing_is_half_written(postgres_server, small_disk):
    with (
        postgres_server.tablespace(small_disk) as url,
        closing(LoggedRecords(PostgresDatabase(url))) as records,
    ):
        kept = list[str]()

        def fill() -> None:
            while len(kept) < 1_000:
                prediction = a_prediction(str(len(kept)))
                act = an_act(prediction, text=Random(len(kept)).randbytes(100_000).hex())  # noqa: S311
                kept.append(records.add(prediction, act).id)

        with pytest.raises(StorageFull):
            fill()
        assert [p.id for p in records.history(limit=1_000)] == kept[::-1] != []
        assert verify(records.audit()) == len(kept)


def test_each_table_is_closed_to_all_but_its_owner(postgres_server, postgres, records):
    for role in ("anon", "authenticated"):
        postgres_server.execute(f"DROP ROLE IF EXISTS {role}; CREATE ROLE {role} LOGIN")
    tables = [table for (table,) in postgres_server.execute(TABLES, name(postgres))]
    assert "audit" in tables
    for table in tables:
        for role in ("anon", "authenticated"):
            url = postgres_server.url(name(postgres), user=role)
            with (
                psycopg.connect(url) as stranger,
                pytest.raises(psycopg.errors.InsufficientPrivilege),
            ):
                stranger.execute(f"TABLE radlens.{table}")
    # Even a right that somebody gives by mistake opens no row.
    postgres_server.execute("GRANT USAGE ON SCHEMA radlens TO anon", name(postgres))
    postgres_server.execute("GRANT SELECT ON ALL TABLES IN SCHEMA radlens TO anon", name(postgres))
    with psycopg.connect(postgres_server.url(name(postgres), user="anon")) as stranger:
        for table in tables:
            assert stranger.execute(f"TABLE radlens.{table}").fetchall() == []


def test_it_works_behind_a_pooler_that_gives_each_transaction_another_session(
    postgres_server, postgres
):
    with ExitStack() as stack:
        try:
            port = stack.enter_context(postgres_server.pooler())
        except NoServer as error:
            pytest.skip(str(error))
        url = postgres.replace(f":{postgres_server.port}/", f":{port}/")
        records = stack.enter_context(closing(LoggedRecords(PostgresDatabase(url))))

        def work(number: int) -> None:
            for step in range(10):
                add(records, f"{number}-{step}")
                records.get(f"{number}-{step}")

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(work, range(8)))
        assert verify(records.audit()) == len(records.history(limit=100)) == 80


def test_a_newer_schema_is_refused_and_left_alone(postgres_server, postgres, records):
    postgres_server.execute("INSERT INTO radlens.migrations VALUES (999)", name(postgres))
    with pytest.raises(StorageUnavailable, match="newer RadLens") as refusal:
        PostgresDatabase(postgres)
    assert "Install" in refusal.value.hint
    assert verify(records.audit()) == 3


def test_a_migration_that_is_killed_half_way_leaves_nothing_and_is_done_again(
    postgres_server, postgres, tmp_path
):
    folder = tmp_path / "migrations"
    folder.mkdir()
    for script in MIGRATIONS.glob("*.sql"):
        (folder / script.name).write_text(script.read_text())
    (folder / "9999_slow.sql").write_text("SELECT pg_sleep(1)")
    code = (
        "import sys; from pathlib import Path\n"
        "from radlens.storage.postgres import PostgresDatabase\n"
        "PostgresDatabase(sys.argv[1], migrations=Path(sys.argv[2]))"
    )
    process = subprocess.Popen([sys.executable, "-c", code, postgres, str(folder)], cwd=ROOT)
    at_it = "SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(1)'"
    while not postgres_server.execute(at_it):
        assert process.poll() is None
    process.kill()
    process.wait()
    assert postgres_server.execute(TABLES, name(postgres)) == []
    with closing(LoggedRecords(PostgresDatabase(postgres))) as records:  # waits for the lock
        add(records, "one")
        assert verify(records.audit()) == 1
