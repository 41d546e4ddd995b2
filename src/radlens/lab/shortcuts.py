"""Can a small classifier tell where an image is from, and does that tell the label?"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from radlens.domain.dataset import Image

# More images say little more of a small classifier; fewer of a class say nothing of it.
MOST, LEAST, FOLDS = 2000, 20, 5

Numbers = NDArray[np.float32]


def shortcuts(
    images: list[Image], labels: tuple[str, ...], looks: Numbers, edges: Numbers
) -> dict[str, Any]:
    """AUROCs of classifiers that must not succeed, cross-validated by patient or group.

    ``looks`` (n, k) are thumbnails and edges, ``edges`` (n, 16) the edges alone. ``source`` is how
    well looks name the source, ``label_from_source`` and ``label_from_edges`` how well each label
    is foretold by either; an AUROC of one half is chance. None where there is too little.
    """
    chosen = np.sort(np.random.default_rng(0).permutation(len(images))[:MOST])
    images = [images[i] for i in chosen]
    sources = [image.about.get("source", "") for image in images]
    unit = np.unique([image.unit for image in images], return_inverse=True)[1]
    names, source = np.unique(sources, return_inverse=True)
    truth = np.array([image.truth for image in images], np.float64)
    from_source = np.eye(len(names))[source]
    columns = dict(zip(labels, truth.T, strict=True))
    return {
        "images": len(images),
        "sources": dict(Counter(sources)),
        "source": _told(looks[chosen], source, unit),
        "label_from_source": _each(columns, from_source if len(names) > 1 else None, unit),
        "label_from_edges": _each(columns, edges[chosen], unit),
    }


def _each(
    columns: Mapping[str, NDArray[np.float64]], given: NDArray[Any] | None, unit: NDArray[np.int64]
) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for name, truth in columns.items():
        known = ~np.isnan(truth)
        found[name] = None
        if given is not None:
            found[name] = _told(given[known], truth[known].astype(int), unit[known])
    return found


def _told(x: NDArray[Any], y: NDArray[np.int64], unit: NDArray[np.int64]) -> float | None:
    """The AUROC of the classes with enough images, each against the rest, mean over the folds.

    Scores of different folds are of different classifiers and are never ranked together.
    """
    classes = np.flatnonzero(np.bincount(y) >= LEAST) if len(y) else np.array([])
    enough = np.isin(y, classes)
    x, y, unit = x[enough], y[enough], unit[enough]
    if len(classes) < 2:
        return None
    found = []
    for train, test in StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0).split(x, y, unit):
        if len(np.unique(y[train])) < len(classes):
            return None
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
        scores = model.fit(x[train], y[train]).predict_proba(x[test])
        there = [(y[test] == c, scores[:, i]) for i, c in enumerate(classes)]
        found += [roc_auc_score(is_c, score) for is_c, score in there if is_c.any() > is_c.all()]
    return round(float(np.mean(found)), 4) if found else None
