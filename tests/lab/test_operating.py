"""Thresholds keep what the recipe asks for, and every tier comes with its own record."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import bootstrap
from sklearn.metrics import roc_curve

from radlens.domain.errors import BadRecipe
from radlens.domain.finding import OperatingPoint, Tier, TierRecord
from radlens.domain.metrics import Confusion, Proportion
from radlens.domain.task import Mode
from radlens.lab.operating import Rule, operating_points, thresholds, with_measured, with_tiers
from tests.lab.tiny import tiny_recipe

YOUDEN, SENSITIVE = Rule(), Rule("sensitivity", 0.9)


def scored(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities and truth of one label, (n, 1), the positives higher."""
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.4
    p = 1 / (1 + np.exp(-(rng.normal(size=n) + 1.5 * y - 1)))
    return p[:, None], y[:, None].astype(float)


def points(p, y, rule=YOUDEN, unit=None):
    unit = np.arange(len(p)) if unit is None else unit
    return operating_points(p, y, Mode.MULTI_LABEL, unit=unit, rule=rule, seed=0)


def test_the_threshold_is_where_sensitivity_and_specificity_are_best_together():
    p = np.array([[0.1], [0.2], [0.3], [0.6], [0.7], [0.9]])
    truth = np.array([[0], [0], [0], [1], [0], [1]], float)
    [point] = points(p, truth)
    assert 0.3 < point.threshold <= 0.6
    [point] = with_measured((point,), p, truth)
    assert point.measured == Confusion(2, 1, 0, 3)


@pytest.mark.parametrize("seed", range(5))
def test_youdens_threshold_is_the_best_of_scikit_learns_roc_curve(seed: int):
    p, y = scored(300, seed)
    [point] = with_measured(points(p, y), p, y)
    fpr, tpr, _ = roc_curve(y[:, 0], p[:, 0])
    ours = point.measured.sensitivity.value + point.measured.specificity.value - 1
    assert ours == pytest.approx((tpr - fpr).max())


@pytest.mark.parametrize("asked", [0.5, 0.8, 0.9, 1.0])
def test_a_stated_sensitivity_is_reached_by_the_largest_threshold_that_does(asked: float):
    p, y = scored(300, 7)
    [point] = points(p, y, Rule("sensitivity", asked))
    reached = (p[y == 1] >= point.threshold).mean()
    above = np.unique(p)[np.unique(p) >= point.threshold]
    assert reached >= asked > (p[y == 1] > above[0]).mean()


def test_unknown_truth_counts_neither_way():
    p, y = scored(200, 1)
    more, unknown = np.concatenate([p, p]), np.concatenate([y, np.full_like(y, np.nan)])
    assert points(more, unknown)[0].threshold == points(p, y)[0].threshold


def test_one_answer_alone_leaves_one_half_without_an_interval():
    p, y = scored(50, 1)
    assert points(p, np.ones_like(y)) == (OperatingPoint(0.5),)
    assert points(p, np.full_like(y, np.nan)) == (OperatingPoint(0.5),)


def test_the_interval_is_that_of_scipys_percentile_bootstrap():
    p, y = scored(250, 3)
    [point] = points(p, y, SENSITIVE)

    def again(index):
        i = index.astype(int)
        return thresholds(p[i, 0], y[i, 0], np.ones((1, len(i))), SENSITIVE)[0]

    oracle = bootstrap(
        (np.arange(250),), again, vectorized=False, method="percentile",
        n_resamples=1000, rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    assert point.interval.low < point.threshold < point.interval.high
    np.testing.assert_allclose(
        [point.interval.low, point.interval.high], [oracle.low, oracle.high], atol=0.02
    )


def test_images_of_one_patient_do_not_pass_for_many():
    p, y = scored(200, 5)
    many, truth, unit = (np.repeat(a, 9, axis=0) for a in (p, y, 7 * np.arange(200)))

    def width(point):
        return point.interval.high - point.interval.low

    grouped = width(points(many, truth, SENSITIVE, unit)[0])
    assert grouped == pytest.approx(width(points(p, y, SENSITIVE)[0]))
    assert width(points(many, truth, SENSITIVE)[0]) < 0.6 * grouped


def test_multi_class_counts_are_one_class_against_the_rest_by_the_largest():
    p = np.array([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.4, 0.35, 0.25]])
    truth = np.eye(3)[[0, 2, 0]]
    bare = operating_points(p, truth, Mode.MULTI_CLASS, unit=np.arange(3), rule=YOUDEN, seed=0)
    assert bare == (OperatingPoint(None),) * 3
    assert [point.measured for point in with_measured(bare, p, truth)] == [
        Confusion(2, 0, 0, 1),
        Confusion(0, 1, 0, 2),
        Confusion(0, 0, 1, 2),
    ]


def test_each_tier_has_the_record_of_the_answers_that_it_was_given_to():
    """Thirty answers of label 0 at 90 %, of which 24 right; five of label 1 at 65 %, 2 right."""
    p = np.array([[0.9, 0.1]] * 30 + [[0.1, 0.65]] * 5)
    truth = np.zeros_like(p)
    truth[:24, 0] = truth[30:32, 1] = 1
    bare = (OperatingPoint(0.5),) * 2
    first, second = with_tiers(bare, p, truth, (True, True))
    assert first.record(Tier.HIGH) == TierRecord(Tier.HIGH, Proportion(24, 30))
    # The other label never reached High, and both have too few at Moderate: counted together.
    assert second.record(Tier.HIGH) == TierRecord(Tier.HIGH, Proportion(24, 30), labels=2)
    together = TierRecord(Tier.MODERATE, Proportion(2, 5), labels=2)
    assert first.record(Tier.MODERATE) == second.record(Tier.MODERATE) == together
    assert first.record(Tier.LOW) is None, "a tier that was never given has no record"


def test_an_uncalibrated_label_never_adds_to_the_record_of_high():
    p, truth = np.full((40, 1), 0.9), np.ones((40, 1))
    [point] = with_tiers((OperatingPoint(0.5),), p, truth, (False,))
    assert point.record(Tier.HIGH) is None
    assert point.record(Tier.MODERATE) == TierRecord(Tier.MODERATE, Proportion(40, 40))


def test_only_answers_count_in_a_tiers_record_and_unknown_truth_does_not():
    p = np.array([[0.9]] * 30 + [[0.3]] * 30)
    truth = np.array([[1.0]] * 25 + [[np.nan]] * 5 + [[1.0]] * 30)
    [point] = with_tiers((OperatingPoint(0.5),), p, truth, (True,))
    assert point.tiers == (TierRecord(Tier.HIGH, Proportion(25, 25)),)


def test_a_recipe_may_ask_for_a_sensitivity_or_leave_it_to_youden(tmp_path: Path):
    assert tiny_recipe(tmp_path).operating_points == YOUDEN
    asked = tiny_recipe(tmp_path, operating_points={"rule": "sensitivity", "sensitivity": 0.95})
    assert asked.operating_points == Rule("sensitivity", 0.95)


@pytest.mark.parametrize(
    "table", [{"rule": "best"}, {"sensitivity": 0.0}, {"sensitivity": 1.1}, {"specificity": 0.9}]
)
def test_an_impossible_rule_is_a_bad_recipe(tmp_path: Path, table: dict[str, object]):
    with pytest.raises(BadRecipe, match="operating_points"):
        tiny_recipe(tmp_path, operating_points=table)
