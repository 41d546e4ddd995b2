"""Seeded sets of phantoms: which image gets which finding, and how it leaves the drawing board."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice

import numpy as np
from numpy.typing import NDArray

from radlens.domain.dataset import TEST, TRAIN, VAL
from radlens.lab.lesions import Painted
from radlens.lab.lesions_drawn import CHEST, TUMOURS, painted
from radlens.lab.phantoms import Plane, askew, brain, chest, noisy

# The splits of five times four phantoms, so that each tumour in turn comes into each.
SPLITS = (TRAIN, TRAIN, TRAIN, VAL, TEST)


@dataclass(frozen=True, eq=False)
class Made:
    """One made image: 8-bit pixels, the mask of what was drawn, its labels and its papers.

    ``group`` names what must stay in one split; ``synthetic`` says in words what it is.
    """

    pixels: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    labels: tuple[str, ...]
    split: str
    group: str
    source: str
    licence: str
    synthetic: str


def chests(n: int, *, seed: int) -> Iterator[Made]:
    """Chest phantoms with none, one or two findings of ``CHEST``."""
    for number in range(n):
        rng = np.random.default_rng([seed, number])
        frame = askew(rng)
        image, mask = noisy(chest(rng, frame), rng), np.zeros(frame.x.shape, bool)
        names = rng.permutation([*CHEST])[: rng.choice(3, p=(0.2, 0.5, 0.3))]
        for name in names:
            done = painted(image, CHEST[name](frame, rng), shadows=True)
            image, mask = done.pixels, mask | done.mask
        yield _phantom(Painted(image, mask), tuple(map(str, names)), number)


def brains(n: int, *, seed: int) -> Iterator[Made]:
    """Brain phantoms with each of ``TUMOURS`` in turn."""
    turns = islice((name for _ in count() for name in TUMOURS), n)
    for number, name in enumerate(turns):
        rng = np.random.default_rng([seed, number])
        frame = askew(rng)
        image = noisy(brain(rng, frame), rng)
        done = painted(image, TUMOURS[name](frame, rng), shadows=False)
        yield _phantom(done, (name,), number)


def _phantom(done: Painted, labels: tuple[str, ...], number: int) -> Made:
    return Made(
        pixels=eight_bits(done.pixels),
        mask=done.mask,
        labels=labels,
        split=SPLITS[number // 4 % len(SPLITS)],
        group=f"phantom-{number}",
        source="Phantom drawn by RadLens",
        licence="Apache-2.0",
        synthetic="phantom",
    )


def eight_bits(image: Plane) -> NDArray[np.uint8]:
    return np.asarray((np.clip(image, 0, 1) * 255).round(), np.uint8)
