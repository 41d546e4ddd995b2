"""``radlens evaluate`` as people use it: what it keeps, what it says, what it refuses."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image
from sklearn.metrics import accuracy_score, roc_auc_score

from radlens.bootstrap import open_site
from radlens.cli.app import app
from radlens.domain.audit import Actor
from radlens.domain.comparison import Matched
from radlens.domain.evaluation import WHOLE
from radlens.domain.ledger import Item, Kind
from radlens.lab.dataset import find_dataset
from radlens.settings import Settings
from radlens.usecases.evaluations import recorded
from radlens.usecases.predict import predict
from tests.builders import TASKS, own_gallery, tiny_bundle, tiny_manifest, tiny_network
from tests.lab.tiny import write_dataset, write_manifest

TASK, ME = TASKS["brain-tumor"], Actor("a test", "cli")


def run(home: Path, *arguments: object) -> Result:
    environment = {"RADLENS_HOME": str(home), "COLUMNS": "100", "NO_COLOR": "1"}
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments)], env=environment)


def entries(home: Path, kind: Kind) -> list[Item]:
    with open_site(Settings(home=home, gallery="gallery")) as site:
        return site.ledger.items(kind)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with two models of a task, a dataset, and the evaluation of one against the other."""
    folder = tmp_path_factory.mktemp("evaluated")
    own_gallery(folder / "home")
    tiny_bundle(folder / "home" / "gallery" / TASK.name, TASK)
    tiny_bundle(folder / "other", TASK, seed=8, version="tiny-2")
    rows = write_dataset(folder / "data", TASK, {"train": 8, "test": 24})
    write_manifest(folder / "data", [row | {"sex": "FM"[i % 2]} for i, row in enumerate(rows)])
    done = run(
        folder / "home", TASK.name, "--dataset", folder / "data", "--against", folder / "other",
        "--out", folder / "out",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    (folder / "said.txt").write_text(done.output)
    return folder


def test_the_figures_are_those_of_the_answers_that_serving_gives(made: Path) -> None:
    record = json.loads((made / "out" / "record.json").read_text())
    rows = (made / "data" / "manifest.csv").read_text().splitlines()[1:]
    tests = [line.split(",") for line in rows if ",test," in line]
    with open_site(Settings(home=made / "home", gallery="gallery"), record=False) as site:
        answers = [
            predict(site, (made / "data" / row[0]).read_bytes(), task=TASK.name, by=ME)
            for row in tests
        ]
    p = np.array([[finding.probability for finding in answer.findings] for answer in answers])
    truth = [next(TASK.names.index(cell) for cell in row if cell in TASK.names) for row in tests]
    whole = record["scores"]["whole"]
    assert whole["accuracy"]["value"] == pytest.approx(accuracy_score(truth, p.argmax(1)), abs=1e-5)
    expected = roc_auc_score(truth, p, multi_class="ovr")
    assert whole["mean_auroc"]["value"] == pytest.approx(expected, abs=1e-5)


def test_the_entry_holds_the_record_and_every_file_that_was_written(made: Path) -> None:
    [item] = entries(made / "home", Kind.EVALUATION)
    out = made / "out"
    with open_site(Settings(home=made / "home", gallery="gallery")) as site:
        for name, digest in item.files.items():
            assert (out / name).read_bytes() == site.blobs.get(digest)
        found = recorded(site, item)
    assert found.subject.model == "tiny-1"
    assert item.parents == (found.subject.dataset_id, found.subject.model_digest)
    assert {"card.md", "card.pdf", "figures/roc.json", "figures/roc.png"} <= item.files.keys()
    assert len(found.robustness) == 42
    assert len(found.curves[TASK.names[0]].cuts) > 10
    assert len(found.risk_coverage[WHOLE]) == 20
    assert {part.value for part in found.subgroups if part.by == "sex"} == {"F", "M"}
    assert json.loads((out / "record.json").read_text())["id"] == item.id
    assert item.body["code"]["sources"]
    card = (out / "card.md").read_text()
    accuracy = found.scores.whole["accuracy"]
    assert accuracy is not None
    assert f"{accuracy.value:.3f} ({accuracy.low:.3f} to {accuracy.high:.3f})" in card
    assert "Random weights for tests" in card


def test_the_comparison_is_an_entry_of_its_own_made_from_both_models(made: Path) -> None:
    [evaluation] = entries(made / "home", Kind.EVALUATION)
    [item] = entries(made / "home", Kind.COMPARISON)
    assert item.parents[0] == evaluation.id
    assert item.body["second"]["model"] == "tiny-2"
    apart = item.body["whole"]["accuracy"]
    assert apart["test"] == "McNemar, exact"
    assert apart["first"] == evaluation.body["scores"]["whole"]["accuracy"]
    assert (made / "out" / "comparison" / "card.pdf").read_bytes().startswith(b"%PDF")
    assert item.id in (made / "said.txt").read_text()


def test_the_same_seed_gives_the_same_figures_again(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "home", tmp_path / "home")
    done = run(tmp_path / "home", TASK.name, "--dataset", made / "data", "--no-robustness")
    assert done.exit_code == 0, done.output
    again, first = entries(tmp_path / "home", Kind.EVALUATION)
    for part in ("subject", "scores", "subgroups", "failures"):
        assert again.body[part] == first.body[part]
    assert again.body["robustness"] == []
    assert again.files["curves.json"] == first.files["curves.json"]


@pytest.fixture(scope="module")
def chest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models of a multi-label task, compared on a dataset that the first was trained on."""
    folder, task = tmp_path_factory.mktemp("chest"), TASKS["chest-xray"]
    write_dataset(folder / "data", task, {"train": 13, "val": 52, "test": 26})
    with open_site(Settings(home=folder / "home", gallery="gallery")) as site:
        data = find_dataset(site, str(folder / "data"), task=task)
    provenance = {"dataset": {"sha256": data.id}}
    tiny_bundle(folder / "one", task, provenance=provenance)
    tiny_bundle(folder / "two", task, seed=8, version="tiny-2")
    done = run(
        folder / "home", folder / "one", "--dataset", folder / "data", "--against", folder / "two",
        "--no-robustness", "--out", folder / "out",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    return folder


def test_a_comparison_matches_thresholds_on_validation_cases_and_counts_on_the_others(
    chest: Path,
) -> None:
    [item] = entries(chest / "home", Kind.COMPARISON)
    assert item.body["matched_on"] == "val"
    assert item.body["matched"]
    for entry in item.body["matched"].values():
        found = Matched.of(entry)
        assert found.point.measured is not None
        assert sum(vars(found.point.measured).values()) == 26
        assert found.target.n == 4
    card = (chest / "out" / "comparison" / "card.md").read_text()
    assert "Thresholds at the second's sensitivity" in card


def test_a_dataset_without_validation_cases_matches_nothing(made: Path) -> None:
    [item] = entries(made / "home", Kind.COMPARISON)
    assert (item.body["matched"], item.body["matched_on"]) == ({}, "")


def test_an_evaluation_says_how_many_of_its_images_the_model_was_trained_on(chest: Path) -> None:
    [item] = entries(chest / "home", Kind.EVALUATION)
    assert item.body["subject"]["trained_on"] == 0
    done = run(
        chest / "home", chest / "one", "--dataset", chest / "data", "--split", "val",
        "--no-robustness", "--out", chest / "seen",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert json.loads((chest / "seen" / "record.json").read_text())["subject"]["trained_on"] == 52
    assert "52 of the images" in (chest / "seen" / "card.md").read_text()
    [paired] = entries(chest / "home", Kind.COMPARISON)
    assert paired.body["second"]["trained_on"] is None


Spoil = Callable[[Path], list[object]]


def _other_task(folder: Path) -> list[object]:
    tiny_bundle(folder / "chest", TASKS["chest-xray"])
    with open_site(Settings(home=folder / "home", gallery="gallery")) as site:
        find_dataset(site, str(folder / "data"), task=TASK)
    return [folder / "chest", "--dataset", "data"]


def _no_such_split(folder: Path) -> list[object]:
    return [TASK.name, "--dataset", folder / "data", "--split", "night"]


def _broken_bundle(folder: Path) -> list[object]:
    bundle = tiny_bundle(folder / "broken", TASK)
    (bundle / "model.onnx").write_bytes(b"nothing")
    return [bundle, "--dataset", folder / "data"]


def _bundle_without_a_card(folder: Path) -> list[object]:
    bundle = tiny_bundle(folder / "knee", TASK)
    network = tiny_network(4).SerializeToString()
    manifest = replace(tiny_manifest(TASK, network, "# Tiny\n"), task="knee")
    (bundle / "manifest.json").write_bytes(manifest.to_json())
    return [bundle, "--dataset", folder / "data"]


def _one_class(folder: Path) -> list[object]:
    write_dataset(folder / "one", TASK, {"train": 8, "test": 1})
    return [TASK.name, "--dataset", folder / "one"]


def _blank_image(folder: Path) -> list[object]:
    rows = write_dataset(folder / "blank", TASK, {"train": 8, "test": 8})
    Image.fromarray(np.full((48, 48), 7, np.uint8)).save(folder / "blank" / rows[9]["file"])
    return [TASK.name, "--dataset", folder / "blank"]


def _against_itself(folder: Path) -> list[object]:
    return [TASK.name, "--dataset", folder / "data", "--against", TASK.name]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_other_task, "is of brain-tumor"),
        (_no_such_split, "no split 'night'"),
        (_broken_bundle, "not what its manifest says"),
        (_bundle_without_a_card, "no card here"),
        (_one_class, "both answers"),
        (_blank_image, "blank"),
        (_against_itself, "does not differ from itself"),
    ],
)
def test_bad_input_is_said_with_a_hint_and_leaves_no_entry(
    spoil: Spoil, said: str, tmp_path: Path
) -> None:
    own_gallery(tmp_path / "home")
    tiny_bundle(tmp_path / "home" / "gallery" / TASK.name, TASK)
    write_dataset(tmp_path / "data", TASK, {"train": 8, "test": 8})
    done = run(tmp_path / "home", *spoil(tmp_path), "--no-robustness")
    assert done.exit_code == 2, done.output
    assert said in done.output
    assert "Hint:" in done.output
    assert entries(tmp_path / "home", Kind.EVALUATION) == []


def test_a_folder_that_cannot_be_written_does_not_lose_the_evaluation(
    made: Path, tmp_path: Path
) -> None:
    shutil.copytree(made / "home", tmp_path / "home")
    (tmp_path / "file").write_text("in the way")
    arguments = (TASK.name, "--dataset", made / "data", "--no-robustness")
    done = run(tmp_path / "home", *arguments, "--out", tmp_path / "file" / "out")
    assert done.exit_code == 6, done.output
    assert "is on record" in done.output
    assert len(entries(tmp_path / "home", Kind.EVALUATION)) == 2
