"""The images of a new disease among the others: divided, put beside them, synthetic ones added."""

from collections.abc import Sequence
from dataclasses import replace

from radlens.domain.dataset import HELD_OUT, TEST, TRAIN, VAL, Dataset, Image
from radlens.domain.disease import Wish
from radlens.domain.errors import BadDataset
from radlens.domain.task import Task
from radlens.lab.duplicates import grouped
from radlens.lab.progress import Seen
from radlens.lab.splits import must_not_leak
from radlens.lab.splitting import Plan as Cut
from radlens.lab.splitting import split
from radlens.lab.synth.export import combined, united
from radlens.lab.synth.images import showing
from radlens.ports import Blobs
from radlens.usecases.disease_images import some_names

# Of the few images; of twenty, five are tested: the fewest that can show that a class is found.
VALIDATION, TESTED = 0.2, 0.25
# What is learned from, and what is measured on: no picture may stand in two of them.
SIDES = (TRAIN, *HELD_OUT)


def divided(blobs: Blobs, dataset: Dataset, disease: str, *, seed: int, seen: Seen) -> Dataset:
    """The real images of a disease in train, val and test, near-duplicates together.

    Those of a dataset that is divided so already stay where they are. Raises BadDataset where a
    split would have none.
    """
    alone = replace(dataset, images=tuple(showing(dataset, disease)))
    if set(alone.splits) == {TRAIN, VAL, TEST}:
        return dataset
    cut = Cut(validation=VALIDATION, test=TESTED, seed=seed)
    made = split(blobs, alone, cut, name=f"{dataset.name}-split", seen=seen)
    if missing := [name for name in (TRAIN, VAL, TEST) if name not in made.splits]:
        raise BadDataset(
            f"The {len(made.images)} images of {disease} cannot be divided: too many of them show "
            f"the same, and {' and '.join(missing)} would have none.",
            hint="Add images of other patients.",
        )
    return made


def numbers(dataset: Dataset, disease: str) -> tuple[int, int, int]:
    """How many real images of a disease are in train, val and test."""
    found = [len(showing(dataset, disease, name)) for name in (TRAIN, VAL, TEST)]
    return found[0], found[1], found[2]


def put_beside(
    blobs: Blobs, images: Dataset, beside: Dataset, wish: Wish, *, task: Task, seen: Seen
) -> Dataset:
    """The images of a disease and those of the other classes, in the groups that each side has.

    A new image must not link two others that are kept apart, and were learned from so: it joins one
    of its split that shows its patient or picture. Where findings stand beside each other those of
    the disease are unknown of the others' findings, and the others are without the disease, as the
    wish states.

    Raises BadDataset where a new image shows what one of the others in another split shows, a side
    leaks in itself, or a class has no image.
    """
    disease, without = wish.disease, wish.others_without
    name = f"{beside.name}-with-{disease}"
    history = {"made": "a disease added", "disease": disease, "beside": beside.name}
    history |= {"others_without": "stated, not looked at"} if without else {}
    few = replace(images, images=tuple(showing(images, disease)))
    both = united(
        {"before": beside, disease: few}, task, name=name, history=history, without=without
    )
    for at, label in enumerate(task.names):
        if not any(image.truth[at] == 1 for image in both.of(TRAIN)):
            raise BadDataset(
                f"No training image of {beside.name} shows {label}.",
                hint="Name a dataset of all the task's classes with --data.",
            )
    old, new = (grouped(blobs, side, seen) for side in (beside, few))
    for side in (old, new):
        must_not_leak(side)
    shown = _shown(grouped(blobs, both, seen).images, old.images)
    _must_be_new(new.images, shown)
    joined = {
        image.unit: f"before {one.unit}"
        for image, others in zip(new.images, shown, strict=True)
        for one in others
        if one.split == image.split
    }
    units = [f"before {image.unit}" for image in old.images]
    units += [joined.get(image.unit, f"{disease} {image.unit}") for image in new.images]
    return _in_units(both, units)


def _shown(near: Sequence[Image], old: Sequence[Image]) -> list[list[Image]]:
    """For each new image those of the old ones that show its patient or picture.

    ``near`` are the old ones and then the new ones, in the groups of both together.
    """
    by: dict[str, list[Image]] = {}
    for image, before in zip(near, old, strict=False):
        for name in {image.unit, image.digest}:
            by.setdefault(name, []).append(before)
    return [[*by.get(i.unit, ()), *by.get(i.digest, ())] for i in near[len(old) :]]


def _must_be_new(new: Sequence[Image], shown: Sequence[Sequence[Image]]) -> None:
    """Raise BadDataset where new images stand in another split than what they show."""
    known = [
        image.file
        for image, others in zip(new, shown, strict=True)
        if image.split in SIDES
        and any(one.split in SIDES and one.split != image.split for one in others)
    ]
    if known:
        raise BadDataset(
            f"Of the images of the disease {len(known)} show what an image of another split shows, "
            f"first {known[0]}.",
            hint=f"Leave them out: {some_names(known)}.",
        )


def with_synthetic(
    blobs: Blobs, real: Dataset, made: Dataset, *, task: Task, seen: Seen
) -> Dataset:
    """The real images, and in train the synthetic ones that show no held-out image."""
    both = combined(made, real, task)
    near = grouped(blobs, both, seen)
    held = {image.unit for image in near.of(*HELD_OUT)}
    gone = {image.file for image in near.images if image.synthetic and image.unit in held}
    # Real images keep the groups that they have; a synthetic one must not link two of them.
    units = [image.unit for image in real.images] + [image.file for image in made.images]
    images = tuple(i for i in _in_units(both, units).images if i.file not in gone)
    return replace(both, images=images, history={**both.history, "dropped": sorted(gone)})


def _in_units(dataset: Dataset, units: list[str]) -> Dataset:
    """The dataset with the images of each of these units, one of each image, as one group."""
    known: dict[str, int] = {}
    images = tuple(
        replace(image, group=known.setdefault(unit, len(known)))
        for image, unit in zip(dataset.images, units, strict=True)
    )
    return replace(dataset, images=images)
