"""Calibration recovers what was planted and says where it could not know."""

import numpy as np
import pytest

from radlens.domain.calibration import probabilities
from radlens.domain.metrics import Confusion
from radlens.domain.task import Mode
from radlens.lab.calibrate import calibrate, operating_points, with_measured


def drawn(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and classes drawn from their own softmax."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, 4)) * 1.5
    odds = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    index = (rng.random((n, 1)) > odds.cumsum(1)).sum(1)
    return logits, np.eye(4)[np.minimum(index, 3)]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_a_planted_temperature_is_recovered_within_two_percent(temperature: float):
    logits, truth = drawn(40_000)
    found = calibrate(logits * temperature, truth, Mode.MULTI_CLASS)
    assert found.slope == pytest.approx((1 / temperature,) * 4, rel=0.02)
    assert found.intercept == (0.0,) * 4
    assert all(found.fitted)


def test_a_class_with_few_cases_is_not_called_calibrated():
    logits, truth = drawn(600)
    rare = truth[:, 3] == 1
    keep = ~rare | (rare.cumsum() <= 49)
    assert calibrate(logits[keep], truth[keep], Mode.MULTI_CLASS).fitted == (True,) * 3 + (False,)


def test_planted_slopes_and_intercepts_are_recovered():
    rng = np.random.default_rng(1)
    z = rng.normal(size=(40_000, 2)) * 2
    planted = np.array([0.6, 1.7]), np.array([-1.0, 0.4])
    truth = (rng.random(z.shape) < 1 / (1 + np.exp(-(z * planted[0] + planted[1])))).astype(float)
    found = calibrate(z, truth, Mode.MULTI_LABEL)
    np.testing.assert_allclose(found.slope, planted[0], rtol=0.05)
    np.testing.assert_allclose(found.intercept, planted[1], atol=0.05)
    p = probabilities(z, Mode.MULTI_LABEL, found)
    assert np.abs(p.mean(0) - truth.mean(0)).max() < 0.005


def test_too_few_positives_or_a_reversed_answer_leave_a_label_uncalibrated():
    rng = np.random.default_rng(2)
    z = rng.normal(size=(500, 3))
    few, reversed_ = np.arange(500) < 49, rng.random(500) < 1 / (1 + np.exp(3 * z[:, 1]))
    fine = rng.random(500) < 1 / (1 + np.exp(-z[:, 2]))
    found = calibrate(z, np.stack([few, reversed_, fine], 1).astype(float), Mode.MULTI_LABEL)
    assert found.fitted == (False, False, True)
    assert found.slope[:2] == (1.0, 1.0)
    assert min(found.slope) > 0


def test_unknown_labels_do_not_count_as_negative():
    rng = np.random.default_rng(3)
    z = rng.normal(size=(400, 1))
    y = (rng.random((400, 1)) < 0.5).astype(float)
    masked = np.concatenate([y, np.full((4000, 1), np.nan)])
    more = np.concatenate([z, rng.normal(size=(4000, 1)) - 5])
    assert calibrate(more, masked, Mode.MULTI_LABEL) == calibrate(z, y, Mode.MULTI_LABEL)


def test_the_threshold_is_where_sensitivity_and_specificity_are_best_together():
    p = np.array([[0.1], [0.2], [0.3], [0.6], [0.7], [0.9]])
    truth = np.array([[0], [0], [0], [1], [0], [1]], float)
    [point] = operating_points(p, truth, Mode.MULTI_LABEL)
    assert 0.3 < point.threshold <= 0.6
    [point] = with_measured((point,), p, truth)
    assert point.measured == Confusion(2, 1, 0, 3)


def test_multi_class_counts_are_one_class_against_the_rest_by_the_largest():
    p = np.array([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.4, 0.35, 0.25]])
    truth = np.eye(3)[[0, 2, 0]]
    points = with_measured(operating_points(p, truth, Mode.MULTI_CLASS), p, truth)
    assert [point.threshold for point in points] == [None] * 3
    assert [vars(point.measured) for point in points] == [
        vars(Confusion(2, 0, 0, 1)),
        vars(Confusion(0, 1, 0, 2)),
        vars(Confusion(0, 0, 1, 2)),
    ]
