"""Labels that may be wrong: images whose nearest neighbours agree on another class."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radlens.domain.dataset import Image

NEIGHBOURS, AGREE, BLOCK, MOST = 10, 0.8, 512, 50


def doubtful_labels(
    images: Sequence[Image],
    labels: Sequence[str],
    features: NDArray[np.float16],
    units: NDArray[np.int64],
) -> list[dict[str, Any]]:
    """Images of a single class that are like another class, the most unlike their own first.

    Of the nearest ``NEIGHBOURS`` of other units, by the cosine of ``features`` (n, k) of length 1,
    at least the share ``AGREE`` is of the other class and none of its own (after Wilson's edited
    nearest neighbours, 1972). What is of several classes, or of unknown ones, says nothing.
    """
    truth = np.array([[value == 1 for value in image.truth] for image in images])
    known = np.array([None not in image.truth for image in images])
    one = np.flatnonzero(known & (truth.sum(1) == 1))
    if len(one) < len(known) / 2 or len(one) <= NEIGHBOURS:
        return []
    named, near = truth[one].argmax(1), np.asarray(features[one], np.float32)
    votes = np.concatenate(
        [
            _votes(near, named, units[one], slice(start, start + BLOCK), len(labels))
            for start in range(0, len(one), BLOCK)
        ]
    )
    own = votes[np.arange(len(one)), named]
    doubted = np.flatnonzero((own == 0) & (votes.max(1) >= AGREE))
    return [
        {
            "file": images[one[at]].file,
            "label": labels[named[at]],
            "like": labels[int(votes[at].argmax())],
            "share": float(votes[at].max()),
        }
        for at in sorted(doubted, key=lambda at: -votes[at].max())[:MOST]
    ]


def _votes(
    near: NDArray[np.float32],
    named: NDArray[np.int64],
    units: NDArray[np.int64],
    block: slice,
    classes: int,
) -> NDArray[np.float64]:
    """The share of each class among the neighbours of a block of images, (block, classes)."""
    alike = near[block] @ near.T
    alike[units[block][:, None] == units[None]] = -np.inf  # itself, its patient, its duplicates
    nearest = np.argpartition(-alike, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    return np.stack([(named[nearest] == label).mean(1) for label in range(classes)], axis=1)
