"""Every image of an assessment looked at once, and which of the made ones are copies."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from radlens.domain.dataset import Image
from radlens.domain.errors import BadDataset, BadInput
from radlens.domain.scan import Scan
from radlens.domain.synthesis import LEAST
from radlens.lab.progress import Seen, stages
from radlens.lab.subject import scan_of
from radlens.lab.synth.asked import Asked, units_of
from radlens.lab.synth.copies import (
    PLANTED,
    Both,
    Limits,
    Signs,
    accused,
    alone,
    limits,
    mirrored,
    planted,
    ratios,
    repeats,
)
from radlens.lab.synth.features import Penultimate, Views, view
from radlens.lab.synth.pixels import Near, nearest
from radlens.ports import Blobs

Flags = NDArray[np.bool_]
Change = Callable[[Iterator[Scan]], Iterable[Scan]]


@dataclass(frozen=True, eq=False)
class Gathered:
    """What was seen. ``held`` is without those ``repeated`` images that show a training image.

    ``near_train`` and ``near_held`` are of the made images; ``copies`` says which of them repeat a
    training image by the ``limit``, ``accused_held`` how many held-out images that would accuse,
    and ``caught`` how many of the ``PLANTED`` copies it found.
    """

    made: Both
    train: Views
    held: Both
    held_images: list[Image]
    repeated: list[Image]
    near_train: Near
    near_held: Near
    signs: Signs
    limit: Limits
    copies: Flags
    accused_held: int
    caught: int


def gather(blobs: Blobs, asked: Asked, judge: Penultimate, *, seed: int, seen: Seen) -> Gathered:
    """Look at all images and search for copies; raises BadDataset where one cannot be read."""
    made, train, held = len(asked.made), len(asked.train), len(asked.held)
    stage = stages(seen, train + 6 * held + 4 * made + 4 * PLANTED)

    def both(images: list[Image], change: Change = iter) -> Both:
        names, n = [image.file for image in images], len(images)
        views = view(change(_read(blobs, images)), names, judge, stage(n))
        turned = view(mirrored(change(_read(blobs, images))), names, judge, stage(n))
        return Both(views, turned.features)

    drawn = both(asked.made)
    names = [image.file for image in asked.train]
    known = view(_read(blobs, asked.train), names, judge, stage(train))
    outside = both(asked.held)
    near = nearest(outside.views.copies, known.copies, stage(held))
    unit = units_of(asked.train)
    third = nearest(
        outside.views.copies, known.copies, stage(held), but=unit[near.which][:, None] == unit
    )
    rival = _others(outside, units_of(asked.held), stage(held))
    again = repeats(asked.held, asked.train, near, (third, rival))
    held_images = [image for image, is_one in zip(asked.held, again, strict=True) if not is_one]
    _enough(held_images, asked)
    outside, near = outside.take(~again), near.take(~again)
    unit = units_of(held_images)
    rival = _others(outside, unit, stage(held))
    own = Signs(
        near.agreement,
        alone(near, rival),
        ratios(outside, known, outside.views, unit[:, None] == unit),
    )
    limit = limits(own)

    near_train = nearest(drawn.views.copies, known.copies, stage(made))
    near_held = nearest(drawn.views.copies, outside.views.copies, stage(made))
    signs = _signs(drawn, near_train, near_held, known, outside)

    chosen = np.random.default_rng(seed).permutation(train)[:PLANTED]
    hidden = both([asked.train[i] for i in chosen], lambda scans: planted(scans, seed))
    found, other = (
        nearest(hidden.views.copies, x.copies, stage(PLANTED)) for x in (known, outside.views)
    )
    right = accused(_signs(hidden, found, other, known, outside), limit)
    return Gathered(
        made=drawn,
        train=known,
        held=outside,
        held_images=held_images,
        repeated=[image for image, is_one in zip(asked.held, again, strict=True) if is_one],
        near_train=near_train,
        near_held=near_held,
        signs=signs,
        limit=limit,
        copies=accused(signs, limit),
        accused_held=int(accused(own, limit).sum()),
        caught=int(right.sum()),
    )


def _signs(images: Both, near: Near, rival: Near, train: Views, held: Both) -> Signs:
    return Signs(near.agreement, alone(near, rival), ratios(images, train, held.views))


def _others(held: Both, unit: NDArray[np.int64], seen: Seen) -> Near:
    """The nearest held-out image of another unit to each."""
    copies = held.views.copies
    return nearest(copies, copies, seen, but=unit[:, None] == unit)


def _read(blobs: Blobs, images: list[Image]) -> Iterator[Scan]:
    for image in images:
        try:
            yield scan_of(blobs, image)
        except BadInput as error:
            raise BadDataset(f"{image.file}: {error.message}") from error


def _enough(held: list[Image], asked: Asked) -> None:
    if len(held) < LEAST or len({image.unit for image in held}) < 2:
        raise BadDataset(
            f"Of {len(asked.held)} held-out images of {asked.real.name} all but {len(held)} show "
            f"what a training image shows; at least {LEAST} others are needed.",
            hint=f"`radlens data split {asked.real.name}` cuts it anew.",
        )
