"""What is known of registered versions, on the command line."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from radlens.cli.app import app
from radlens.domain.audit import Outcome, Verb
from radlens.domain.registry import Stage
from tests.builders import TASKS, own_gallery, tiny_bundle, tiny_site
from tests.versions import measured

TASK = TASKS["chest-xray"]
LIVE = f"{TASK.name}/tiny-1"
METRICS = {"mean_auroc": {"value": 0.71, "low": 0.66, "high": 0.75, "n": 90}}


def run(home: Path, *arguments: object) -> Result:
    environment = {"RADLENS_HOME": str(home), "COLUMNS": "180", "NO_COLOR": "1"}
    return CliRunner().invoke(app, [str(a) for a in arguments], env=environment)


def good(home: Path, *arguments: object) -> str:
    done = run(home, "models", *arguments)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A site with a live model and a candidate."""
    home = tmp_path / "home"
    own_gallery(home)
    tiny_bundle(home / "gallery" / TASK.name, TASK)
    tiny_bundle(tmp_path / "new", TASK, seed=8, version="new", metrics=METRICS)
    good(home, "add", tmp_path / "new", "--reason", "more images")
    return home


def test_what_is_exported_can_be_registered_elsewhere_and_is_the_same_version(
    home: Path, tmp_path: Path
) -> None:
    out, other = tmp_path / "new.zip", tmp_path / "other"
    good(home, "export", "new", "--out", out)
    own_gallery(other)
    good(other, "add", out)
    with tiny_site(home) as one, tiny_site(other) as two:
        assert two.registry.get("new").files == one.registry.get("new").files
        [act] = [e.act for e in one.trail.entries() if e.act.verb == Verb.EXPORT_MODEL]
        assert act.subject == one.registry.get("new").digest
    unknown = run(home, "models", "export", "absent", "--out", out)
    assert unknown.exit_code == 3


def test_a_version_is_shown_with_its_figures_and_its_way(home: Path) -> None:
    said = good(home, "show", "new")
    for part in ("candidate", "0.710 (0.660 to 0.750)", "part model.onnx", "became candidate"):
        assert part in said
    shown = json.loads(good(home, "show", "new", "--json"))
    assert shown["moves"][0]["after"] == "candidate"
    assert set(shown["files"]) == {"manifest.json", "model.onnx", "card.md"}


def test_two_versions_are_compared_by_their_figures_and_their_newest_pairing(home: Path) -> None:
    said = good(home, "compare", "new", LIVE)
    assert "0.710 (0.660 to 0.750)" in said
    assert "No comparison on the same cases" in said
    with tiny_site(home) as site:
        _, paired = measured(site, site.registry.get("new"))
    for order in (("new", LIVE), (LIVE, "new")):
        assert f"record {paired.id[:12]}" in good(home, "compare", *order)
        assert json.loads(good(home, "compare", *order, "--json"))["comparison"]["id"] == paired.id


def test_a_damaged_part_is_found_said_and_on_record(home: Path) -> None:
    assert good(home, "verify").count("intact") == 2
    with tiny_site(home) as site:
        digest = site.registry.get("new").files["model.onnx"]
    (home / "objects" / digest[:2] / digest).write_bytes(b"spoiled")
    assert "intact" in good(home, "verify", LIVE)
    done = run(home, "models", "verify")
    assert done.exit_code == 7
    assert "new: damaged" in done.output
    assert "model.onnx:" in done.output
    with tiny_site(home) as site:
        acts = [e.act for e in site.trail.entries() if e.act.verb == Verb.VERIFY_MODEL]
    found = [act for act in acts if act.outcome is Outcome.FAILED]
    assert [act.detail["version"] for act in found] == ["new"]
    assert len(acts) > 5


def test_the_history_says_which_version_was_live_at_a_time_by_whom_and_why(home: Path) -> None:
    with tiny_site(home) as site:
        before = site.clock()
    good(home, "activate", "new", "--override", "--reason", "a test asks")
    good(home, "rollback", TASK.name, "--reason", "worse")
    whole = good(home, "history", TASK.name)
    assert "new became live" in whole
    assert "a test asks" in whole
    moves = json.loads(good(home, "history", TASK.name, "--json"))
    time = next(m["time"] for m in moves if m["reason"] == "a test asks")
    [then] = json.loads(good(home, "history", TASK.name, "--at", time, "--json"))
    [first] = json.loads(good(home, "history", TASK.name, "--at", before.isoformat(), "--json"))
    with tiny_site(home) as site:
        new = site.registry.get("new")
        assert (then["digest"], then["reason"], new.stage) == (
            new.digest, "a test asks", Stage.RETIRED,
        )  # fmt: skip
        assert first["digest"] != new.digest
    assert "Nothing was live" in good(home, "history", TASK.name, "--at", "2001-01-01")
    assert run(home, "models", "history", "absent").exit_code == 2
