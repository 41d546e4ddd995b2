"""What a model's maps did in their test stays with every answer and is said with every map."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from radlens.domain.explanation import UNTESTED
from radlens.domain.prediction import fingerprint
from radlens.engines.bundle import read_bundle
from radlens.reports.content import report
from radlens.storage.rows import prediction_of, prediction_row
from radlens.wire import prediction_json
from tests.builders import TASKS, tiny_bundle
from tests.reports.samples import card
from tests.storage.samples import a_prediction

FAILED = {"explanation": {"passed": False, "reasons": ["they point nowhere"]}}


def test_a_bundle_says_of_its_maps_what_was_measured(tmp_path: Path):
    task = TASKS["brain-tumor"]
    for name, metrics, said in (
        ("untested", {}, UNTESTED),
        ("passed", {"explanation": {"passed": True, "reasons": []}}, ""),
    ):
        bundle = read_bundle(tiny_bundle(tmp_path / name, task, metrics=metrics), task)
        assert bundle.ref.map_warning == said
    bundle = read_bundle(tiny_bundle(tmp_path / "failed", task, metrics=FAILED), task)
    assert "failed their own test: they point nowhere" in bundle.ref.map_warning


def test_the_warning_is_kept_with_the_prediction_and_said_beside_the_map():
    task = card("chest-xray")
    plain = a_prediction("p1", prediction_set=None)
    warned = replace(plain, model=replace(plain.model, map_warning="The maps failed."))
    for prediction in (plain, warned):
        back = prediction_of(prediction_row(prediction))
        assert back == prediction
        assert prediction_json(back, None)["model"]["map_warning"] == back.model.map_warning
    assert fingerprint(plain) != fingerprint(warned)
    evidence = np.ones((2, 4, 4), np.float32)
    assert "The maps failed." in report(warned, task=task, evidence=evidence).picture.caption
    assert "failed" not in report(plain, task=task, evidence=evidence).picture.caption
