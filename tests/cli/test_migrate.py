"""A whole site from one kind of store to the other and back: nothing lost, nothing changed."""

import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from click.testing import CliRunner

from radlens.bootstrap import open_bare
from radlens.cli.app import app
from radlens.domain.audit import Actor, Verb, verify
from radlens.settings import Settings
from radlens.usecases.predict import predict
from radlens.usecases.recall import recall
from radlens.usecases.verify import verify_records
from tests.builders import picture, png, tiny_site
from tests.contracts.stores import bucket

ME = Actor("tester", "cli")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A site with three predictions."""
    with tiny_site(tmp_path / "home") as site:
        for seed in range(3):
            predict(site, png(picture(seed)), task="chest-xray", by=ME)
    return tmp_path / "home"


@pytest.fixture
def servers(postgres: str, s3_server) -> dict[str, str]:
    """Where the site is to go, and how it is reached."""
    url, access = bucket(s3_server.place())
    keys = {f"s3_{name}": value for name, value in asdict(access).items()}
    return {"database": postgres, "objects": url, **keys}


def environment(home: Path, servers: dict[str, str]) -> dict[str, str]:
    keys = {f"RADLENS_{k.upper()}": v for k, v in servers.items() if k.startswith("s3_")}
    return {"RADLENS_HOME": str(home), "COLUMNS": "200", **keys}


def run(home: Path, servers: dict[str, str], *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["migrate", *words], env=environment(home, servers))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def to(servers: dict[str, str]) -> tuple[str, ...]:
    return ("--to", servers["database"], "--to-objects", servers["objects"])


def seen(site) -> list[object]:
    """What a person finds there."""
    found = site.records.history(limit=99)
    return [found, [recall(site, each.id).evidence.tobytes() for each in found]]


def test_a_site_goes_to_postgresql_and_s3_and_back_and_stays_the_same(home, servers, tmp_path):
    with tiny_site(home) as site:
        before = seen(site)
        models = {v.digest: v.stage for v in site.registry.versions()}
    code, said = run(home, servers, *to(servers))
    assert code == 0, said
    assert "objects, all checked" in said
    with open_bare(Settings(home=home, **servers)) as site:
        assert seen(site) == before
        assert {v.digest: v.stage for v in site.registry.versions()} == models
        assert verify_records(site).entries == len(list(site.trail.entries()))
        assert [e.act.verb for e in site.trail.entries()][-2:] == [Verb.MIGRATE, Verb.MIGRATE]
    back = tmp_path / "back"
    place = f"sqlite://{back}/radlens.sqlite"
    source = ("--from", servers["database"], "--from-objects", servers["objects"])
    code, said = run(home, servers, *source, "--to", place)
    assert code == 0, said
    with open_bare(Settings(home=back)) as site:
        assert seen(site) == before


def test_without_another_place_for_objects_they_stay_where_they_are(home, servers):
    code, said = run(home, servers, "--to", servers["database"])
    assert code == 0, said
    with open_bare(Settings(home=home, database=servers["database"])) as site:
        assert len(seen(site)[0]) == 3


def test_a_target_that_holds_anything_is_refused_and_left_alone(home, servers):
    assert run(home, servers, *to(servers))[0] == 0
    with open_bare(Settings(home=home, **servers)) as site:
        before = [*site.trail.entries()]
    code, said = run(home, servers, *to(servers))
    assert code == 4
    assert "on record already" in said
    with open_bare(Settings(home=home, **servers)) as site:
        assert [*site.trail.entries()] == before


def test_a_copy_that_is_killed_leaves_the_target_empty_and_is_simply_made_again(
    home, servers, s3_server, postgres_server
):
    process = subprocess.Popen(
        [sys.executable, "-m", "radlens", "migrate", *to(servers)],
        env={**os.environ, **environment(home, servers)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    prefix = servers["objects"].removeprefix("s3://radlens/")
    client = s3_server.client()
    while not client.list_objects_v2(Bucket="radlens", Prefix=prefix)["KeyCount"]:
        assert process.poll() is None
    process.kill()
    process.wait()
    name = servers["database"].rsplit("/", 1)[1]
    rows = postgres_server.execute("SELECT count(*) FROM radlens.predictions", name)
    code, said = run(home, servers, *to(servers))
    if rows == [(0,)]:
        assert code == 0, said
    else:  # it was done before the signal arrived
        assert code == 4, said
    with open_bare(Settings(home=home, **servers)) as site:
        assert len(seen(site)[0]) == 3
        assert verify(site.trail.entries()) > 3


def test_a_database_that_changes_what_it_is_given_is_found_out(home, servers, postgres_server):
    with open_bare(Settings(home=home, database=servers["database"])):
        pass  # the tables are there now
    name = servers["database"].rsplit("/", 1)[1]
    postgres_server.execute(
        "CREATE FUNCTION radlens.spoil() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN NEW.actor := 'somebody else'; RETURN NEW; END $$",
        name,
    )
    postgres_server.execute(
        "CREATE TRIGGER spoil BEFORE INSERT ON radlens.predictions "
        "FOR EACH ROW EXECUTE FUNCTION radlens.spoil()",
        name,
    )
    code, said = run(home, servers, *to(servers))
    assert code == 7
    assert "predictions" in said


def test_an_object_that_is_lost_is_named_and_the_rest_is_copied(home, servers):
    victim = next(path for path in (home / "objects").rglob("*") if path.is_file())
    victim.write_bytes(b"damaged")
    code, said = run(home, servers, *to(servers))
    assert code == 7
    assert victim.name in said
    with open_bare(Settings(home=home, **servers)) as site:
        assert len(site.records.history(limit=9)) == 3


def test_a_password_is_never_said(home, servers):
    secret = servers["database"].replace("radlens@", "radlens:hidden-staple@")
    code, said = run(home, servers, "--to", secret)
    assert code == 0
    assert "staple" not in said
    with open_bare(Settings(home=home, database=servers["database"])) as site:
        assert "staple" not in repr([*site.trail.entries()])
