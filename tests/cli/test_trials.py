"""A version's whole way from its bundle to being live, on the command line."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from radlens.bootstrap import PACKAGE
from radlens.cli.app import app
from radlens.domain.ledger import Kind
from radlens.usecases.activate import approve
from tests.builders import TASKS, own_gallery, picture, png, tiny_bundle, tiny_site
from tests.lab.tiny import write_dataset
from tests.versions import ME, PARITY, added

TASK = TASKS["chest-xray"]
# Tiny models are worth nothing: the card asks for no more than that they were measured.
LENIENT = "\n[promotion]\nlargest_loss = 1.0\nlargest_ece = 1.0\nleast_units = 26\n"


def run(home: Path, *arguments: object) -> Result:
    environment = {"RADLENS_HOME": str(home), "COLUMNS": "180", "NO_COLOR": "1"}
    return CliRunner().invoke(app, [str(a) for a in arguments], env=environment)


def good(home: Path, *arguments: object) -> str:
    done = run(home, *arguments)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with a live model, a candidate, recorded images, and the candidate's evaluation."""
    folder = tmp_path_factory.mktemp("trials")
    home = folder / "home"
    own_gallery(home)
    (home / "tasks").mkdir()
    card = (PACKAGE / "tasks" / f"{TASK.name}.toml").read_text()
    (home / "tasks" / f"{TASK.name}.toml").write_text(card + LENIENT)
    tiny_bundle(home / "gallery" / TASK.name, TASK)
    tiny_bundle(folder / "new", TASK, seed=8, version="new", provenance=PARITY)
    write_dataset(folder / "data", TASK, {"train": 13, "val": 52, "test": 26})
    good(home, "models", "add", folder / "new")
    for seed in range(4):
        (folder / f"{seed}.png").write_bytes(png(picture(seed)))
        good(home, "predict", folder / f"{seed}.png", "-t", TASK.name)
    return home


def test_a_version_is_tried_measured_and_promoted(home: Path) -> None:
    missing = run(home, "models", "gate", "new")
    assert missing.exit_code == 4
    assert "missing  comparison" in missing.output

    data = home.parent / "data"
    good(
        home, "evaluate", "new", "--against", TASK.name, "--dataset", data, "--no-robustness",
    )  # fmt: skip
    with tiny_site(home) as site:
        version = site.registry.get("new")
        [paired] = site.ledger.items(Kind.COMPARISON)
        assert paired.body["first"]["model_digest"] == version.digest
        assert paired.body["second"]["model"] == "tiny-1"
        matched = {k: m["point"]["threshold"] for k, m in paired.body["matched"].items()}
    assert "It passes the gate." in good(home, "models", "gate", "new")
    gate = json.loads(good(home, "models", "gate", "new", "--json"))
    assert {check["result"] for check in gate["checks"]} == {"passed"}

    before = len(json.loads(good(home, "history", "--json")))
    said = json.loads(good(home, "models", "preview", "new", "--json"))
    assert said["images"] == 4
    changed = {label["label"]: label["changed"]["hits"] for label in said["labels"]}
    assert changed
    for label, count in changed.items():
        assert sum(label in change["labels"] for change in said["changes"]) == count
    assert "on 4 recorded images" in good(home, "models", "preview", "new")
    good(home, "models", "preview", "new", "--match-sensitivity")
    assert len(json.loads(good(home, "history", "--json"))) == before

    assert "in the shadow" in good(home, "models", "shadow", "new")
    assert "0 answers since the trial began" in good(home, "models", "agreement", "new")
    assert run(home, "models", "canary", "new", "--share", "0.7").exit_code == 2
    said = good(home, "models", "canary", "new", "--share", "0.2", "--match-sensitivity")
    assert "20.0%" in said
    assert "canary" in good(home, "models", "agreement", "new", "--json")
    assert "candidate again" in good(home, "models", "withdraw", "new")
    good(home, "models", "activate", "new", "--match-sensitivity")
    answer = json.loads(good(home, "predict", home.parent / "0.png", "-t", TASK.name, "--json"))
    assert answer[0]["model"]["version"] == "new"
    with tiny_site(home) as site:
        [newest] = site.records.history(limit=1)
    points = {f.label: f.operating_point.threshold for f in newest.findings}
    assert {label: points[label] for label in matched} == matched


def test_with_two_approvals_a_canary_waits_for_a_second_account(tmp_path: Path) -> None:
    with tiny_site(tmp_path) as site:
        added(site, tmp_path, TASK.name, "two")
    (tmp_path / "radlens.toml").write_text('approvals = 2\ngallery = "gallery"\n')
    canary = ("models", "canary", "two", "--share", "0.1", "--override", "--reason", "a test asks")
    good(tmp_path, "models", "approve", "two")  # by the very account that asks
    refused = run(tmp_path, *canary)
    assert refused.exit_code == 4
    assert "second account" in refused.output
    with tiny_site(tmp_path) as site:
        approve(site, "two", by=ME)
    assert "10.0%" in good(tmp_path, *canary)


def test_a_model_that_nobody_knows_cannot_be_evaluated(home: Path) -> None:
    done = run(home, "evaluate", "nobody", "--dataset", home.parent / "data")
    assert done.exit_code == 3
    assert "no version 'nobody'" in done.output
