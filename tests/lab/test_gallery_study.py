"""The gallery's report is made of its records, and its rule is the one that the gallery keeps."""

import json
from copy import deepcopy
from pathlib import Path

import pytest

from radlens.bootstrap import GALLERY
from radlens.domain.model import Manifest
from radlens.lab.gallery_study import deciding, entries, entry_of, live, report
from tests.builders import TASKS, tiny_manifest, tiny_network

FOLDER = Path(__file__).parents[2] / "docs" / "studies" / "gallery"


def measure(value: float, low: float, high: float) -> dict:
    return {"value": value, "low": low, "high": high, "n": 90}


def comparison(low: float, high: float, *, test: str | None = "McNemar, exact") -> dict:
    side = {"unit": "near-duplicate groups", "statement": "Made up."}
    apart = {
        "first": measure(0.9, 0.85, 0.95),
        "second": measure(0.88, 0.83, 0.93),
        "difference": measure((low + high) / 2, low, high),
        "p": 0.5 if test else None,
        "test": test,
    }
    return {
        "first": side | {"model": "net-a"},
        "second": side | {"model": "net-b"},
        "whole": {"accuracy": apart, "mean_auroc": apart, "ece": None},
        "images": 90,
        "units": 80,
    }


def trained(version: str, validation: float) -> Manifest:
    network = tiny_network(len(TASK.labels)).SerializeToString()
    curve = [{"epoch": 0, "validation": validation}, {"epoch": 1, "validation": 0.1}]
    recipe = f'size = 96\narchitecture = "{version}"\n'
    provenance = {"recipe": recipe, "curve": curve}
    return tiny_manifest(TASK, network, "# Card", version=version, provenance=provenance)


TASK = TASKS["brain-tumor"]
RUNS = [trained("net-a", 0.7), trained("net-b", 0.8)]


@pytest.mark.parametrize(
    ("low", "high", "wins", "why"),
    [
        (0.01, 0.05, "net-a", "By the paired test"),
        (-0.05, -0.01, "net-b", "By the paired test"),
        (-0.01, 0.05, "net-b", "cannot tell them apart"),
    ],
)
def test_the_paired_interval_decides_and_where_it_cannot_validation_does(low, high, wins, why):
    entry = entry_of(comparison(low, high), RUNS)
    assert live(entry) == wins
    text = report({"brain-tumor": entry})
    assert why in text
    assert f"**{wins}**" in text
    assert "0.900 (0.850 to 0.950)" in text
    assert "| net-b | net-b | 96 | 2 | 0.800 |" in text


def test_many_labels_are_decided_by_their_mean_and_one_class_by_accuracy():
    assert deciding(entry_of(comparison(0, 1), RUNS)) == "accuracy"
    assert deciding(entry_of(comparison(0, 1, test=None), RUNS)) == "mean_auroc"


def test_the_report_of_the_gallery_is_made_of_its_entries():
    found = entries(FOLDER)
    assert set(found) == {"brain-tumor", "chest-xray"}
    assert (FOLDER / "report.md").read_text() == report(found)
    changed = deepcopy(found)
    changed["brain-tumor"]["comparison"]["images"] += 1
    assert (FOLDER / "report.md").read_text() != report(changed)


@pytest.mark.parametrize("task", ["brain-tumor", "chest-xray"])
def test_the_live_model_is_the_one_that_the_rule_names_and_the_other_is_a_candidate(task):
    entry = entries(FOLDER)[task]
    compared = {entry["comparison"][side]["model"] for side in ("first", "second")}
    at = {
        path.parent: json.loads(path.read_text())["version"]
        for path in GALLERY.rglob("manifest.json")
        if json.loads(path.read_text())["task"] == task
    }
    assert at[GALLERY / task] == live(entry)
    assert {*at.values()} == compared
    [other] = [folder for folder in at if folder.parent.name == "others"]
    assert other.name.startswith(f"{task}-")
