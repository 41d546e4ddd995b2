"""An evaluation goes to JSON and back whole."""

import json

import pytest

from radlens.domain.evaluation import Evaluation
from tests.evaluations import an_evaluation


def test_an_evaluation_comes_back_from_json_as_it_was() -> None:
    found = an_evaluation()
    text = json.dumps(found.to_json(), allow_nan=False)
    assert Evaluation.from_json(json.loads(text)) == found
    assert json.loads(text) == found.to_json()


def test_a_record_of_before_has_no_thresholds_and_no_risk_and_is_read() -> None:
    body = an_evaluation().to_json()
    del body["risk_coverage"]
    for curves in body["curves"].values():
        del curves["cuts"]
    found = Evaluation.from_json(body)
    assert found.risk_coverage == {}
    assert {curves.cuts for curves in found.curves.values()} == {()}
    assert found.scores == an_evaluation().scores


def test_what_is_no_evaluation_is_not_taken_for_one() -> None:
    body = an_evaluation().to_json()
    del body["scores"]["units"]
    with pytest.raises(TypeError):
        Evaluation.from_json(body)


def test_a_manifest_keeps_figures_by_name_and_those_of_a_label_under_labels() -> None:
    compact = an_evaluation().scores.compact()
    assert compact["accuracy"] == {"value": 0.75, "low": 0.5, "high": 0.875, "n": 8}
    assert compact["labels"]["glioma"]["auroc"] is None
    assert compact["labels"]["glioma"]["positives"] == 0
    assert compact["labels"]["meningioma"]["positive_units"] == 3
    assert compact["confusion"][1] == [0, 3, 0, 1]
