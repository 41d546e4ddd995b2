"""Near-duplicates: images of the same slice, whatever their encoding, light, crop or side.

A mirror image is the same picture: training mirrors images, and collections hold both.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from radlens.domain.dataset import Dataset
from radlens.lab.alignment import agreement
from radlens.lab.looks import Looks, look_at
from radlens.lab.progress import Seen, silent
from radlens.ports import Blobs

# How many neighbours of each image are looked at closely, by fingerprint and by feature. On chest
# and brain images a planted copy was never further than the fifth by its fingerprint.
BY_PRINT, BY_FEATURE = 6, 4
# One picture where laid one on the other they agree this well.
SAME = 0.975
# Less is enough where both agree far better with each other than either does with any third image
# (the ratio test of Lowe 2004, IJCV 60, section 7.1), or where the fingerprints, of 256 bits, are
# close as well: neighbouring slices of one head, which often have a third like them.
LEAST, RATIO, RADIUS = 0.9, 0.5, 14
BLOCK = 256

Pair = tuple[int, int]


def near_pairs(looks: Looks) -> list[Pair]:
    """Every pair (a, b), a < b, of near-duplicates among n images; memory is n rows of a block."""
    pairs = _candidates(looks)
    ways = _agreements(looks, pairs)
    agree, mirrored = ways.max(0), ways.argmax(0)
    alone = 1 - agree <= RATIO * (1 - _rivals(pairs, agree))
    likely = np.flatnonzero(agree >= LEAST)
    return [
        (int(a), int(b))
        for at, (a, b) in zip(likely, pairs[likely], strict=True)
        if agree[at] >= SAME or alone[at] or _distance(looks, a, b, mirrored[at]) <= RADIUS
    ]


def _agreements(looks: Looks, pairs: NDArray[np.int64]) -> NDArray[np.float32]:
    """The agreement of each pair as they are and with one mirrored, (2, pairs).

    The copies of one block at a time are in memory.
    """
    found = np.empty((2, len(pairs)), np.float32)
    for start in range(0, len(pairs), BLOCK):
        block = pairs[start : start + BLOCK]
        members, at = np.unique(block, return_inverse=True)
        copies = torch.from_numpy(looks.copies[members].astype(np.float32) / 255)
        both = torch.cat([copies, copies.flip(2)])
        with torch.inference_mode():
            one, other = torch.from_numpy(at.reshape(block.shape).T.copy())
            for way, second in enumerate((other, other + len(members))):
                found[way, start : start + BLOCK] = agreement(both, one, second).numpy()
    return found


def _rivals(pairs: NDArray[np.int64], agree: NDArray[np.float32]) -> NDArray[np.float32]:
    """The best agreement of either image of each pair with any third image, 0 at least."""
    ends, pair = pairs.T.ravel(), np.tile(np.arange(len(pairs)), 2)
    order = np.lexsort((-agree[pair], ends))
    places = np.searchsorted(ends[order], ends)
    best, second = order[places], order[np.minimum(places + 1, len(order) - 1)]
    third = np.where(pair[best] == pair, second, best)
    rival = np.where(ends[third] == ends, agree[pair[third]], 0)
    return np.asarray(rival.reshape(2, -1).max(0).clip(0), np.float32)


def grouped(blobs: Blobs, dataset: Dataset, seen: Seen = silent) -> Dataset:
    """The dataset with every image's group; the same where all patients or groups are known.

    A group is all that is linked by a patient or by near-duplicates of which one patient is
    unknown: two known patients stay two.
    """
    images = dataset.images
    if dataset.patients_known or all(image.group is not None for image in images):
        return dataset
    pairs = near_pairs(look_at(blobs, images, seen))
    links = [(a, b) for a, b in pairs if not (images[a].patient and images[b].patient)]
    numbers = groups(len(images), [*links, *_same([image.patient for image in images])])
    return replace(
        dataset, images=tuple(replace(i, group=g) for i, g in zip(images, numbers, strict=True))
    )


def groups(n: int, links: Iterable[Pair]) -> list[int]:
    """The group of each of n images: what is linked to what is linked belongs together."""
    parent = list(range(n))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for a, b in links:
        parent[root(b)] = root(a)
    return [root(node) for node in range(n)]


def _same(names: list[str]) -> Iterator[Pair]:
    """Links between images of one name; "" is nobody's."""
    first: dict[str, int] = {}
    return ((first.setdefault(name, n), n) for n, name in enumerate(names) if name)


def _candidates(looks: Looks) -> NDArray[np.int64]:
    """Pairs (m, 2), sorted, of images that are near each other by fingerprint or feature."""
    found = [np.empty((0, 2), np.int64)]
    bits = np.unpackbits(looks.prints, axis=3)
    whole = 1 - 2 * bits[:, 0, 0].astype(np.float32)
    mean = np.asarray(looks.features.mean(0, np.float32))
    for start in range(0, len(looks), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(looks)))
        for way in range(2):
            crops = 1 - 2 * bits[rows, way].astype(np.float32)
            found.append(_nearest((crops @ whole.T).max(1), rows, BY_PRINT))
        found.append(_nearest(_cosines(looks, rows, mean), rows, BY_FEATURE))
    return np.unique(np.concatenate(found), axis=0)


def _cosines(
    looks: Looks, rows: NDArray[np.int64], mean: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Cosines of the features, about their mean, of some images with all, one block at a time."""
    ours = _centred(looks.features[rows], mean)
    blocks = range(0, len(looks), BLOCK)
    return np.hstack([ours @ _centred(looks.features[s : s + BLOCK], mean).T for s in blocks])


def _centred(features: NDArray[np.float16], mean: NDArray[np.float32]) -> NDArray[np.float32]:
    centred = features.astype(np.float32) - mean
    length = np.linalg.norm(centred, axis=1, keepdims=True) + np.float32(1e-9)
    return np.asarray(centred / length, np.float32)


def _nearest(
    likeness: NDArray[np.float32], rows: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    """Pairs (m, 2) of each of these rows with the most alike others; likeness (rows, n)."""
    likeness[np.arange(len(rows)), rows] = -np.inf
    count = min(count, likeness.shape[1] - 1)
    if count < 1:
        return np.empty((0, 2), np.int64)
    others = np.argpartition(-likeness, count - 1, axis=1)[:, :count]
    return np.sort(np.stack([np.repeat(rows, count), others.ravel()], 1), axis=1)


def _distance(looks: Looks, a: int, b: int, mirrored: int) -> int:
    """The fewest bits that differ between one whole fingerprint and a crop's of the other.

    Where ``mirrored`` is 1 the crops are of the mirror image.
    """
    one, other = looks.prints[a], looks.prints[b]
    apart = np.concatenate([one[mirrored] ^ other[0, :1], other[mirrored] ^ one[0, :1]])
    return int(np.unpackbits(apart, axis=1).sum(1).min())
