"""What a model is worth on held-out cases, with 95 % intervals."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from radlens.domain.evaluation import LabelScores, Measures, Scores
from radlens.domain.task import Mode
from radlens.lab.answers import Answers
from radlens.lab.bootstrap import RESAMPLES, blocks, measure
from radlens.lab.reliability import ece, signed_root, squared_error_debiased
from radlens.lab.scores import areas, confusion, mean_known, recalls, share

# Errors of calibration: each resample adds noise that looks like error, see ``measure``.
CENTRED = {"ece", "ece_debiased"}

Array = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Drawn:
    """Figures of every resample by name: ``whole`` (resamples,), ``labels`` (resamples, labels)."""

    whole: Mapping[str, Array]
    labels: Mapping[str, Array]


def evaluate(answers: Answers, *, seed: int, count: int = RESAMPLES) -> Scores:
    """All figures, of the whole and of each label; a label with one class alone has none."""
    drawn = draw(answers, seed=seed, count=count)
    top = _classes(answers) if answers.mode is Mode.MULTI_CLASS else None
    return Scores(
        whole=_measures(drawn.whole, len(answers)),
        labels={
            name: _label(answers, index, drawn.labels) for index, name in enumerate(answers.labels)
        },
        confusion=None if top is None else tuple(map(tuple, confusion(*top).tolist())),
        images=len(answers),
        units=answers.units,
        resamples=count,
    )


def draw(answers: Answers, *, seed: int, count: int = RESAMPLES) -> Drawn:
    """The figures of the split itself and of ``count`` resamples of whole units."""
    rng = np.random.default_rng(seed)
    parts = [statistics(answers, weight) for weight in blocks(answers.unit, rng, count)]
    return Drawn(_joined(part.whole for part in parts), _joined(part.labels for part in parts))


def statistics(answers: Answers, weight: Array) -> Drawn:
    """All figures where each case counts ``weight`` (resamples, n) times; NaN where unknown."""
    labels = _counted(answers, weight) | _scored(answers, weight)
    hidden = np.where(answers.measurable, 0.0, np.nan)  # one class alone: nothing is said
    labels = {name: values + hidden for name, values in labels.items()}
    whole = _answered(answers, weight) if answers.mode is Mode.MULTI_CLASS else _over(labels)
    errors = np.where(answers.known, (answers.probabilities - answers.truth) ** 2, 0).sum(1)
    whole |= {
        "mean_auroc": mean_known(labels["auroc"]),
        "mean_average_precision": mean_known(labels["average_precision"]),
        "brier": share(weight @ errors, weight @ answers.known.sum(1)),
    }
    if answers.mode is Mode.MULTI_CLASS:
        whole |= _errors(answers.probabilities.max(1), _right(answers), weight)
    else:
        whole |= {name: mean_known(labels[name]) for name in ("ece", "ece_debiased")}
    return Drawn(whole, labels)


def _counted(answers: Answers, weight: Array) -> dict[str, Array]:
    """What the operating points did, one label against the rest; each (resamples, labels)."""
    yes, no = answers.truth == 1, answers.truth == 0
    cells = (yes & answers.claimed, no & answers.claimed, yes & ~answers.claimed)
    tp, fp, fn = (weight @ cell.astype(float) for cell in cells)
    tn = weight @ (no & ~answers.claimed).astype(float)
    found, spared = share(tp, tp + fn), share(tn, tn + fp)
    return {
        "sensitivity": found,
        "specificity": spared,
        "precision": share(tp, tp + fp),
        "f1": share(2 * tp, 2 * tp + fp + fn),
        "accuracy": share(tp + tn, tp + fp + fn + tn),
        "balanced_accuracy": (found + spared) / 2,
        "support": tp + fn,
    }


def _scored(answers: Answers, weight: Array) -> dict[str, Array]:
    """What the probabilities are worth, whatever the operating point; (resamples, labels)."""
    each = []
    for index in range(len(answers.labels)):
        known = answers.known[:, index]
        y, p = answers.truth[known, index], answers.probabilities[known, index]
        of_known = weight if known.all() else weight[:, known]
        area, precise = areas(y, p, of_known)
        brier = share(of_known @ (p - y) ** 2, of_known.sum(1))
        each.append(
            {"auroc": area, "average_precision": precise, "brier": brier} | _errors(p, y, of_known)
        )
    return {name: np.stack([figures[name] for figures in each], 1) for name in each[0]}


def _errors(p: Array, y: Array, weight: Array) -> dict[str, Array]:
    return {
        "ece": ece(p, y, weight),
        "ece_debiased": signed_root(squared_error_debiased(p, y, weight)),
    }


def _over(labels: Mapping[str, Array]) -> dict[str, Array]:
    """Multi-label: the mean over the labels that are measurable."""
    support = labels["support"]
    weighted = np.where(np.isnan(labels["f1"]), 0, labels["f1"] * support)
    return {
        "accuracy": mean_known(labels["accuracy"]),
        "balanced_accuracy": mean_known(labels["balanced_accuracy"]),
        "macro_f1": mean_known(labels["f1"]),
        "weighted_f1": share(np.nansum(weighted, 1), np.nansum(support, 1)),
    }


def _answered(answers: Answers, weight: Array) -> dict[str, Array]:
    """Multi-class: how the largest class fits, from the confusion matrix of each resample."""
    truth, top, classes = _classes(answers)
    cell = np.eye(classes * classes)[truth * classes + top]
    counts = (weight @ cell).reshape(-1, classes, classes)
    hits, support = np.diagonal(counts, axis1=1, axis2=2), counts.sum(2)
    f1 = share(2 * hits, counts.sum(1) + support)
    return {
        "accuracy": share(hits.sum(1), support.sum(1)),
        "balanced_accuracy": mean_known(recalls(counts)),
        "macro_f1": mean_known(f1),
        "weighted_f1": share(np.nansum(f1 * support, 1), support.sum(1)),
    }


def _classes(answers: Answers) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """The true class of each case, the largest one, and how many there are."""
    return answers.truth.argmax(1), answers.probabilities.argmax(1), len(answers.labels)


def _right(answers: Answers) -> Array:
    truth, top, _ = _classes(answers)
    return np.asarray(truth == top, np.float64)


def _label(answers: Answers, index: int, drawn: Mapping[str, Array]) -> LabelScores:
    truth = answers.truth[:, index]
    figures = {name: values[:, index] for name, values in drawn.items() if name != "support"}
    return LabelScores(
        positives=int((truth == 1).sum()),
        negatives=int((truth == 0).sum()),
        unknown=int(np.isnan(truth).sum()),
        positive_units=len(np.unique(answers.unit[truth == 1])),
        measures=_measures(figures, int(answers.known[:, index].sum())),
    )


def _measures(drawn: Mapping[str, Array], n: int) -> Measures:
    return {name: measure(values, n, centred=name in CENTRED) for name, values in drawn.items()}


def _joined(parts: Iterable[Mapping[str, Array]]) -> dict[str, Array]:
    listed = list(parts)
    return {name: np.concatenate([part[name] for part in listed]) for name in listed[0]}
