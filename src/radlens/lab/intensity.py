"""How grey the images of a dataset are, as a whole and by label."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from radlens.domain.dataset import Dataset

BINS = 32


def intensity(dataset: Dataset, copies: NDArray[np.uint8], unfit: set[int]) -> dict[str, Any]:
    """The share of pixels in each of ``BINS`` greys from black to white, of all and by label.

    Of small ``copies`` (n, rows, cols) through each image's window; None where there is no image.
    """
    width = 256 // BINS
    counts = np.stack([np.bincount(copy.ravel() // width, minlength=BINS) for copy in copies])
    fit = np.array([at not in unfit for at in range(len(copies))])
    truth = np.array([[value == 1 for value in image.truth] for image in dataset.images])
    return {
        "bins": BINS,
        "all": _shares(counts[fit]),
        "labels": {
            name: _shares(counts[fit & truth[:, at]]) for at, name in enumerate(dataset.labels)
        },
    }


def _shares(counts: NDArray[np.int64]) -> list[float] | None:
    whole = counts.sum(0)
    return [float(share) for share in whole / whole.sum()] if len(counts) else None
