"""What cannot be ruled out: thresholds from validation cases, coverage from test cases."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from radlens.domain.metrics import Proportion
from radlens.domain.task import Mode
from radlens.domain.uncertainty import Uncertainty, kept

# A set of classes is never empty, so a network that is right more often than the level covers
# more than was asked by its answer alone: classes are asked for at a level above that.
LEVELS = {Mode.MULTI_CLASS: 0.95, Mode.MULTI_LABEL: 0.9}

Array = NDArray[np.floating]


def fit_sets(
    probabilities: Array, truth: Array, *, unit: NDArray[np.int64], level: float
) -> Uncertainty:
    """Thresholds from calibrated validation probabilities and truth, both (n, labels).

    ``unit`` (n,) numbers patients or groups: the promise is for one image of a new patient, each
    patient weighing the same (Lee, Barber and Willett 2023; with one image each, plain split
    conformal). The calibration and the choice of the network saw these cases too, which the
    promise does not count: what was measured on test cases does.
    """
    there = [truth[:, label] == 1 for label in range(truth.shape[1])]
    return Uncertainty(
        level,
        tuple(threshold(probabilities[y, i], unit[y], level) for i, y in enumerate(there)),
        tuple(len(np.unique(unit[y])) for y in there),
        (None,) * len(there),
        None,
    )


def threshold(p: Array, unit: NDArray[np.int64], level: float) -> float | None:
    """The probability that a share ``level`` of those who have a label reaches, or None.

    ``p`` (n,) are the label's probabilities where it was there. None where the level cannot be
    promised: with fewer than ceil(1 / (1 - level)) - 1 units.
    """
    units, of_unit, sizes = np.unique(unit, return_inverse=True, return_counts=True)
    needed = level * (len(units) + 1) - 1e-9
    if needed > len(units):
        return None
    order = np.argsort(-p, kind="stable")
    reached = np.cumsum(1 / sizes[of_unit][order])
    # Sums of thirds fall short of their units by rounding: the last case is the last resort.
    last = min(int(np.searchsorted(reached, needed)), len(p) - 1)
    return float(p[order][last])


def with_coverage(
    uncertainty: Uncertainty, probabilities: Array, truth: Array, *, claimed: NDArray[np.bool_]
) -> Uncertainty:
    """The uncertainty with how often what was there stayed in on test cases (n, labels).

    ``claimed`` is what the operating points answer, which stays in too.
    """
    there = truth == 1
    hits = (there & kept(probabilities, claimed, uncertainty.thresholds)).sum(0).tolist()
    n = there.sum(0).tolist()
    return replace(
        uncertainty,
        measured=tuple(map(_share, hits, n)),
        whole=_share(sum(hits), sum(n)),
    )


def _share(hits: int, n: int) -> Proportion | None:
    return Proportion(hits, n) if n else None
