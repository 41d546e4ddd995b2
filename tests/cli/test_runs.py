"""``radlens train``, ``radlens runs`` and ``radlens study`` as people type them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from radlens.cli.app import app
from tests.architecture.typed import retold
from tests.builders import TASKS
from tests.lab.test_study import write_study
from tests.lab.tiny import write_dataset, write_recipe

TASK = TASKS["brain-tumor"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with one finished run of two epochs."""
    folder = tmp_path_factory.mktemp("runs")
    write_dataset(folder / "data", TASK, {"train": 16, "val": 8, "test": 12})
    recipe = write_recipe(folder / "tiny.toml", epochs=2)
    done = radlens(folder, "train", recipe, "--data", folder / "data", "--out", folder / "out")
    assert "The bundle is ready" in done.output, done.output
    return folder


def radlens(home: Path, *words: object, code: int = 0) -> Result:
    done = CliRunner(env={"RADLENS_HOME": str(home / "home"), "COLUMNS": "160"}).invoke(
        app, [str(word) for word in words]
    )
    assert done.exit_code == code, done.output
    return done


def run_of(home: Path) -> dict:
    [run] = [r for r in listed(home) if r["name"] == "tiny" and r["version"]][-1:]
    return run


def listed(home: Path) -> list[dict]:
    return json.loads(radlens(home, "runs", "list", "--json").stdout)


def test_a_finished_run_is_listed_and_shown(home: Path):
    run = run_of(home)
    assert (run["state"], run["epochs"], run["task"]) == ("done", 2, "brain-tumor")
    assert run["id"][:12] in radlens(home, "runs", "list").output
    shown = radlens(home, "runs", "show", run["id"][:10]).output
    whole = json.loads(radlens(home, "runs", "show", "tiny", "--json").stdout)
    assert run["weights"] in shown
    assert whole["recipe"] in shown
    accuracy = whole["metrics"]["accuracy"]["value"]
    assert f"{accuracy:.3f}" in shown
    assert len(whole["curve"]) == 2


def test_a_run_is_reproduced_and_the_answer_is_the_exit_code(home: Path):
    run = run_of(home)
    done = radlens(home, "runs", "reproduce", run["id"])
    assert done.stdout.startswith("The same weights")
    repeat = next(r for r in listed(home) if r["id"] != run["id"])
    assert f"repeats {run['id'][:12]}" in radlens(home, "runs", "list").output
    compared = radlens(home, "runs", "compare", run["id"], repeat["id"], "--json")
    assert json.loads(compared.stdout)["differences"] == {}
    assert "the same" in radlens(home, "runs", "compare", run["id"], repeat["id"]).output


def test_two_runs_are_compared_by_what_differs(home: Path, tmp_path: Path):
    recipe = write_recipe(tmp_path / "other.toml", epochs=1, lr=0.02)
    radlens(home, "train", recipe, "--data", home / "data", "--out", tmp_path / "out")
    compared = radlens(home, "runs", "compare", run_of(home)["id"], tmp_path / "out", "--json")
    said = json.loads(compared.stdout)
    assert said["differences"] == {"epochs": [2, 1], "lr": [0.01, 0.02]}
    assert {"accuracy", "mean auroc"} <= said["figures"].keys()


def test_a_run_is_finished_again_into_another_folder(home: Path, tmp_path: Path):
    done = radlens(home, "runs", "finish", run_of(home)["id"], "--out", tmp_path / "again")
    assert "The bundle is ready" in done.stdout
    assert (tmp_path / "again" / "brain-tumor" / "manifest.json").exists()
    radlens(home, "runs", "finish", run_of(home)["id"], code=2)


def test_what_is_not_there_or_cannot_be_meant_says_so(home: Path, tmp_path: Path):
    assert "no entry" in radlens(home, "runs", "show", "nothing", code=3).output
    recipe = write_recipe(tmp_path / "bad.toml", speed=11)
    words = ("train", recipe, "--data", home / "data", "--out", tmp_path / "out")
    before = len(listed(home))
    said = radlens(home, *words, code=2).output
    assert "unknown entry: speed" in said
    assert "Hint: " in said
    assert not (tmp_path / "out").exists()
    assert len(listed(home)) == before, "nothing is half-registered"
    study = write_study(tmp_path / "bad-study.toml", seeds=[])
    assert "seeds" in radlens(home, "study", study, "--data", home / "data", code=2).output


def test_a_loss_that_turns_nonsense_fails_with_code_2_and_says_so_on_record(
    home: Path, tmp_path: Path
):
    # More than 32 bits can hold, upwards and downwards at once: infinity less infinity.
    augment = {"contrast": 1e39, "brightness": 1e39}
    recipe = write_recipe(tmp_path / "steep.toml", augment=augment)
    words = ("train", recipe, "--data", home / "data", "--out", tmp_path / "out")
    said = radlens(home, *words, code=2).output
    assert "not a number in epoch 1, batch 1" in said
    failed = next(run for run in listed(home) if run["name"] == "steep")
    assert failed["state"] == "failed"


def test_a_study_prints_its_verdicts_and_writes_its_report(home: Path, tmp_path: Path):
    recipe = write_study(tmp_path / "study.toml")
    out = tmp_path / "report"
    done = radlens(home, "study", recipe, "--data", home / "data", "--out", out)
    assert "mirrored" in done.output
    assert (out / "report.md").read_text().startswith("# tiny")
    assert "layer" in json.loads((out / "figure.json").read_text())
    assert retold(out / "study.json") == (out / "report.md").read_text()
