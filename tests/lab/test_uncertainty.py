"""Sets cover what was asked, class by class; MAPIE is the independent oracle."""

from math import ceil
from pathlib import Path

import numpy as np
import pytest
from mapie.classification import SplitConformalClassifier
from mapie.risk_control import MultiLabelClassificationController
from sklearn.base import BaseEstimator, ClassifierMixin

from radlens.domain.errors import BadRecipe
from radlens.domain.metrics import Proportion
from radlens.domain.uncertainty import kept
from radlens.lab.uncertainty import fit_sets, threshold, with_coverage
from tests.lab.tiny import tiny_recipe

CLASSES = 4


def drawn(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Class probabilities (n, 4) of a network that is right in most cases, and truth drawn so."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, CLASSES)) * (2.0, 1.5, 2.5, 1.0)
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    index = np.minimum((rng.random((n, 1)) > p.cumsum(1)).sum(1), CLASSES - 1)
    return p, np.eye(CLASSES)[index]


class Given(ClassifierMixin, BaseEstimator):
    """A fitted classifier whose answers are the features themselves."""

    classes_ = np.arange(CLASSES)
    n_features_in_ = CLASSES

    def fit(self, x, y):
        return self

    def predict_proba(self, x):
        return np.asarray(x)

    def predict(self, x):
        return np.asarray(x).argmax(1)

    def __sklearn_is_fitted__(self) -> bool:
        return True


@pytest.mark.filterwarnings("ignore:WARNING. your conformalization dataset has less labels")
@pytest.mark.parametrize("level", [0.8, 0.9, 0.95])
def test_class_conditional_sets_are_mapies_fitted_on_each_class_alone(level: float):
    p, truth = drawn(300, 0)
    fresh, _ = drawn(200, 1)
    ours = fit_sets(p, truth, unit=np.arange(300), level=level)
    sets = kept(fresh, np.zeros_like(fresh, dtype=bool), ours.thresholds)
    for label in range(CLASSES):
        mine = truth[:, label] == 1
        oracle = SplitConformalClassifier(
            Given(), confidence_level=level, conformity_score="lac", prefit=True
        ).conformalize(p[mine], np.full(mine.sum(), label))
        _, theirs = oracle.predict_set(fresh)
        np.testing.assert_array_equal(sets[:, label], theirs[:, label, 0])


@pytest.mark.parametrize(("n", "level"), [(25, 0.9), (60, 0.9), (200, 0.8)])
def test_a_threshold_of_one_label_is_that_of_mapies_conformal_risk_control(n: int, level: float):
    p = np.random.default_rng(n).beta(3, 2, n)
    ours = threshold(p, np.arange(n), level)
    control = MultiLabelClassificationController(
        predict_function=lambda x: np.asarray(x),
        risk="recall",
        method="crc",
        target_level=level,
        predict_params=np.linspace(0, 1, 401),
    )
    control.calibrate(p[:, None], np.ones((n, 1), int))
    # Theirs is the last step of a grid that still finds enough, with ">" where ours has ">=".
    assert float(np.squeeze(control.best_predict_param)) == pytest.approx(ours, abs=1 / 400)


@pytest.mark.parametrize("level", [0.8, 0.9, 0.95])
def test_with_fewer_cases_than_the_level_needs_a_label_is_always_kept(level: float):
    needed = ceil(1 / (1 - level) - 1e-9) - 1
    p = np.linspace(0.1, 0.9, needed)
    assert threshold(p, np.arange(needed), level) == 0.1, "the least of just enough"
    assert threshold(p[1:], np.arange(needed - 1), level) is None
    truth = np.array([[1.0, 0.0]] * needed)
    few = fit_sets(np.stack([p, 1 - p], 1), truth, unit=np.arange(needed), level=level)
    assert few.thresholds == (0.1, None)
    assert few.cases == (needed, 0)


def test_many_images_of_one_patient_count_as_one_patient():
    few = np.linspace(0.3, 0.9, 19)
    p = np.concatenate([few, np.full(200, 0.95)])
    unit = np.concatenate([np.arange(19), np.full(200, 19)])
    # 18.9 of 20 patients have to be reached: the one with 200 images and 18 of the others.
    assert threshold(p, unit, 0.9) == few[1]
    assert threshold(p, np.arange(219), 0.9) > 0.9
    assert threshold(np.full(200, 0.5), np.zeros(200, int), 0.9) is None
    thirds = np.repeat(np.arange(9), 3)  # 9 patients are just enough, whatever 1/3 rounds to
    assert threshold(np.linspace(0.2, 0.9, 27), thirds, 0.9) is not None


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_coverage_over_twenty_resplits_is_what_was_asked_for_each_class(level: float):
    """Split conformal covers level to level + 1 / (n + 1) of each class on average."""
    p, truth = drawn(3_000, 2)
    whole, each = [], []
    for seed in range(20):
        order = np.random.default_rng(seed).permutation(len(p))
        fitted, held = order[:1_500], order[1_500:]
        sets = fit_sets(p[fitted], truth[fitted], unit=fitted, level=level)
        top = np.eye(CLASSES, dtype=bool)[p[held].argmax(1)]
        found = with_coverage(sets, p[held], truth[held], claimed=top)
        whole.append(found.whole.value)
        each.append([share.value for share in found.measured])
        assert kept(p[held], top, found.thresholds).any(1).all(), "a set is never empty"
    assert abs(np.mean(whole) - level) <= 0.02
    assert np.mean(each, axis=0).min() >= level - 0.03


def test_those_who_have_a_finding_lose_it_no_more_often_than_was_asked():
    rng = np.random.default_rng(3)
    truth = (rng.random((12_000, 3)) < (0.05, 0.2, 0.5)).astype(float)
    p = 1 / (1 + np.exp(-(rng.normal(size=truth.shape) + 2 * truth - 1)))
    kept_shares = []
    for seed in range(20):
        order = np.random.default_rng(seed).permutation(len(p))
        fitted, held = order[:6_000], order[6_000:]
        sets = fit_sets(p[fitted], truth[fitted], unit=fitted, level=0.9)
        nothing = np.zeros((6_000, 3), bool)
        found = with_coverage(sets, p[held], truth[held], claimed=nothing)
        kept_shares.append([share.value for share in found.measured])
    np.testing.assert_allclose(np.mean(kept_shares, axis=0), 0.9, atol=0.02)


def test_coverage_counts_what_was_there_and_what_is_claimed_stays_in():
    sets = fit_sets(
        np.full((40, 2), 0.6), np.tile([1.0, 1.0], (40, 1)), unit=np.arange(40), level=0.9
    )
    p = np.array([[0.7, 0.2], [0.2, 0.2], [0.2, 0.9]])
    truth = np.array([[1.0, np.nan], [1.0, 0.0], [1.0, 0.0]])
    claimed = np.array([[True, False], [False, False], [True, True]])
    found = with_coverage(sets, p, truth, claimed=claimed)
    assert found.measured == (Proportion(2, 3), None)
    assert found.whole == Proportion(2, 3)


def test_a_recipe_may_ask_for_a_level_of_its_own(tmp_path: Path):
    assert tiny_recipe(tmp_path, coverage=0.8).coverage == 0.8
    for wrong in (1.0, -0.1, "all"):
        with pytest.raises(BadRecipe, match="coverage"):
            tiny_recipe(tmp_path, coverage=wrong)
