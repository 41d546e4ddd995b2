"""Settings alone choose the stores of a site, and what they hold in secret stays there."""

import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from radlens.bootstrap import open_site
from radlens.domain.audit import Actor
from radlens.domain.errors import BadSettings, MissingExtra
from radlens.settings import Settings
from radlens.storage.places import Access, open_blobs, open_database, shown
from radlens.usecases.predict import predict
from radlens.usecases.recall import recall
from radlens.usecases.verify import verify_records
from tests.builders import TASKS, picture, png, tiny_bundle
from tests.contracts.stores import bucket

ME = Actor("tester", "cli")


@pytest.fixture
def chosen(tmp_path: Path, postgres: str, s3_server) -> dict[str, str]:
    """Settings that put everything on servers."""
    tiny_bundle(tmp_path / "gallery" / "chest-xray", TASKS["chest-xray"])
    url, access = bucket(s3_server.place())
    return {
        "database": postgres,
        "objects": url,
        "gallery": "gallery",
        **{f"s3_{name}": value for name, value in asdict(access).items()},
    }


def test_a_site_on_postgresql_and_s3_answers_remembers_and_verifies(tmp_path, chosen):
    settings = Settings(home=tmp_path, workers=1, **chosen)
    with open_site(settings) as site:
        kept = predict(site, png(picture()), task="chest-xray", by=ME)
        site.stores.write()
    with open_site(settings) as site:
        assert site.records.history(limit=9) == [kept]
        assert recall(site, kept.id).prediction == kept
        assert verify_records(site).entries == 2  # the model was registered, an image read
    assert not (tmp_path / "radlens.sqlite").exists()
    assert not (tmp_path / "objects").exists()


def test_the_doctor_shows_the_places_and_never_a_secret(tmp_path, chosen):
    chosen["database"] = chosen["database"].replace("radlens@", "radlens:hidden-staple@")
    file = tmp_path / "radlens.toml"
    file.write_text("".join(f'{name} = "{value}"\n' for name, value in chosen.items()))
    for mode, advice in ((0o644, True), (0o600, False)):
        file.chmod(mode)
        done = subprocess.run(
            [sys.executable, "-m", "radlens", "doctor"],
            env={**os.environ, "RADLENS_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert shown(chosen["database"]) in done.stdout
        assert chosen["objects"] in done.stdout
        assert ("chmod 600" in done.stdout) == advice
        for secret in ("staple", chosen["s3_secret"], chosen["s3_key"]):
            assert secret not in done.stdout + done.stderr


def test_settings_do_not_print_what_they_hold_in_secret(tmp_path):
    secrets = {
        "database": "postgresql://u:staple1@h/d",
        "s3_key": "staple2",
        "s3_secret": "staple3",
    }
    said = repr(Settings(home=tmp_path, **secrets))
    assert "staple" not in said


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://u:staple@h:5432/d?sslmode=require&password=staple", "postgresql://h:5432/d"),
        ("s3://bucket/a/b", "s3://bucket/a/b"),
        ("sqlite:///srv/site/radlens.sqlite", "/srv/site/radlens.sqlite"),
        ("postgresql://u:staple@h:port/d", "an address that cannot be read"),
        ("host=h password=staple", "an address that cannot be read"),
    ],
)
def test_a_place_is_shown_without_user_and_password(url, said):
    assert shown(url) == said


def test_an_address_of_another_kind_is_refused():
    for url in ("mysql://u:staple@h/d", "host=h password=staple", "radlens.sqlite"):
        with pytest.raises(BadSettings, match="cannot be read") as refusal:
            open_database(url)
        assert "staple" not in refusal.value.message
    with pytest.raises(BadSettings):
        open_blobs("http://bucket", Access())


@pytest.mark.parametrize(
    ("package", "open_it"),
    [
        ("psycopg", lambda: open_database("postgresql://h/d")),
        ("obstore", lambda: open_blobs("s3://bucket", Access())),
    ],
)
def test_an_extra_that_is_missing_is_named(monkeypatch, package, open_it):
    for name in [name for name in sys.modules if name.startswith("radlens.storage.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)  # as if it were not installed
    with pytest.raises(MissingExtra, match="needs the extra") as refusal:
        open_it()
    assert "pip install" in refusal.value.hint
