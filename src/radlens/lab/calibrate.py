"""Logits -> probabilities, fitted on validation cases and on nothing else."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, log_softmax

from radlens.domain.calibration import Calibration
from radlens.domain.task import Mode

# Fewer positives or negatives than this say too little about probabilities.
ENOUGH = 50

Array = NDArray[np.floating]


def calibrate(logits: Array, truth: Array, mode: Mode) -> Calibration:
    """Fit on validation logits and truth, both (n, labels), NaN where unknown."""
    if mode is Mode.MULTI_CLASS:
        return _temperature(logits.astype(np.float64), truth)
    fits = [_platt(logits[:, i].astype(np.float64), truth[:, i]) for i in range(truth.shape[1])]
    slopes, intercepts, fitted = zip(*fits, strict=True)
    return Calibration(slopes, intercepts, fitted)


def _temperature(logits: Array, truth: Array) -> Calibration:
    """One temperature for all classes, by maximum likelihood (Guo et al. 2017, section 4.2).

    A class with too few cases says "not calibrated", though it shares the temperature.
    """
    labels, index = truth.shape[1], truth.argmax(1)[:, None]
    if len(truth) < ENOUGH:
        return Calibration.identity(labels)

    def surprise(log_slope: float) -> float:
        likely = log_softmax(logits * np.exp(log_slope), axis=1)
        return -float(np.take_along_axis(likely, index, 1).mean())

    best = minimize_scalar(surprise, bounds=(-4.0, 4.0), method="bounded", options={"xatol": 1e-6})
    slope = float(np.exp(best.x))
    enough = tuple(bool(n >= ENOUGH) for n in truth.sum(0))
    return Calibration((slope,) * labels, (0.0,) * labels, enough)


def _platt(logits: Array, truth: Array) -> tuple[float, float, bool]:
    """Slope and intercept of one label (Platt 1999, with its smoothed targets), or identity."""
    known = ~np.isnan(truth)
    z, y = logits[known], truth[known]
    positives, negatives = int((y == 1).sum()), int((y == 0).sum())
    if min(positives, negatives) < ENOUGH:
        return 1.0, 0.0, False
    target = np.where(y == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))

    def surprise(ab: Array) -> tuple[float, Array]:
        margin = ab[0] * z + ab[1]
        off = expit(margin) - target
        value = np.logaddexp(0, margin).sum() - (target * margin).sum()
        return float(value), np.array([(off * z).sum(), off.sum()])

    slope, intercept = minimize(surprise, np.array([1.0, 0.0]), jac=True, method="BFGS").x
    # A slope below zero would turn the network's answer round: then nothing was learnt.
    return (float(slope), float(intercept), True) if slope > 0 else (1.0, 0.0, False)
