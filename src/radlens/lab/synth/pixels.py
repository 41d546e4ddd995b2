"""The nearest real image of each made one, laid on it: mirrored or not, shifted and stretched."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from radlens.lab.alignment import agreement
from radlens.lab.progress import Seen, silent

# Shifts are tried on copies of half the side, up to an eighth of it, and the best few images are
# then laid on exactly.
HALF, REACH, CANDIDATES = 2, 4, 4

Array = NDArray[np.float32]
Positions = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Near:
    """Of n images: how well the nearest of m real ones agrees, (n,) in [-1, 1], and which it is.

    ``likeness`` (n, m) is the best correlation of each pair over shifts and mirroring.
    """

    agreement: Array
    which: Positions
    likeness: Array

    def take(self, which: Flags) -> "Near":
        """Those of the images."""
        return Near(self.agreement[which], self.which[which], self.likeness[which])


def nearest(images: Array, real: Array, seen: Seen = silent, *, but: Flags | None = None) -> Near:
    """The nearest of ``real`` (m, 64, 64) to each of ``images`` (n, 64, 64), both in [0, 1].

    Pairs of which ``but`` (n, m) is true are not looked at.
    """
    n, spectra = len(images), np.fft.rfft2(_normal(real)).conj()
    likeness = np.full((n, len(real)), -1, np.float32)
    best, which = np.full(n, -1, np.float32), np.zeros(n, np.int64)
    for half, turned in enumerate((images, images[:, :, ::-1])):
        rows = np.fft.rfft2(_normal(turned))
        one, found = [], []
        for at in range(n):
            line, shifts = _slid(rows[at] * spectra)
            if but is not None:
                line[but[at]] = -1
            np.maximum(likeness[at], line, out=likeness[at])
            few = np.argsort(-line, kind="stable")[:CANDIDATES]
            one += [np.roll(turned[at], -HALF * shifts[each], (0, 1)) for each in few]
            found.append(few)
            seen(half * n + at + 1, 2 * n)
        others = np.stack(found)
        agree = _laid(np.stack(one), real, others.ravel()).reshape(others.shape)
        if but is not None:
            agree[np.take_along_axis(but, others, 1)] = -1
        top = agree.argmax(1)
        better = agree.max(1) > best
        best = np.where(better, agree.max(1), best)
        which = np.where(better, np.take_along_axis(others, top[:, None], 1)[:, 0], which)
    return Near(best, which, likeness)


def _slid(products: NDArray[np.complexfloating]) -> tuple[Array, Positions]:
    """The best correlation (m,) with each real image, and the shift (m, 2) that it takes."""
    side = products.shape[1]
    surface = np.fft.irfft2(products, s=(side, side))
    window = np.roll(surface, (REACH, REACH), (1, 2))[:, : 2 * REACH + 1, : 2 * REACH + 1]
    flat = window.reshape(len(window), -1)
    shift = np.stack(np.divmod(flat.argmax(1), 2 * REACH + 1), 1) - REACH
    return flat.max(1), shift


def _laid(moved: Array, real: Array, others: Positions) -> Array:
    """How well each moved image (k, 64, 64) agrees with its real one, (k,)."""
    copies = torch.from_numpy(np.concatenate([moved, real]))
    with torch.inference_mode():
        found: Array = agreement(
            copies, torch.arange(len(moved)), torch.from_numpy(others) + len(moved)
        ).numpy()
    return found


def _normal(images: Array) -> Array:
    """Images of half the side with mean 0 and length 1."""
    n, side, _ = images.shape
    small = images.reshape(n, side // HALF, HALF, side // HALF, HALF).mean((2, 4))
    small = small - small.mean((1, 2), keepdims=True)
    length = np.sqrt((small**2).sum((1, 2), keepdims=True)) + np.float32(1e-6)
    return np.asarray(small / length, np.float32)
