"""Do the sets cover what was asked? On the logits of a trained network, over 20 resplits.

``python -m bench.lab_uncertainty LOGITS.npz multi-class|multi-label`` with the arrays ``logits``
and ``truth`` (n, labels), NaN where unknown, and ``unit`` (n,), the patients or groups, of the
validation and the test split together.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.figure import Figure, show
from radlens.domain.calibration import probabilities
from radlens.domain.task import Mode
from radlens.domain.uncertainty import kept
from radlens.lab.calibrate import calibrate
from radlens.lab.operating import Rule, claims, operating_points
from radlens.lab.uncertainty import LEVELS, fit_sets

SPLITS = 20
# Regularisation as in Angelopoulos et al. 2021 (ICLR): each rank after the first costs this.
RAPS = 0.1

Array = NDArray[np.floating]
Score = Callable[[Array], Array]


@dataclass(frozen=True)
class Covered:
    """Means over the resplits: of all that was there, of each label, and the labels in a set.

    Coverage is counted where a label has a threshold: one with too few cases for it is always in,
    so that it is covered whatever was asked, and is left out of that resplit.
    """

    level: float
    whole: float
    each: tuple[float, ...]
    size: float

    @property
    def off(self) -> float:
        """How far the coverage of all labels is from what was asked, to either side."""
        return abs(self.whole - self.level)

    @property
    def short(self) -> float:
        """How far the worst label falls below what was asked; below 0 where none does."""
        return self.level - float(np.nanmin(self.each))


def lac(p: Array) -> Array:
    """The probability itself (least ambiguous sets, Sadinle et al. 2019)."""
    return p


def aps(p: Array, cost: float = 0.0) -> Array:
    """One minus the probability of all labels down to this one (Romano et al. 2020, NeurIPS)."""
    order = np.argsort(-p, axis=1, kind="stable")
    through = np.take_along_axis(p, order, 1).cumsum(1) + cost * np.arange(p.shape[1])
    score = np.empty_like(p)
    np.put_along_axis(score, order, 1 - through, 1)
    return score


def raps(p: Array) -> Array:
    return aps(p, RAPS)


SCORES: Mapping[str, Score] = {"lac": lac, "aps": aps, "raps": raps}


def coverage(
    logits: Array,
    truth: Array,
    *,
    unit: NDArray[np.int64],
    mode: Mode,
    level: float | None = None,
    score: Score = lac,
) -> Covered:
    """Calibration, thresholds and sets fitted on half of the units, counted on the other half.

    What serving does is ``lac``; another score takes its place for comparison.
    """
    asked = level or LEVELS[mode]
    found = [
        _one(logits, truth, fitted, unit=unit, mode=mode, fit=(asked, score))
        for fitted in _halves(unit)
    ]
    labels = np.array([e for _, e, _ in found])
    known = ~np.isnan(labels)
    each = np.where(known.any(0), np.nansum(labels, 0) / np.maximum(known.sum(0), 1), np.nan)
    whole, size = (float(np.mean([f[i] for f in found])) for i in (0, 2))
    return Covered(asked, whole, tuple(each.tolist()), size)


def _halves(unit: NDArray[np.int64]) -> Iterator[NDArray[np.bool_]]:
    units = np.unique(unit)
    for seed in range(SPLITS):
        drawn = np.random.default_rng(seed).permutation(units)
        yield np.isin(unit, drawn[: len(units) // 2])


def _one(
    logits: Array,
    truth: Array,
    fitted: NDArray[np.bool_],
    *,
    unit: NDArray[np.int64],
    mode: Mode,
    fit: tuple[float, Score],
) -> tuple[float, Array, float]:
    """Coverage of all and of each label, and the mean size of a set, of one resplit."""
    level, score = fit
    p = probabilities(logits, mode, calibrate(logits[fitted], truth[fitted], mode))
    points = operating_points(
        p[fitted], truth[fitted], mode, unit=unit[fitted], rule=Rule(), seed=0
    )
    scores, held = score(p), ~fitted
    sets = fit_sets(scores[fitted], truth[fitted], unit=unit[fitted], level=level)
    stays = kept(scores[held], claims(points, p[held]), sets.thresholds)
    there = truth[held] == 1
    there = there & np.array([threshold is not None for threshold in sets.thresholds])
    hits, n = (there & stays).sum(0), there.sum(0)
    each = np.where(n > 0, hits / np.maximum(n, 1), np.nan)
    return float(hits.sum() / n.sum()), each, float(stays.sum(1).mean())


@dataclass(frozen=True, eq=False)
class Said:
    """Logits and truth (n, labels), NaN where unknown, and the unit (n,) of each image."""

    logits: Array
    truth: Array
    unit: NDArray[np.int64]


def figures(said: Callable[[], Said], mode: Mode) -> Iterator[Figure]:
    """How far off coverage is; for multi-class tasks also what each score costs in set size."""

    @cache
    def found(score: str = "lac") -> Covered:
        of = said()
        return coverage(of.logits, of.truth, unit=of.unit, mode=mode, score=SCORES[score])

    yield Figure("sets-coverage-off", "<=0.02", lambda: found().off)
    yield Figure("sets-worst-label-short", "<=0.03", lambda: found().short)
    if mode is Mode.MULTI_LABEL:
        return
    for name in ("aps", "raps"):
        yield Figure(
            f"sets-size-lac/{name}", "<=1", lambda name=name: found().size / found(name).size
        )


def main(file: Path, mode: Mode) -> None:
    """Print every figure."""
    arrays = np.load(file, allow_pickle=False)
    said = Said(arrays["logits"], arrays["truth"], arrays["unit"])
    show(figures(lambda: said, mode), [])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Mode(sys.argv[2]))
