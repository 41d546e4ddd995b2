"""Defaults < radlens.toml < environment < arguments, and clear words for what cannot be used."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from radlens.domain.errors import BadSettings
from radlens.settings import Settings, load_settings


def test_each_source_wins_over_the_one_before(tmp_path: Path) -> None:
    home = {"RADLENS_HOME": str(tmp_path)}
    assert load_settings(home).port == 8501
    (tmp_path / "radlens.toml").write_text('port = 1111\nsite_name = "St. Nikolaus, Köln"\n')
    assert load_settings(home).port == 1111
    assert load_settings({**home, "RADLENS_PORT": "2222"}).port == 2222
    told = load_settings({**home, "RADLENS_PORT": "2222"}, port=3333, host=None)
    assert (told.port, told.host, told.site_name) == (3333, "127.0.0.1", "St. Nikolaus, Köln")


def test_the_default_is_loopback_only(tmp_path: Path) -> None:
    assert load_settings({"RADLENS_HOME": str(tmp_path)}).host == "127.0.0.1"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prot = 1", "unknown entry: prot"),
        ("port = 0", "at least 1"),
        ('port = "x"', "whole number"),
        ("port = ", "cannot be read"),
        ("home = '/elsewhere'", "unknown entry: home"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "radlens.toml").write_text(text)
    with pytest.raises(BadSettings, match=words):
        load_settings({"RADLENS_HOME": str(tmp_path)})


def test_bounds_follow_the_settings(tmp_path: Path) -> None:
    told = load_settings({"RADLENS_HOME": str(tmp_path), "RADLENS_FRAMES": "7"})
    assert told.bounds.frames == 7
    assert told.bounds.upload_bytes == 64 * 2**20


def test_a_secret_can_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hidden\n")
    told = {"RADLENS_HOME": str(tmp_path), "RADLENS_METRICS_KEY_FILE": str(tmp_path / "secret")}
    assert load_settings(told).metrics_key == "hidden"
    assert "hidden" not in repr(load_settings(told))
    with pytest.raises(BadSettings, match="RADLENS_METRICS_KEY_FILE"):
        load_settings(told | {"RADLENS_METRICS_KEY_FILE": str(tmp_path / "none")})


def test_whatever_opens_a_door_is_never_printed_nor_backed_up() -> None:
    """Both leave out what is not in the settings' representation."""
    secret = [f for f in fields(Settings) if re.search("secret|password|_key$|token", f.name)]
    assert {f.name for f in secret if f.repr} <= {"audit_key", "patient_key"}, "a path is no secret"
