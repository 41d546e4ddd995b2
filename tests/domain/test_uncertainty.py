"""What cannot be ruled out: never empty, never against the answer, honest about what is unknown."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radlens.domain.errors import BadBundle
from radlens.domain.finding import OperatingPoint, findings
from radlens.domain.metrics import Proportion
from radlens.domain.model import Manifest
from radlens.domain.prediction import fingerprint
from radlens.domain.task import Mode
from radlens.domain.uncertainty import PredictionSet, Uncertainty, prediction_set, set_sentences
from tests.builders import TASKS, tiny_manifest, tiny_network
from tests.reports import samples

TUMOUR, CHEST = TASKS["brain-tumor"], TASKS["chest-xray"]
SHARES = st.lists(st.floats(0, 1), min_size=4, max_size=4)
BOUNDS = st.lists(st.none() | st.floats(0, 1), min_size=4, max_size=4).map(tuple)


def uncertainty(thresholds: tuple[float | None, ...], level: float = 0.9) -> Uncertainty:
    n = len(thresholds)
    return Uncertainty(level, thresholds, (50,) * n, (Proportion(46, 50),) * n, Proportion(90, 99))


def answered(p, mode: Mode, threshold: float | None):
    return findings(
        np.array(p),
        labels=TUMOUR.names,
        mode=mode,
        points=(OperatingPoint(threshold),) * 4,
        calibrated=(True,) * 4,
    )


@given(SHARES, BOUNDS)
def test_a_set_of_classes_is_never_empty_and_holds_the_answer(p, bounds) -> None:
    found = answered(p, Mode.MULTI_CLASS, None)
    kept = prediction_set(found, uncertainty(bounds))
    assert TUMOUR.names[int(np.argmax(p))] in kept


@given(SHARES, BOUNDS, st.floats(0, 1))
def test_what_is_reported_or_reaches_its_bound_or_has_none_is_kept_and_nothing_else(
    p, bounds, threshold
) -> None:
    found = answered(p, Mode.MULTI_LABEL, threshold)
    kept = prediction_set(found, uncertainty(bounds))
    for finding, bound in zip(found, bounds, strict=True):
        stays = finding.positive or bound is None or finding.probability >= bound
        assert (finding.label in kept) is stays
    assert {m.label for m in kept.members if m.always} == {
        name for name, bound in zip(TUMOUR.names, bounds, strict=True) if bound is None
    }


def test_a_model_that_cannot_tell_says_nothing() -> None:
    assert prediction_set(answered([0.7, 0.1, 0.1, 0.1], Mode.MULTI_CLASS, None), None) is None


def test_a_set_is_told_in_plain_words_with_its_measured_coverage() -> None:
    found = answered([0.5, 0.4, 0.06, 0.04], Mode.MULTI_CLASS, None)
    lines = set_sentences(prediction_set(found, uncertainty((0.3, 0.3, 0.3, None))), TUMOUR)
    assert lines == (
        "With 90 % asked for, the true class is among: "
        "Glioma, Meningioma, None of the three tumours.",
        "The true class was in the set in 90 of 99 held-out cases "
        "(90.9 %, 95 % interval 83.6 % to 95.1 %).",
        "Too few cases to rule out at this level, whatever the image shows: "
        "None of the three tumours.",
    )


def test_findings_that_all_fall_below_their_bounds_are_not_called_absent() -> None:
    none = PredictionSet(0.9, (), None)
    lines = set_sentences(none, CHEST)
    assert lines[0] == "With 90 % asked for, no label had to be kept in question."
    assert lines[1] == "How often that holds has not been measured."


def manifest(**changes: object) -> Manifest:
    return tiny_manifest(TUMOUR, tiny_network(4).SerializeToString(), "card", **changes)


def test_a_manifest_keeps_its_uncertainty_and_its_tiers() -> None:
    points = (OperatingPoint(None, tiers=samples.TIERS),) * 4
    whole = manifest(uncertainty=uncertainty((0.1, None, 0.2, 0.3)), operating_points=points)
    assert Manifest.from_json(whole.to_json()) == whole


def test_a_manifest_of_an_earlier_version_still_loads() -> None:
    entries = json.loads(manifest().to_json())
    del entries["uncertainty"]
    for point in entries["operating_points"]:
        del point["interval"], point["tiers"]
    assert Manifest.from_json(json.dumps(entries).encode()) == manifest()


@pytest.mark.parametrize(
    "change",
    [
        {"level": 1.0},
        {"level": "much"},
        {"thresholds": [0.1, 0.2, 0.3]},
        {"thresholds": [0.1, 0.2, 0.3, float("nan")]},
        {"measured": [None, None, None, {"hits": 3, "n": 2}]},
        {"more": 1},
    ],
)
def test_an_impossible_uncertainty_makes_a_bad_bundle(change: dict[str, object]) -> None:
    entries = json.loads(manifest(uncertainty=uncertainty((0.1,) * 4)).to_json())
    entries["uncertainty"] |= change
    with pytest.raises(BadBundle):
        Manifest.from_json(json.dumps(entries).encode())


def test_an_empty_uncertainty_is_no_uncertainty_but_a_bad_bundle() -> None:
    entries = json.loads(manifest().to_json()) | {"uncertainty": {}}
    with pytest.raises(BadBundle):
        Manifest.from_json(json.dumps(entries).encode())


def test_a_threshold_that_is_no_number_makes_a_bad_bundle() -> None:
    entries = json.loads(manifest().to_json())
    entries["operating_points"][0]["threshold"] = float("nan")
    with pytest.raises(BadBundle):
        Manifest.from_json(json.dumps(entries).encode())


def test_a_record_of_an_earlier_version_still_fits_its_audit_entry() -> None:
    """The digest was taken when neither sets nor tier records nor intervals existed."""
    prediction, _, _ = samples.brain()
    bare = replace(
        prediction,
        prediction_set=None,
        assessment=None,
        findings=tuple(
            replace(f, operating_point=OperatingPoint(f.operating_point.threshold))
            for f in prediction.findings
        ),
    )
    assert fingerprint(bare) == ("1591e6666d6f914d4de9981f5ad9ef7ea27ed8fe60d101cb350746ba464f2f8f")


def test_a_record_whose_set_was_edited_no_longer_fits_its_audit_entry() -> None:
    prediction, _, _ = samples.brain()
    assert prediction.prediction_set is not None
    fewer = replace(prediction.prediction_set, members=prediction.prediction_set.members[:-1])
    for edited in (fewer, None):
        assert fingerprint(replace(prediction, prediction_set=edited)) != fingerprint(prediction)


def test_a_set_comes_back_from_json_as_it_was() -> None:
    prediction, _, _ = samples.brain()
    kept = prediction.prediction_set
    assert kept is not None
    assert PredictionSet.of(json.loads(json.dumps(asdict(kept)))) == kept
