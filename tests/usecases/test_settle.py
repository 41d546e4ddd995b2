"""What a server was told is on record where it is not what it was told before."""

from dataclasses import replace
from pathlib import Path

import pytest

from radlens.domain.audit import Verb
from radlens.settings import Settings
from radlens.usecases.settle import settle
from tests.builders import tiny_site

SECRETS = ("database", "s3_key", "s3_secret", "metrics_key", "oidc_secret")


@pytest.fixture
def site(tmp_path: Path):
    with tiny_site(tmp_path, gallery="none") as opened:
        yield opened


def start(site, usual: Settings, **changes: object) -> list[str]:
    return settle(site, replace(usual, **changes).told, usual=usual.told)


def told(site) -> list:
    return [e.act for e in site.trail.entries() if e.act.verb == Verb.CHANGE_SETTINGS]


def test_a_start_with_what_is_usual_is_no_change(site, tmp_path):
    assert start(site, Settings(home=tmp_path)) == []
    assert told(site) == []


def test_each_change_is_one_entry_that_names_it_until_it_is_taken_back(site, tmp_path):
    usual = Settings(home=tmp_path)
    assert start(site, usual, approvals=2, idle_minutes=5) == ["approvals", "idle_minutes"]
    assert start(site, usual, approvals=2, idle_minutes=5) == []
    assert start(site, usual, approvals=2) == ["idle_minutes"]
    assert start(site, usual) == ["approvals"]
    assert [act.detail["changed"] for act in told(site)] == [
        ["approvals", "idle_minutes"],
        ["idle_minutes"],
        ["approvals"],
    ]
    assert len({act.detail["digest"] for act in told(site)}) == 3
    assert {act.by.via for act in told(site)} == {"server"}


def test_that_there_is_a_secret_is_told_and_never_which(site, tmp_path):
    usual = Settings(home=tmp_path)
    first: dict[str, str] = dict.fromkeys(SECRETS, "first")
    assert start(site, usual, **first) == sorted(SECRETS)
    assert start(site, usual, **dict.fromkeys(SECRETS, "other")) == []
    assert len(told(site)) == 1
    values = [Settings(home=tmp_path, **first).told, Settings(home=tmp_path).told]
    assert [{value[name] for name in SECRETS} for value in values] == [{True}, {False}]
