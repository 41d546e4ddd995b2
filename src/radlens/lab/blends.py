"""Images that belong to nobody: the middle of many alike images, each of another patient.

A place among the principal components of a set is drawn, not one of its images; those nearest to it
are averaged where most of them agree, so that what only one of them shows (a mark, a fold, a
finding) is gone. What averaging took from the fine structure is given back by the set's own mean
spectrum.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform
from scipy.stats import trim_mean

from radlens.lab.anatomy import head_box, head_mask
from radlens.lab.phantoms import Plane

Stack = NDArray[np.float32]

# How many images are blended, and which share of them is cut off at either end of each pixel.
COUNT, TRIMMED = 24, 0.25
COMPONENTS, SPREAD = 40, 0.7
# A head fills this part of a blended picture; an edge is made at most so many times stronger.
FILLED = (0.88, 0.74)
STRONGEST = 3.0
LEAST_HEAD = 0.35


def blends(grey: Stack, unit: NDArray[np.int64], seeds: Iterable[int]) -> Iterator[Plane]:
    """For each seed the middle of ``COUNT`` alike images of grey (n, rows, cols).

    No two of them are of one unit (n,).
    """
    flat = (grey - grey.mean(0)).reshape(len(grey), -1)
    sizes, turned = np.linalg.eigh((flat @ flat.T).astype(np.float64))
    kept = slice(-1, -min(COMPONENTS, len(grey)) - 1, -1)
    spread = np.sqrt(np.maximum(sizes[kept], 0))
    places = turned[:, kept] * spread
    for seed in seeds:
        drawn = np.random.default_rng(seed).normal(size=len(spread))
        wanted = drawn * spread * SPREAD / np.sqrt(len(grey))
        order = np.argsort(np.square(places - wanted).sum(1), kind="stable")
        firsts = np.sort(np.unique(unit[order], return_index=True)[1])[:COUNT]
        middle = trim_mean(grey[order[firsts]].astype(np.float64), TRIMMED, axis=0)
        yield np.clip(sharpened(middle, grey[order[: 4 * COUNT]]), 0, 1)


def sharpened(image: Plane, like: Stack) -> Plane:
    """The square image with the mean power of ``like`` (n, side, side) at every frequency.

    Only what is there is made stronger, up to ``STRONGEST``; nothing is drawn into it.
    """
    side = image.shape[0]
    lines = np.fft.fftfreq(side) * side
    ring = np.hypot(lines[:, None], lines).round().astype(int)

    def power(values: NDArray[np.complex128]) -> Plane:
        return np.bincount(ring.ravel(), np.abs(values.ravel()) ** 2) / np.bincount(ring.ravel())

    waves = np.fft.fft2(image)
    wanted = np.mean([power(np.fft.fft2(one)) for one in like], axis=0)
    gain = np.sqrt(wanted / np.maximum(power(waves), 1e-12)).clip(1, STRONGEST)
    gain[0] = 1
    return np.asarray(np.real(np.fft.ifft2(waves * gain[ring])))


def heads(grey: Stack) -> tuple[Stack, NDArray[np.int64]]:
    """Every head enlarged to one box, and which of the images (n, side, side) have one."""
    side = grey.shape[1]
    found, which = [], []
    for index, image in enumerate(grey):
        mask = head_mask(image.astype(np.float64))
        if not mask.any():
            continue
        top, left, height, width = head_box(mask)
        if min(height, width) < LEAST_HEAD * side:
            continue
        scale = np.array([height, width]) / (np.array(FILLED) * side)
        start = np.array([top, left]) - scale * side * (1 - np.array(FILLED)) / 2
        found.append(affine_transform(image, scale, start, order=1))
        which.append(index)
    return np.asarray(found, np.float32), np.array(which, np.int64)
