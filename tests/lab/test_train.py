"""From a folder of images and a recipe to a bundle that serving accepts."""

import json
from pathlib import Path

import pytest

from radlens.domain.errors import BadRecipe
from radlens.engines.bundle import read_bundle
from radlens.lab.card import said
from radlens.lab.train import train
from tests.builders import TASKS
from tests.lab.tiny import write_dataset, write_recipe

TASK = TASKS["brain-tumor"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One short run, made once: the export is the slow part."""
    folder = tmp_path_factory.mktemp("run")
    write_dataset(folder / "data", TASK, {"train": 24, "test": 12})
    recipe = write_recipe(folder / "recipe.toml", epochs=1)
    bundle = train(recipe, data=folder / "data", out=folder / "out", tasks=TASKS)
    assert bundle == folder / "out" / "brain-tumor"
    return folder


def test_the_bundle_is_one_that_serving_opens_and_the_card_holds_its_figures(run: Path):
    bundle = read_bundle(run / "out" / "brain-tumor", TASK)
    manifest = bundle.manifest
    assert manifest.statement == "Made for tests from 18 images."
    assert said(manifest.metrics["accuracy"]) in bundle.card
    assert manifest.provenance["recipe"] in bundle.card + "\n"
    assert manifest.provenance["dataset"]["splits"]["test"]["images"] == 12
    assert manifest.metrics["accuracy"]["n"] == 12
    counted = [
        p.measured.true_positive + p.measured.false_negative for p in manifest.operating_points
    ]
    assert counted == [3] * 4


def test_the_record_says_what_would_be_needed_to_repeat_the_run(run: Path):
    record = json.loads((run / "out" / "record.json").read_text())
    manifest = read_bundle(run / "out" / "brain-tumor", TASK).manifest
    assert record["metrics"] == manifest.metrics
    assert record["digests"] == manifest.files
    assert record["version"] == manifest.version
    assert {"recipe", "dataset", "code", "environment", "seed", "curve", "weights"} <= record.keys()
    assert str(run) not in json.dumps(record), "a record must not hold paths of this machine"
    curve = (run / "out" / record["files"]["curve"]).read_text().splitlines()
    assert [json.loads(line) for line in curve] == record["curve"]


def test_an_unknown_task_is_refused_before_anything_is_read(tmp_path: Path):
    recipe = write_recipe(tmp_path / "recipe.toml", task="knee")
    with pytest.raises(BadRecipe, match="knee"):
        train(recipe, data=tmp_path, out=tmp_path / "out", tasks=TASKS)
    assert not (tmp_path / "out").exists()
