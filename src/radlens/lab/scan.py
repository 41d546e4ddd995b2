"""What makes a dataset untrustworthy, found and listed; nothing is changed."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radlens.domain.dataset import Dataset, Image
from radlens.domain.dataset_profile import profile, wall
from radlens.domain.errors import BadInput, Corrupted, NotFound
from radlens.domain.ledger import Item, Kind, State
from radlens.domain.scan import Scan, Window
from radlens.imaging.encode import restore
from radlens.lab.data_card import data_card
from radlens.lab.duplicates import Pair, groups, near_pairs
from radlens.lab.frames import frame
from radlens.lab.intensity import intensity
from radlens.lab.label_noise import doubtful_labels
from radlens.lab.looks import Looks, look
from radlens.lab.progress import Seen, silent
from radlens.lab.shortcuts import shortcuts
from radlens.ports import Blobs, Site
from radlens.usecases.datasets import counts

# A label with fewer positives can hardly be measured; one this much rarer than another is rare.
FEW, RARE = 50, 20.0
EMPTY = Scan(np.zeros((64, 64), np.uint8), Window(0, 255), "png")
THUMBNAIL = 8
CARD = "card.md"


@dataclass
class _Seen:
    """What one pass over the images leaves behind; positions in the dataset."""

    broken: dict[int, str] = field(default_factory=dict)
    blank: list[int] = field(default_factory=list)
    borders: list[int] = field(default_factory=list)
    writing: list[int] = field(default_factory=list)
    edges: list[NDArray[np.float32]] = field(default_factory=list)


def scan(site: Site, dataset: Dataset, seen: Seen = silent) -> Item:
    """Scan a dataset and put what was found on record."""
    began = site.clock()
    body = findings(site.blobs, dataset, seen)
    item = Item(
        id=site.new_id(),
        kind=Kind.SCAN,
        name=dataset.name,
        time=began,
        state=State.DONE,
        body=body,
        parents=(dataset.id,),
        files={CARD: site.blobs.put(data_card(dataset, body).encode())},
    )
    site.ledger.put(item)
    return item


def findings(blobs: Blobs, dataset: Dataset, seen: Seen = silent) -> dict[str, Any]:
    """What is wrong with a dataset, as plain JSON; every image by its name, with its digest.

    ``exact`` and ``near`` are pairs of the same pixels and of the same picture, ``across`` pairs
    of one patient, pixels or picture in two splits, ``conflicts`` pairs of one picture with
    different labels, ``doubtful_labels`` images that are like another class; ``profile`` counts
    what the dataset is of, ``intensity`` is how grey it is, ``wall`` some images to show.
    """
    images, passed = dataset.images, _Seen()
    looks = look(_scans(blobs, images, passed), len(images), seen)
    unfit = {*passed.broken, *passed.blank}
    exact = _same([image.digest for image in images])
    near = [pair for pair in near_pairs(looks) if not unfit & {*pair}]
    near = [(a, b) for a, b in near if images[a].digest != images[b].digest]
    across = _across(images, [*exact, *near])
    conflicts = [(a, b) for a, b in [*exact, *near] if _differ(images[a], images[b])]
    same = _same([image.patient or image.file for image in images])
    units = np.array(groups(len(images), [*exact, *near, *same]), np.int64)
    named = [i for pair in [*exact, *near, *across] for i in pair]
    named += [*unfit, *passed.borders, *passed.writing]
    return {
        "task": dataset.task,
        "images": len(images),
        "broken": {images[i].file: why for i, why in passed.broken.items()},
        **{
            name: [images[i].file for i in getattr(passed, name)]
            for name in ("blank", "borders", "writing")
        },
        "exact": _files(images, exact),
        "near": _files(images, near),
        "across": _files(images, across),
        "conflicts": _files(images, conflicts),
        "doubtful_labels": doubtful_labels(images, dataset.labels, looks.features, units),
        "shortcuts": _shortcuts(dataset, looks, passed, near),
        "imbalance": imbalance(dataset),
        "profile": profile(dataset),
        "intensity": intensity(dataset, looks.copies, unfit),
        "wall": wall(dataset, unfit),
        "digests": {images[i].file: images[i].digest for i in sorted({*named})},
    }


def _scans(blobs: Blobs, images: tuple[Image, ...], passed: _Seen) -> Iterator[Scan]:
    """Every image, an empty one in place of what cannot be read."""
    for at, image in enumerate(images):
        try:
            read = restore(blobs.get(image.digest), image.stored)
        except (BadInput, Corrupted, NotFound) as error:
            passed.broken[at] = error.message
            read = EMPTY
        edge = frame(read)
        passed.edges.append(edge.numbers)
        for name, found in (
            (passed.blank, edge.blank and at not in passed.broken),
            (passed.borders, edge.border),
            (passed.writing, edge.writing),
        ):
            if found:
                name.append(at)
        yield read


def _same(names: list[str]) -> list[Pair]:
    first: dict[str, int] = {}
    return [(a, b) for b, name in enumerate(names) if (a := first.setdefault(name, b)) != b]


def _across(images: tuple[Image, ...], alike: list[Pair]) -> list[Pair]:
    """Pairs in two splits that are alike, or of one patient: each image beside the first one."""
    found = {(a, b) for a, b in alike if images[a].split != images[b].split}
    homes: dict[str, dict[str, int]] = {}
    for b, image in enumerate(images):
        if image.patient:
            home = homes.setdefault(image.patient, {})
            others = [a for split, a in home.items() if split != image.split]
            found |= {(a, b) for a in others[:1]}
            home.setdefault(image.split, b)
    return sorted(found)


def _differ(one: Image, other: Image) -> bool:
    """Whether something is known of both, and not the same."""
    pairs = zip(one.truth, other.truth, strict=True)
    return any(a is not None and b is not None and a != b for a, b in pairs)


def _files(images: tuple[Image, ...], pairs: list[Pair]) -> list[list[str]]:
    return [[images[a].file, images[b].file] for a, b in pairs]


def _shortcuts(dataset: Dataset, looks: Looks, passed: _Seen, near: list[Pair]) -> dict[str, Any]:
    images = list(dataset.images)
    if not dataset.patients_known:
        numbers = groups(len(images), near)
        images = [replace(i, group=g) for i, g in zip(images, numbers, strict=True)]
    edges = np.stack(passed.edges)
    step = looks.copies.shape[1] // THUMBNAIL
    small = looks.copies[:, step // 2 :: step, step // 2 :: step].reshape(len(images), -1) / 255
    both = np.hstack([small.astype(np.float32), edges])
    return shortcuts(images, dataset.labels, both, edges)


def imbalance(dataset: Dataset) -> dict[str, Any]:
    """Of each split the labels that are few or rare, with their positives."""
    found = {}
    for split in dataset.splits:
        labels = counts(dataset, split)["labels"]
        most = max(entry["positive"] for entry in labels.values())
        found[split] = {
            name: entry["positive"]
            for name, entry in labels.items()
            if entry["positive"] < FEW or entry["positive"] * RARE < most
        }
    return found
