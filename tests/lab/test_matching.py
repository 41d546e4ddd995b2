"""Matched thresholds find what the old model finds, against scikit-learn's ROC curve."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from radlens.domain.comparison import Matched
from radlens.domain.metrics import Confusion
from radlens.lab.answers import Answers
from radlens.lab.matching import Pair, matching
from tests.lab.answered import multi_class_answers, multi_label_answers

FITTED = (True, True, True)


def pair(seed: int, n: int = 400) -> Pair:
    """Two models of different skill and scale on the same cases."""
    old = multi_label_answers(n, seed, skill=1.0)
    noise = np.random.default_rng(seed + 1000).normal(size=(n, 3))
    better = 1 / (1 + np.exp(2 - noise - 2.0 * (old.truth == 1)))
    return Pair(replace(old, probabilities=better, claimed=better >= 0.5), old)


def sensitivity(answers: Answers, index: int, claimed: np.ndarray) -> float:
    return float(claimed[answers.truth[:, index] == 1].mean())


@pytest.mark.parametrize("seed", range(4))
def test_the_threshold_is_the_largest_of_the_roc_curve_with_the_old_sensitivity(seed: int) -> None:
    cases = pair(seed)
    found = matching(cases, cases, calibrated=FITTED, seed=1)
    assert set(found) == {"a", "b", "c"}
    for index, (name, matched) in enumerate(found.items()):
        old, new = cases.old, cases.new
        target = sensitivity(old, index, old.claimed[:, index])
        assert matched.target.value == pytest.approx(target)
        known = new.known[:, index]
        truth, p = new.truth[known, index], new.probabilities[known, index]
        _, reached, at = roc_curve(truth, p, drop_intermediate=False)
        expected = at[np.argmax(reached >= target - 1e-12)]  # descending: the first is the largest
        threshold = matched.point.threshold
        assert threshold is not None
        np.testing.assert_array_equal(p >= threshold, p >= expected), name
        assert sensitivity(new, index, new.probabilities[:, index] >= threshold) >= target


def test_the_interval_holds_the_threshold_of_far_more_cases() -> None:
    many = pair(99, 100_000)
    of_label = many.new.truth[:, 0] == 1
    missed = 1 - many.old.claimed[of_label, 0].mean()
    truly = np.quantile(many.new.probabilities[of_label, 0], missed)
    held = 0
    for seed in range(12):
        found = matching(pair(seed, 250), pair(9), calibrated=FITTED, seed=1)["a"]
        bounds = found.point.interval
        assert bounds is not None
        held += bounds.low <= truly <= bounds.high
    assert held >= 10


def test_what_the_threshold_does_is_counted_on_the_other_cases() -> None:
    chosen_on, measured_on = pair(1), pair(2)
    found = matching(chosen_on, measured_on, calibrated=FITTED, seed=1)["b"].point
    truth, p = measured_on.new.truth[:, 1], measured_on.new.probabilities[:, 1]
    said = p >= found.threshold
    counts = [((said == s) & (truth == t)).sum() for s, t in ((1, 1), (1, 0), (0, 1), (0, 0))]
    assert found.measured == Confusion(*map(int, counts))
    assert found.tiers


def test_units_are_drawn_whole() -> None:
    cases = pair(3)
    alone = matching(cases, cases, calibrated=FITTED, seed=1)["a"].point.interval
    unit = np.arange(400) // 20
    grouped = Pair(replace(cases.new, unit=unit), replace(cases.old, unit=unit))
    # Cases of a unit are independent here, so the interval is about as wide, and another one.
    assert matching(grouped, cases, calibrated=FITTED, seed=1)["a"].point.interval != alone


def test_a_label_of_which_nothing_is_known_or_found_is_left_out() -> None:
    cases = pair(4)
    truth, claimed = cases.old.truth.copy(), cases.old.claimed.copy()
    truth[:, 0], claimed[:, 1] = 1.0, False
    spoiled = Pair(
        replace(cases.new, truth=truth), replace(cases.old, truth=truth, claimed=claimed)
    )
    assert set(matching(spoiled, spoiled, calibrated=FITTED, seed=1)) == {"c"}


def test_the_largest_class_has_no_threshold_to_match() -> None:
    cases = Pair(multi_class_answers(90, 1), multi_class_answers(90, 2))
    assert matching(cases, cases, calibrated=FITTED, seed=1) == {}


def test_a_match_comes_back_from_json_as_it_was() -> None:
    found = matching(pair(5), pair(6), calibrated=FITTED, seed=1)["a"]
    assert Matched.of(json.loads(json.dumps(asdict(found)))) == found
