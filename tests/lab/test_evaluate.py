"""Metrics equal the reference's, and intervals are as wide as theory says."""

import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    f1_score,
    roc_auc_score,
)

from radlens.domain.task import Mode
from radlens.lab.evaluate import evaluate, resamples
from radlens.lab.scores import auroc, average_precision

LABELS = ("a", "b", "c")


def scored(n: int, seed: int, *, ties: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = (rng.random(n) < 0.3).astype(float)
    score = truth + rng.normal(size=n)
    weight = rng.integers(0, 4, (20, n)).astype(float)
    return truth, np.round(score, 1) if ties else score, weight


@pytest.mark.parametrize("ties", [False, True])
def test_auroc_and_average_precision_equal_scikit_learns_resample_by_resample(ties: bool):  # noqa: FBT001
    truth, score, weight = scored(120, 1, ties=ties)
    expected = [roc_auc_score(truth, score, sample_weight=w) for w in weight]
    np.testing.assert_allclose(auroc(truth, score, weight), expected, atol=1e-12)
    expected = [average_precision_score(truth, score, sample_weight=w) for w in weight]
    np.testing.assert_allclose(average_precision(truth, score, weight), expected, atol=1e-12)


def test_where_a_class_is_missing_the_area_is_unknown_and_not_one_half():
    assert np.isnan(auroc(np.zeros(5), np.arange(5.0)))[0]
    assert np.isnan(average_precision(np.zeros(5), np.arange(5.0)))[0]


def multi_class(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, n)
    answer = np.where(rng.random(n) < 0.8, truth, (truth + 1) % 3)
    p = np.eye(3)[answer] * 0.7 + 0.1
    return p, np.eye(3)[truth]


def judged(p: np.ndarray, truth: np.ndarray, unit: np.ndarray | None = None) -> dict:
    unit = np.arange(len(p)) if unit is None else unit
    return evaluate(p, truth, unit=unit, labels=LABELS, mode=Mode.MULTI_CLASS, seed=1)


def test_answers_are_counted_as_scikit_learn_counts_them():
    p, truth = multi_class(300)
    found, answer, right = judged(p, truth), p.argmax(1), truth.argmax(1)
    assert found["accuracy"]["value"] == pytest.approx((answer == right).mean(), abs=1e-5)
    expected = balanced_accuracy_score(right, answer)
    assert found["balanced_accuracy"]["value"] == pytest.approx(expected, abs=1e-5)
    expected = f1_score(right, answer, average="macro")
    assert found["macro_f1"]["value"] == pytest.approx(expected, abs=1e-5)
    assert np.array(found["confusion"]).sum() == 300
    gap = abs(0.8 - (answer == right).mean())
    assert found["ece"]["value"] == pytest.approx(gap, abs=1e-5)


def test_the_interval_of_an_accuracy_is_as_wide_as_the_binomials():
    found = judged(*multi_class(400))["accuracy"]
    half = 1.96 * np.sqrt(found["value"] * (1 - found["value"]) / 400)
    assert found["low"] < found["value"] < found["high"]
    assert (found["high"] - found["low"]) / 2 == pytest.approx(half, rel=0.1)
    assert found["n"] == 400


def test_ten_images_of_each_patient_do_not_make_the_interval_narrower():
    p, truth = multi_class(60)
    one = judged(p, truth)["accuracy"]
    ten = judged(np.repeat(p, 10, 0), np.repeat(truth, 10, 0), np.repeat(np.arange(60), 10))
    assert ten["accuracy"] | {"n": 60} == one
    naive = judged(np.repeat(p, 10, 0), np.repeat(truth, 10, 0))["accuracy"]
    assert naive["high"] - naive["low"] < 0.5 * (one["high"] - one["low"])


def test_a_resample_draws_as_many_units_as_there_are_and_whole_ones():
    drawn = resamples(np.array([0, 0, 1, 2]), np.random.default_rng(0))
    assert (drawn[0] == 1).all()
    assert (drawn[:, 0] == drawn[:, 1]).all()
    assert (drawn[1:, [0, 2, 3]].sum(1) == 3).all()


def test_unknown_labels_are_left_out_of_every_figure():
    p, truth, _ = scored(90, 4, ties=False)
    p = 1 / (1 + np.exp(-p - truth))
    both = np.stack([p, p], 1), np.stack([p > 0.6, p > 0.5], 1).astype(float)
    masked = both[1].copy()
    masked[45:, 1] = np.nan
    found = evaluate(
        both[0], masked, unit=np.arange(90), labels=("a", "b"), mode=Mode.MULTI_LABEL, seed=1
    )
    assert found["labels"]["b"]["auroc"]["n"] == 45
    assert found["labels"]["a"]["auroc"]["n"] == 90
    assert np.isfinite([found[k]["value"] for k in ("mean_auroc", "brier", "ece")]).all()
