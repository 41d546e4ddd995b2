"""What other thresholds would do, with intervals, for whoever looks for an operating point."""

import numpy as np
from numpy.typing import NDArray

from radlens.domain.evaluation import Cut
from radlens.lab.bootstrap import measure
from radlens.lab.scores import share

DIGITS = 4  # of a threshold: it is recorded as it is shown, and counted as it is recorded

Array = NDArray[np.floating]


def thresholds(p: Array) -> Array:
    """Hundredths of the probabilities (n,) that were given, rising, each once.

    They are rounded down: from the lowest on every case is reported.
    """
    scale = 10**DIGITS
    return np.unique(np.floor(np.quantile(p, np.linspace(0, 1, 101)) * scale + 1e-9) / scale)


def cuts(y: Array, p: Array, drawn: list[Array]) -> tuple[Cut, ...]:
    """Each threshold on cases of truth ``y`` and probability ``p`` (n,), from the lowest up.

    ``drawn`` are weights (resamples, n), the first row the split itself.
    """
    at = thresholds(p)
    reported = (p[:, None] >= at).astype(float)
    found, alarmed = (
        np.concatenate([share(w @ (of[:, None] * reported), (w @ of)[:, None]) for w in drawn])
        for of in (y, 1 - y)
    )
    spared, n = 1 - alarmed, (int(y.sum()), int((1 - y).sum()))
    figures = {
        "sensitivity": (found, n[0]),
        "specificity": (spared, n[1]),
        "positive": (share(found, found + alarmed), sum(n)),
        "negative": (share(spared, spared + 1 - found), sum(n)),
    }
    return tuple(
        Cut(float(t), {name: measure(v[:, i], cases) for name, (v, cases) in figures.items()})
        for i, t in enumerate(at)
    )
