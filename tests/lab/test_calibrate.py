"""Calibration recovers what was planted and says where it could not know."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression

from radlens.domain.calibration import Calibration, probabilities
from radlens.domain.task import Mode
from radlens.lab.calibrate import calibrate


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


def calibration_error(p: np.ndarray, right: np.ndarray) -> float:
    """Expected calibration error in ten equal bins, from scikit-learn's reliability curve."""
    truth, said = calibration_curve(right, p, n_bins=10)
    share = np.histogram(p, bins=10, range=(0, 1))[0] / len(p)
    return float((share[share > 0] * np.abs(truth - said)).sum())


@pytest.mark.parametrize("temperature", [0.4, 2.5])
def test_after_a_fitted_temperature_fresh_cases_are_calibrated_within_one_percent(temperature):
    logits, truth = drawn(40_000)
    found = calibrate(logits * temperature, truth, Mode.MULTI_CLASS)
    fresh, true = drawn(40_000, seed=1)

    def error(calibration: Calibration) -> float:
        p = probabilities(fresh * temperature, Mode.MULTI_CLASS, calibration)
        return calibration_error(p.max(1), p.argmax(1) == true.argmax(1))

    assert error(found) <= 0.01
    assert error(Calibration.identity(4)) > 0.05, "the oracle must see what was wrong before"


def test_platt_scaling_is_what_logistic_regression_finds():
    rng = np.random.default_rng(4)
    z = rng.normal(size=(3_000, 1)) * 2
    y = (rng.random(z.shape) < 1 / (1 + np.exp(-(0.8 * z - 0.7)))).astype(float)
    found = calibrate(z, y, Mode.MULTI_LABEL)
    oracle = LogisticRegression(C=np.inf, tol=1e-8).fit(z, y[:, 0])
    # Platt's smoothed targets move a fit on thousands of cases in the third digit.
    assert found.slope[0] == pytest.approx(oracle.coef_[0, 0], rel=0.005)
    assert found.intercept[0] == pytest.approx(oracle.intercept_[0], rel=0.005)


def test_planted_slopes_and_intercepts_are_recovered_within_two_percent():
    rng = np.random.default_rng(1)
    z = rng.normal(size=(200_000, 2)) * 2
    planted = np.array([0.6, 1.7]), np.array([-1.0, 0.4])
    truth = (rng.random(z.shape) < 1 / (1 + np.exp(-(z * planted[0] + planted[1])))).astype(float)
    found = calibrate(z, truth, Mode.MULTI_LABEL)
    np.testing.assert_allclose(found.slope, planted[0], rtol=0.02)
    np.testing.assert_allclose(found.intercept, planted[1], rtol=0.02)
    p = probabilities(z, Mode.MULTI_LABEL, found)
    assert max(calibration_error(p[:, i], truth[:, i]) for i in range(2)) <= 0.01


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
