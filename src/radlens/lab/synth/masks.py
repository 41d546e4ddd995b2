"""Where a lesion is to be: outlines that a generator learned with, a few of each class.

They stay with it, so that it can draw without the dataset, and may be those of patients. So what is
kept says little: inside or outside on a coarse grid, no grey value, no name, and in the order of
their bits, not in that of the images. What is drawn, and goes out with it, has one of them moved,
and mirrored where the generator learned from mirror images, by its own chance.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from radlens.domain.errors import Corrupted
from radlens.lab.synth.about import About
from radlens.lab.synth.generator import Drawing, Mask
from radlens.lab.synth.pictures import Pictures

MASKS = "masks.safetensors"
# The finest grid they are kept on, how many of a class, and the part of a side they may move by.
FINEST, KEPT, REACH = 128, 100, 16

Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Masks:
    """``content`` are their bytes; ``packed`` has those of each class, (n, rows, cols / 8)."""

    content: bytes
    packed: Mapping[str, NDArray[np.uint8]]
    side: int
    flip: float

    @staticmethod
    def read(about: About, content: bytes) -> "Masks":
        """Those of a generator; raises Corrupted."""
        try:
            return Masks(content, load(content), about.side, about.shape["flip_lr"])
        except SafetensorError as error:
            raise Corrupted(f"{MASKS} of the generator {about.name} cannot be read.") from error

    def of(self, how: Drawing) -> Mask | None:
        """The mask of each image of a drawing; None where no lesion of the class was outlined."""
        packed = self.packed.get(how.label)
        if packed is None:
            return None

        def mask(index: int) -> Flags:
            chance = np.random.default_rng([how.seed, index, 1])  # not the one of its noise
            bits = packed[chance.integers(len(packed))]
            rows = np.unpackbits(bits, axis=1, count=len(bits)).astype(bool)
            whole = on_grid(rows, self.side)
            return moved(whole[:, ::-1] if chance.random() < self.flip else whole, chance)

        return mask


def kept(data: Pictures, labels: tuple[str, ...]) -> dict[str, NDArray[np.uint8]]:
    """Of each class that has masks among what is learned from, at most ``KEPT``, as ``packed``."""
    found: dict[str, NDArray[np.uint8]] = {}
    for label, own in zip(labels, (data.classes == 1).T, strict=False):
        masks = [] if data.masks is None else [*data.masks[own.numpy()]]
        coarse = [on_grid(mask, min(len(mask), FINEST)) for mask in masks]
        if bits := [np.packbits(mask, axis=1) for mask in coarse if mask.any()]:
            each = np.unique(bits, axis=0)
            found[label] = each[np.linspace(0, len(each) - 1, min(len(each), KEPT)).astype(int)]
    return found


def on_grid(mask: Flags, side: int) -> Flags:
    """A mask on a grid of side x side, each place as the nearest one was."""
    at = np.arange(side) * len(mask) // side
    return mask[np.ix_(at, at)]


def moved(mask: Flags, chance: np.random.Generator) -> Flags:
    """A mask a little elsewhere, all of it within the image."""
    for axis in (0, 1):
        there = np.flatnonzero(mask.any(1 - axis))
        reach = len(mask) // REACH
        least, most = max(-reach, -there[0]), min(reach, len(mask) - 1 - there[-1])
        mask = np.roll(mask, chance.integers(least, most + 1), axis)
    return mask
