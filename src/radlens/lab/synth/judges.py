"""Is an image made as one class read as that class? Asked of two classifiers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from radlens.domain.calibration import probabilities
from radlens.domain.evaluation import Measure, Measures
from radlens.domain.task import Mode
from radlens.lab.bootstrap import measure, resamples
from radlens.lab.operating import claims
from radlens.lab.scores import share
from radlens.lab.synth.features import IMAGENET, Views
from radlens.lab.synth.fidelity import RESAMPLES
from radlens.model_ports import Engine

FEW = 10  # positives and negatives that a label needs to be learned
SHRINKAGE = 0.01

Flags = NDArray[np.bool_]
Truth = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Judge:
    """Who reads: in words ``what`` it is and what it has seen; ``made`` and ``real`` (n, labels)
    are what it claims of made images, and of the real ones that it has not learned from."""

    name: str
    what: str
    made: Flags
    real: Flags
    real_truth: Truth
    real_unit: NDArray[np.int64]


def live_claims(engine: Engine, views: Views, labels: int) -> Flags:
    """What the live model reports of images, (n, labels), at its operating points.

    It never reports a label that came after it.
    """
    manifest = engine.manifest
    p = probabilities(views.logits, manifest.mode, manifest.calibration)
    later = ((0, 0), (0, labels - len(manifest.labels)))
    return np.pad(claims(manifest.operating_points, p), later)


def learned_claims(learned: tuple[Views, Truth], asked: Views, mode: Mode) -> Flags:
    """What a linear classifier on EfficientNet-Lite0 reports of images, (n, labels).

    It learns from these views and truth (n, labels) alone; a label that these tell too little of
    is never claimed.
    """
    views, truth = learned
    scaler = StandardScaler().fit(views.features[IMAGENET])
    known, asking = (scaler.transform(v.features[IMAGENET]) for v in (views, asked))
    odds = np.full((len(asked), truth.shape[1]), -np.inf)
    for label, column in enumerate(truth.T):
        told = ~np.isnan(column)
        if min((column == 1).sum(), (column == 0).sum()) >= FEW:
            fitted = LogisticRegression(C=SHRINKAGE, class_weight="balanced", max_iter=500)
            odds[:, label] = fitted.fit(known[told], column[told]).decision_function(asking)
    if mode is Mode.MULTI_CLASS:
        return np.asarray((odds == odds.max(1, keepdims=True)) & np.isfinite(odds))
    return np.asarray(odds > 0)


def agreement(judge: Judge, truth: Truth, label: int | None, seed: int) -> Measures:
    """Of the images made as a label the share that is claimed, and the same of real images.

    ``label`` None is all of them together. None where there is no such image.
    """
    unit = np.arange(len(truth), dtype=np.int64)
    return {
        "made": _found(judge.made, truth, unit, label, seed),
        "real": _found(judge.real, judge.real_truth, judge.real_unit, label, seed),
    }


def _found(
    claimed: Flags, truth: Truth, unit: NDArray[np.int64], label: int | None, seed: int
) -> Measure | None:
    positive = truth == 1
    if label is not None:
        positive, claimed = positive[:, [label]], claimed[:, [label]]
    weight = resamples(unit, np.random.default_rng(seed), RESAMPLES)
    found = share(weight @ (positive & claimed).sum(1), weight @ positive.sum(1))
    return measure(found, int(positive.sum()))
