"""A chest application's database on a real PostgreSQL, with the roles that Supabase has."""
# ruff: noqa: S608 (the only text put into a statement is this module's own names)

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from psycopg.errors import InsufficientPrivilege

from radlens.bootstrap import open_site
from radlens.cli.app import app
from radlens.domain.audit import Actor, Verb, Wanted
from radlens.domain.errors import WrongStage
from radlens.domain.legacy import Left, Taken
from radlens.domain.registry import Stage, move
from radlens.settings import Settings
from radlens.usecases.verify import verify_records
from tests.builders import furnish
from tests.left_behind import LABELS, MODELS, NAMED, RESULTS, leave, rows, visible

ME = Actor("tester", "cli")
KINDS = Taken(models=4, predictions=11, renamed=2, without_model=4, without_results=2, unreadable=5)


@pytest.fixture
def old(postgres: str) -> str:
    """A database that a chest application leaves, with rows in every shape."""
    leave(postgres)
    return postgres


def site_of(home: Path, url: str):
    furnish(home)
    return open_site(Settings(home=home, database=url, gallery="gallery", workers=1))


EVERYTHING = (
    "SELECT to_jsonb(m)::text FROM public.models m UNION ALL "
    "SELECT to_jsonb(p)::text FROM public.predictions p ORDER BY 1"
)


def test_every_row_is_readable_in_registry_and_log_and_stays_where_it_was(old, tmp_path):
    before = rows(old, EVERYTHING)
    with site_of(tmp_path, old) as site:
        assert site.legacy.left() == Left(len(MODELS), len(RESULTS))
        done = site.legacy.take(time=site.clock(), by=ME)
        assert done == KINDS
        versions = {v.facts["legacy_id"]: v for v in site.registry.versions() if not v.files}
        assert [versions[n].version for n in (1, 2, 3, 4)] == [
            "v1",
            "v1-legacy-2",
            "legacy-3",
            MODELS[3][0],
        ]
        assert {v.stage for v in versions.values()} == {Stage.RETIRED}
        first, third = versions[1].facts, versions[3].facts
        assert (first["accuracy_auroc"], first["was_active"]) == (0.6794, True)
        assert first["storage_path"] == "models/v1.pth"
        assert first["class_names"] == third["class_names"] == LABELS
        assert third["accuracy_auroc"] == "NaN"
        for number, (_, results) in enumerate(RESULTS, start=1):
            wanted = Wanted(verb=Verb.TAKE_OVER, subject=f"legacy-prediction-{number}")
            [entry] = site.trail.search(wanted, limit=9)
            assert entry.act.detail["results"] == results
            model = entry.act.detail["model_id"]
            digest = None if model is None else versions[model].digest
            assert entry.act.detail["model"] == digest
        assert verify_records(site).entries >= 15
    assert rows(old, EVERYTHING) == before


def test_the_digest_of_a_row_is_what_the_database_itself_finds(old, tmp_path):
    with site_of(tmp_path, old) as site:
        site.legacy.take(time=site.clock(), by=ME)
        entries = site.trail.search(Wanted(verb=Verb.TAKE_OVER), limit=99)
        digests = {entry.act.subject: entry.act.detail["row"] for entry in entries}
    with psycopg.connect(old) as connection:
        connection.execute("SET TimeZone TO 'UTC'")
        for kind in ("model", "prediction"):
            statement = (
                f"SELECT id, encode(sha256(convert_to(to_jsonb(o)::text, 'UTF8')), 'hex') "
                f"FROM public.{kind}s o"
            )
            for number, digest in connection.execute(statement).fetchall():
                assert digests[f"legacy-{kind}-{number}"] == digest
    assert len(set(digests.values())) == 15


def test_a_second_run_takes_what_is_new_and_nothing_twice(old, tmp_path):
    with site_of(tmp_path, old) as site:
        site.legacy.take(time=site.clock(), by=ME)
        length = site.trail.ends()[0]
        assert site.legacy.take(time=site.clock(), by=ME) == Taken()
        assert site.trail.ends()[0] == length
        with psycopg.connect(old) as connection:
            connection.execute("UPDATE public.models SET is_active = false")
            connection.execute("INSERT INTO public.predictions (model_id) VALUES (1)")
        assert site.legacy.left() == Left(0, 1)
        assert site.legacy.take(time=site.clock(), by=ME) == Taken(predictions=1, without_results=1)
        [entry] = site.trail.search(Wanted(verb=Verb.TAKE_OVER), limit=1)
        assert entry.act.detail["model"] == site.registry.get("v1").digest


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_the_public_key_reads_nothing_afterwards(old, tmp_path, role):
    theirs = ["public.models", "public.predictions"]
    assert all(visible(old, table, role) for table in theirs)
    with site_of(tmp_path, old) as site:
        site.legacy.take(time=site.clock(), by=ME)
    ours = rows(old, "SELECT 'radlens.' || tablename FROM pg_tables WHERE schemaname = 'radlens'")
    assert len(ours) > 10
    every = [*theirs, *(str(name) for [name] in ours)]
    assert not any(visible(old, table, role) for table in every)
    secured = "SELECT relrowsecurity FROM pg_class WHERE oid = '{}'::regclass"
    assert [rows(old, secured.format(name)) for name in theirs] == [[(True,)]] * 2
    with psycopg.connect(old) as connection:
        connection.execute(f"SET ROLE {role}")
        with pytest.raises(InsufficientPrivilege):
            connection.execute("INSERT INTO public.predictions (image_url) VALUES ('x')")
    with psycopg.connect(old) as connection:  # whoever has the secret key goes on
        connection.execute("SET ROLE service_role")
        found = connection.execute("SELECT image_url FROM public.predictions").fetchall()
    assert found == [(NAMED,)] * len(RESULTS)


def test_a_name_in_a_link_is_not_in_our_tables(old, tmp_path):
    with site_of(tmp_path, old) as site:
        site.legacy.take(time=site.clock(), by=ME)
    assert rows(old, "SELECT 1 FROM radlens.audit a WHERE a::text LIKE '%DOE%'") == []
    assert rows(old, "SELECT 1 FROM radlens.versions v WHERE v::text LIKE '%DOE%'") == []


def test_a_take_over_that_is_killed_half_way_leaves_nothing_and_is_simply_made_again(old, tmp_path):
    with psycopg.connect(old) as connection:
        connection.execute(
            "INSERT INTO public.predictions (results_json) "
            "SELECT jsonb_build_object('Mass', i) FROM generate_series(1, 20000) i"
        )
    with site_of(tmp_path, old) as site:
        length = site.trail.ends()[0]
    environment = {"RADLENS_HOME": str(tmp_path), "RADLENS_DATABASE": old}
    process = subprocess.Popen(
        [sys.executable, "-m", "radlens", "upgrade"],
        env={**os.environ, **environment, "RADLENS_GALLERY": "gallery"},
        stdout=subprocess.DEVNULL,
        cwd=tmp_path,
    )
    held = (
        "SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted "
        "AND relation = 'public.predictions'::regclass AND database = "
        "(SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    while not rows(old, held):
        assert process.poll() is None
    process.kill()
    process.wait()
    with site_of(tmp_path, old) as site:
        assert site.trail.ends()[0] == length
        assert site.legacy.left() == Left(len(MODELS), len(RESULTS) + 20000)
        assert not rows(
            old,
            "SELECT 1 FROM pg_class WHERE relname = 'models' AND relrowsecurity "
            "AND relnamespace = 'public'::regnamespace",
        )
        done = site.legacy.take(time=site.clock(), by=ME)
        assert done == replace(KINDS, predictions=len(RESULTS) + 20000, without_model=20004)


def test_a_take_over_that_fails_in_the_middle_undoes_all_of_it(old, tmp_path):
    with psycopg.connect(old) as connection:
        connection.execute(
            "INSERT INTO public.predictions (created_at, results_json) VALUES (now(), '{}')"
        )
    with site_of(tmp_path, old) as site:
        length = site.trail.ends()[0]
        with psycopg.connect(old) as connection:
            connection.execute(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '53100'; END $$"
            )
            connection.execute(
                "CREATE TRIGGER refuse BEFORE INSERT ON radlens.audit FOR EACH ROW "
                "WHEN (NEW.subject = 'legacy-prediction-7') EXECUTE FUNCTION refuse()"
            )
        with pytest.raises(Exception, match="disk of the database server is full"):
            site.legacy.take(time=site.clock(), by=ME)
        assert site.trail.ends()[0] == length
        assert site.legacy.left() == Left(len(MODELS), len(RESULTS) + 1)


def test_a_version_that_was_taken_over_can_never_be_live_and_says_why(old, tmp_path):
    with site_of(tmp_path, old) as site:
        site.legacy.take(time=site.clock(), by=ME)
        version = site.registry.get("v1")
        with pytest.raises(WrongStage, match="no bundle") as refusal:
            move(version, Stage.LIVE, time=site.clock(), by=ME, reason="", share=None)
    assert "radlens models convert" in refusal.value.hint


def test_tables_of_another_application_are_left_alone(postgres, tmp_path):
    with psycopg.connect(postgres) as connection:
        connection.execute("CREATE TABLE public.models (id int, name text)")
        connection.execute("CREATE TABLE public.predictions (id int, odds int)")
    with site_of(tmp_path, postgres) as site:
        assert site.legacy.left() is None
        assert site.legacy.take(time=site.clock(), by=ME) is None


def test_the_commands_say_what_waits_what_was_done_and_no_name(old, tmp_path):
    furnish(tmp_path)
    environment = {
        "RADLENS_HOME": str(tmp_path),
        "RADLENS_DATABASE": old,
        "RADLENS_GALLERY": "gallery",
    }

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, words, env=environment)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert "DOE" not in done.output
        return done.output

    assert "4 models and 11 predictions" in run("doctor")
    said = run("upgrade")
    assert "Taken over: 4 models and 11 predictions." in said
    assert "5 predictions have results that are no JSON object" in said
    assert "older chest application" not in run("doctor")
    assert "Taken over: 0 models and 0 predictions." in run("upgrade")
    assert "v1-legacy-2" in run("models", "list")
