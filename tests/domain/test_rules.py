"""The rules of a finding: probabilities, tiers, wording, heat maps, intervals."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, softmax
from scipy.stats import binomtest

from radlens.domain.audit import GENESIS, Act, Actor, follow
from radlens.domain.calibration import Calibration, probabilities
from radlens.domain.errors import BadCard, NotAssessable
from radlens.domain.finding import OperatingPoint, Tier, TierRecord, findings, sentence, tier_of
from radlens.domain.heatmap import heatmap
from radlens.domain.metrics import Confusion, Proportion
from radlens.domain.task import Mode, Task
from tests.builders import TASKS

LOGITS = st.lists(st.floats(-500, 500), min_size=3, max_size=3).map(np.array)


@given(LOGITS, st.floats(0.1, 5))
def test_multi_class_probabilities_are_the_softmax_at_a_temperature(logits, slope) -> None:
    calibration = Calibration((slope,) * 3, (0.0,) * 3, (True,) * 3)
    ours = probabilities(logits, Mode.MULTI_CLASS, calibration)
    np.testing.assert_allclose(ours, softmax(slope * logits), atol=1e-12)


@given(LOGITS)
def test_multi_label_probabilities_are_the_sigmoid_of_each_scaled_logit(logits) -> None:
    calibration = Calibration((0.5, 1.0, 2.0), (0.1, 0.0, -0.3), (True,) * 3)
    ours = probabilities(logits, Mode.MULTI_LABEL, calibration)
    expected = expit(np.array([0.5, 1, 2]) * logits + np.array([0.1, 0, -0.3]))
    np.testing.assert_allclose(ours, expected, atol=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("mode", list(Mode))
def test_a_logit_that_is_no_number_is_not_assessable(bad: float, mode: Mode) -> None:
    with pytest.raises(NotAssessable):
        probabilities(np.array([0.0, bad, 1.0]), mode, Calibration.identity(3))


@pytest.mark.parametrize(
    ("probability", "tier"),
    [(1.0, "High"), (0.8, "High"), (0.7999, "Moderate"), (0.6, "Moderate"), (0.5999, "Low")],
)
def test_the_tiers_have_the_bounds_that_the_mission_gives(probability: float, tier: str) -> None:
    assert tier_of(probability, calibrated=True) == tier


def test_an_uncalibrated_probability_is_never_high() -> None:
    assert tier_of(0.99, calibrated=False) is Tier.MODERATE


HIGH = TierRecord(Tier.HIGH, Proportion(46, 50))


def test_a_tier_that_was_not_measured_is_never_high() -> None:
    moderate = TierRecord(Tier.MODERATE, Proportion(46, 50))
    for tiers, shown in [((HIGH,), Tier.HIGH), ((), Tier.MODERATE), ((moderate,), Tier.MODERATE)]:
        [finding] = findings(
            np.array([0.9]),
            labels=("a",),
            mode=Mode.MULTI_LABEL,
            points=(OperatingPoint(0.5, tiers=tiers),),
            calibrated=(True,),
        )
        assert finding.tier is shown


def test_a_tier_is_said_with_how_often_it_was_right_and_over_what_that_was_counted() -> None:
    label = TASKS["chest-xray"].labels[0]
    [alone] = made([0.9], Mode.MULTI_LABEL, [0.5])
    assert sentence(alone, label).endswith(
        "Tier High was right in 46 of 50 held-out cases (92.0 %, 95 % interval 81.2 % to 96.8 %)."
    )
    pooled = OperatingPoint(0.5, tiers=(replace(HIGH, labels=13),))
    said = sentence(replace(alone, operating_point=pooled), label)
    assert "Tier High (over 13 labels; too few of this one alone) was right in 46 of 50" in said
    unmeasured = replace(alone, operating_point=OperatingPoint(0.5))
    assert "How often tier High is right has not been measured." in sentence(unmeasured, label)
    [silent] = made([0.1], Mode.MULTI_LABEL, [0.5])
    assert "ier " not in sentence(silent, label)


@pytest.mark.parametrize(("hits", "n"), [(0, 0), (3, 2), (-1, 2)])
def test_a_share_that_cannot_be_is_refused(hits: int, n: int) -> None:
    with pytest.raises(ValueError, match="no proportion"):
        Proportion(hits, n)


def made(values: list[float], mode: Mode, thresholds: list[float | None]):
    labels = tuple("abc"[: len(values)])
    return findings(
        np.array(values),
        labels=labels,
        mode=mode,
        points=tuple(OperatingPoint(threshold, tiers=(HIGH,)) for threshold in thresholds),
        calibrated=(True,) * len(values),
    )


def test_each_label_turns_positive_at_its_own_operating_point() -> None:
    found = made([0.3, 0.3, 0.9], Mode.MULTI_LABEL, [0.3, 0.31, 0.5])
    assert [f.positive for f in found] == [True, False, True]
    assert [f.tier for f in found] == [Tier.LOW, None, Tier.HIGH]


def test_in_a_multi_class_task_only_the_first_label_bears_a_tier() -> None:
    found = made([0.3, 0.6, 0.1], Mode.MULTI_CLASS, [None] * 3)
    assert [f.tier for f in found] == [None, Tier.MODERATE, None]
    assert [f.positive for f in found] == [False, True, False]


def test_a_multi_class_label_below_its_operating_point_is_not_positive() -> None:
    found = made([0.3, 0.6, 0.1], Mode.MULTI_CLASS, [None, 0.7, None])
    assert not any(f.positive for f in found)


@given(st.floats(0, 1), st.booleans(), st.integers(0, 20), st.integers(0, 20))
def test_the_wording_never_says_that_nothing_is_wrong(p, positive, right, wrong) -> None:
    label = TASKS["chest-xray"].labels[0]
    point = OperatingPoint(1 - p if positive else 1.1, Confusion(right, wrong, wrong, right))
    [finding, _] = findings(
        np.array([p, 0.0]),
        labels=(label.name, "other"),
        mode=Mode.MULTI_LABEL,
        points=(point, point),
        calibrated=(True, True),
    )
    said = sentence(finding, label).lower()
    for phrase in ("no significant", "normal", "healthy", "no finding", "nothing is wrong"):
        assert phrase not in said
    assert finding.positive or "looked for, not reported" in said


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_of_a_proportion_is_wilsons(counts: tuple[int, int]) -> None:
    hits, n = counts
    ours = Proportion(hits, n).interval
    oracle = binomtest(hits, n).proportion_ci(method="wilson")
    np.testing.assert_allclose([ours.low, ours.high], [oracle.low, oracle.high], atol=1e-9)


def test_a_confusion_gives_the_four_rates_and_none_where_nothing_was_counted() -> None:
    confusion = Confusion(8, 2, 4, 16)
    assert confusion.sensitivity == Proportion(8, 12)
    assert confusion.specificity == Proportion(16, 18)
    assert confusion.positive_predictive_value == Proportion(8, 10)
    assert confusion.negative_predictive_value == Proportion(16, 20)
    assert Confusion(0, 0, 3, 5).positive_predictive_value is None


def test_a_map_keeps_the_scale_of_its_evidence() -> None:
    found = heatmap(np.array([[-3.0, 1.0], [4.0, 2.0]]))
    assert found is not None
    assert found.peak == 4.0
    np.testing.assert_allclose(found.values, [[0, 0.25], [1, 0.5]])


@pytest.mark.parametrize("value", [0.0, -2.5])
def test_a_map_without_evidence_is_none(value: float) -> None:
    assert heatmap(np.full((7, 7), value)) is None


def test_evidence_that_is_no_number_is_not_assessable() -> None:
    with pytest.raises(NotAssessable):
        heatmap(np.array([[np.nan, 1.0]]))


def test_the_cards_have_the_labels_and_modes_of_the_mission() -> None:
    chest, rare, tumour = (TASKS[name] for name in ("chest-xray", "neuro-rare", "brain-tumor"))
    assert chest.mode is Mode.MULTI_LABEL
    assert " ".join(chest.names) == (
        "Atelectasis Cardiomegaly Consolidation Edema Effusion Emphysema Fibrosis Infiltration "
        "Mass Nodule Pleural_Thickening Pneumonia Pneumothorax"
    )
    assert (len(rare.labels), rare.mode) == (5, Mode.MULTI_CLASS)
    assert tumour.names == ("glioma", "meningioma", "pituitary", "no_tumor")


CARD = """
name = "t"
title = "T"
mode = "multi-class"
modalities = ["MR"]
architecture = "resnet18"
intended_use = "Tests."
demonstration = true
labels = [
  {name = "a", title = "A", meaning = "A.", urgency = "routine"},
  {name = "b", title = "B", meaning = "B.", urgency = "critical"},
]
"""


def test_a_card_can_be_read() -> None:
    assert Task.from_toml(CARD).names == ("a", "b")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (', urgency = "routine"', ""),
        ('"routine"', '"soon"'),
        ('name = "b"', 'name = "a"'),
        ("demonstration", "demo"),
        ("multi-class", "many"),
        ("[", "(["),
    ],
)
def test_a_card_that_does_not_hold_together_is_refused(before: str, after: str) -> None:
    """Urgency above all is never a default."""
    with pytest.raises(BadCard):
        Task.from_toml(CARD.replace(before, after))


def test_a_value_that_is_no_number_never_enters_the_chain() -> None:
    act = Act(datetime(2026, 1, 1, tzinfo=UTC), Actor("a", "cli"), "predict", "1", {"p": np.nan})
    with pytest.raises(ValueError, match="JSON compliant"):
        follow(act, seq=1, previous=GENESIS)
