"""Near-duplicates: images that show the same slice, whatever their encoding."""

import numpy as np
from numpy.typing import NDArray

from radlens.domain.scan import Scan
from radlens.imaging.prepare import grey

# 16 x 16 differences: 64 bits do not tell one head from another.
SIDE = 16
# Of 256 bits. On the brain set pairs with different labels first appear at 20: a wider net would
# catch different patients, a narrower one would leave neighbouring slices on both sides.
RADIUS = 20


def fingerprint(scan: Scan) -> NDArray[np.bool_]:
    """Is each pixel of a small copy brighter than its left neighbour? 256 bits, shape (256,).

    The difference hash (dHash, Krawetz 2013). A margin keeps noise in black borders out.
    """
    small = grey(scan, SIDE, SIDE + 1)
    return (np.diff(small, axis=1) > 0.01).ravel()


def near(prints: NDArray[np.bool_], others: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which pairs are near-duplicates: (n, 256) and (m, 256) -> (n, m)."""
    a, b = prints.astype(np.float32), others.astype(np.float32)
    different = a.sum(1)[:, None] + b.sum(1)[None] - 2 * (a @ b.T)
    return np.asarray(different <= RADIUS)


def groups(prints: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The group of each image, shape (n,): near-duplicates of near-duplicates belong together."""
    parent = list(range(len(prints)))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for a, b in np.argwhere(np.triu(near(prints, prints), k=1)):
        parent[root(int(b))] = root(int(a))
    return np.array([root(node) for node in range(len(prints))], dtype=np.int64)
