"""What a model is worth on the untouched test split, with 95 % intervals."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from radlens.domain.task import Mode
from radlens.lab.scores import auroc, average_precision, confusion, recalls

RESAMPLES = 2000
BINS = 10

Array = NDArray[np.floating]
Measure = dict[str, float | int]


def evaluate(
    probabilities: Array,
    truth: Array,
    *,
    unit: NDArray[np.int64],
    labels: tuple[str, ...],
    mode: Mode,
    seed: int,
) -> dict[str, Any]:
    """All test metrics as plain JSON, each ``{"value", "low", "high", "n"}``.

    ``probabilities`` and ``truth`` (n, labels), NaN where unknown; ``unit`` (n,) numbers the
    patients (or near-duplicate groups): whole units are drawn again, so that two images of one
    patient do not pass for two observations (bootstrap percentile interval, Efron 1979).
    """
    drawn = resamples(unit, np.random.default_rng(seed))
    each, areas = {}, []
    for index, name in enumerate(labels):
        known = ~np.isnan(truth[:, index])
        y, p, weight = truth[known, index], probabilities[known, index], drawn[:, known]
        area = auroc(y, p, weight)
        areas.append(area)
        each[name] = {
            "auroc": measure(area, len(y)),
            "average_precision": measure(average_precision(y, p, weight), len(y)),
            "positives": int(y.sum()),
        }
    known = ~np.isnan(truth)
    whole = {
        "mean_auroc": measure(_nanmean(np.array(areas)), len(truth)),
        "brier": measure(_mean(drawn, (probabilities - truth) ** 2, known), len(truth)),
        "ece": measure(_ece(drawn, probabilities, truth, mode), len(truth)),
    }
    if mode is Mode.MULTI_CLASS:
        whole |= _answers(drawn, probabilities.argmax(1), truth.argmax(1), len(labels))
    return whole | {"labels": each, "resamples": RESAMPLES, "units": int(unit.max()) + 1}


def resamples(unit: NDArray[np.int64], rng: np.random.Generator) -> Array:
    """How often each case is drawn, shape (1 + RESAMPLES, n); row 0 is the split itself."""
    units = int(unit.max()) + 1
    counts = rng.multinomial(units, np.full(units, 1 / units), size=RESAMPLES)
    return np.concatenate([np.ones((1, len(unit))), counts[:, unit]])


def measure(values: Array, n: int) -> Measure:
    """Value and interval from one number a resample, the first being the split itself."""
    value, again = float(values[0]), values[1:][~np.isnan(values[1:])]
    low, high = np.percentile(again, (2.5, 97.5)) if len(again) else (np.nan, np.nan)
    return {name: round(float(x), 5) for name, x in
            (("value", value), ("low", low), ("high", high))} | {"n": n}  # fmt: skip


def _nanmean(areas: Array) -> Array:
    """Mean over labels, shape (labels, resamples) -> (resamples,), leaving out what is unknown."""
    counted = ~np.isnan(areas)
    return np.asarray(np.where(counted, areas, 0).sum(0) / np.maximum(counted.sum(0), 1))


def _mean(drawn: Array, errors: Array, known: NDArray[np.bool_]) -> Array:
    """The mean error over cases and labels of each resample; for multi-class, Brier's own sum."""
    total = drawn @ np.where(known, errors, 0).sum(1)
    return np.asarray(total / (drawn @ known.sum(1)))


def _ece(drawn: Array, probabilities: Array, truth: Array, mode: Mode) -> Array:
    """Expected calibration error in BINS equal bins (Naeini et al. 2015; Guo et al. 2017).

    Multi-class: of the largest class. Multi-label: the mean over the labels.
    """
    if mode is Mode.MULTI_CLASS:
        right = (probabilities.argmax(1) == truth.argmax(1)).astype(float)
        return _ece_of(drawn, probabilities.max(1), right)
    each = []
    for p, y in zip(probabilities.T, truth.T, strict=True):
        known = ~np.isnan(y)
        each.append(_ece_of(drawn[:, known], p[known], y[known]))
    return np.asarray(np.mean(each, axis=0))


def _ece_of(drawn: Array, p: Array, y: Array) -> Array:
    bins = np.minimum((p * BINS).astype(int), BINS - 1)
    gap = drawn @ (np.eye(BINS)[bins] * (p - y)[:, None])
    return np.asarray(np.abs(gap).sum(1) / drawn.sum(1))


def _answers(
    drawn: Array, answer: NDArray[np.int64], truth: NDArray[np.int64], classes: int
) -> dict[str, Any]:
    """Accuracy, balanced accuracy, macro F1 and the confusion matrix of the largest class."""
    cell = np.eye(classes * classes)[truth * classes + answer]
    counts = (drawn @ cell).reshape(-1, classes, classes)
    hits = np.diagonal(counts, axis1=1, axis2=2)
    f1 = 2 * hits / np.maximum(counts.sum(1) + counts.sum(2), 1)
    n = len(truth)
    return {
        "accuracy": measure(hits.sum(1) / counts.sum((1, 2)), n),
        "balanced_accuracy": measure(_nanmean(recalls(counts).T), n),
        "macro_f1": measure(f1.mean(1), n),
        "confusion": confusion(truth, answer, classes).tolist(),
    }
