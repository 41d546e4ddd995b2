"""Settings & Health: what is set, never a secret; what is broken, and what to do about it."""

import re

import pytest

from radlens.domain.account import Role
from radlens.domain.audit import SYSTEM, Act, Verb
from radlens.settings import Settings
from radlens.ui import door
from radlens.usecases.settle import settle
from radlens.usecases.users import add_user, disable
from tests.builders import TASKS, go_live, put_live, tiny_bundle, tiny_site
from tests.ui.conftest import entrance

WAITS = (
    "Chest X-ray, 13 findings: tiny-1 is live, which shipped before; tiny-9 ships now, and is a "
    "candidate."
)


@pytest.fixture
def told(screen, site, tmp_path):
    """The page of a site that was told something."""

    def page(**changes: object) -> str:
        door.enter(site, Settings(home=tmp_path, **changes), entrance())
        return screen("settings_health").text

    return page


def row(text: str, name: str) -> str:
    found = re.search(rf">{re.escape(name)}</th>.*?</tr>", text)
    assert found, name
    return found[0]


def test_every_entry_is_shown_and_what_is_other_than_usual_is_marked(told):
    text = told(waiting=7)
    assert "rl-warn" in row(text, "waiting")
    assert ">7</span>" in row(text, "waiting")
    assert "rl-warn" not in row(text, "drain_s")
    for name in door.settings().told:
        assert f"RADLENS_{name.upper()}" in row(text, name)


def test_of_a_secret_only_whether_there_is_one(told):
    text = told(database="postgresql://somebody:hunter2@db/radlens", s3_secret="hunter2")  # noqa: S106
    assert "hunter2" not in text
    assert ">set<" in row(text, "s3_secret")
    assert "not set" in row(text, "metrics_key")


def test_what_needs_a_hand_is_named_with_what_to_do(screen, site, told, tmp_path):
    text = told(host="0.0.0.0")  # noqa: S104
    assert "without TLS in front of it" in text
    assert "No backup of this site" in text
    site.trail.note(Act(site.clock(), SYSTEM, Verb.BACK_UP, "site", {}))
    assert "No backup of this site" not in told(host="127.0.0.1")
    objects = tmp_path / "objects"
    objects.chmod(0o700)
    objects.rename(tmp_path / "away")
    objects.write_text("no folder")
    text = screen("settings_health").text
    assert "broken" in row(text, "Objects")
    assert "What needs a hand" in text


def test_a_newer_model_that_ships_waits_for_the_administrator(told, site, tmp_path):
    assert "ships now" not in told(gallery="gallery")
    for place, seed in (("chest-xray", 9), ("others/second", 10)):
        name = f"tiny-{seed}"
        tiny_bundle(tmp_path / "gallery" / place, TASKS["chest-xray"], seed=seed, version=name)
    with tiny_site(tmp_path):  # the first start after an update
        pass
    newer = site.registry.get("tiny-9")
    said = row(told(gallery="gallery"), WAITS)
    assert f'href="/model-manager?version={newer.digest}"' in said
    assert "tiny-10" not in said
    put_live(site, "tiny-9", by=SYSTEM)
    assert "ships now" not in told(gallery="gallery")


def test_a_model_that_somebody_chose_is_left_alone(told, site, tmp_path):
    go_live(site, tiny_bundle(tmp_path / "own", TASKS["chest-xray"], seed=8, version="own"))
    tiny_bundle(tmp_path / "gallery" / "chest-xray", TASKS["chest-xray"], seed=9, version="tiny-9")
    with tiny_site(tmp_path):
        pass
    assert "ships now" not in told(gallery="gallery")


def test_accounts_are_counted_by_role(screen, site):
    for name, role in (("ann", Role.READER), ("bob", Role.READER), ("eve", Role.ADMIN)):
        add_user(site, name, role=role, password="long enough for all", by=SYSTEM)  # noqa: S106
    disable(site, "bob", by=SYSTEM)
    text = screen("settings_health").text
    assert re.search(r"<b>1</b>\s*<span>reader</span>", text)
    assert re.search(r"<b>1</b>\s*<span>disabled</span>", text)


def test_a_start_with_other_settings_is_among_the_latest(screen, site):
    settle(site, {"waiting": 7, "drain_s": 30}, usual={"waiting": 64, "drain_s": 30})
    text = screen("settings_health").text
    assert re.search(r"change-settings<.*?<span>waiting</span>", text)
