"""The images of a new disease among the others: divided, put beside them, synthetic ones added."""

from dataclasses import replace

from radlens.domain.dataset import HELD_OUT, TEST, TRAIN, VAL, Dataset
from radlens.domain.disease import Wish
from radlens.domain.errors import BadDataset
from radlens.domain.task import Task
from radlens.lab.duplicates import grouped
from radlens.lab.progress import Seen
from radlens.lab.splits import leaks
from radlens.lab.splitting import Plan as Cut
from radlens.lab.splitting import split
from radlens.lab.synth.export import combined, united
from radlens.lab.synth.images import showing
from radlens.ports import Blobs
from radlens.usecases.disease_images import some_names

# Of the few images; of twenty, five are tested: the fewest that can show that a class is found.
VALIDATION, TESTED = 0.2, 0.25


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

    Where findings stand beside each other those of the disease are unknown of the others' findings,
    and the others are without the disease, as the wish states.

    Raises BadDataset where an image of the disease shows what one of another split shows, a side
    leaks in itself, or a class has no image.
    """
    disease, without = wish.disease, wish.others_without
    name = f"{beside.name}-with-{disease}"
    history = {"made": "a disease added", "disease": disease, "beside": beside.name}
    history |= {"others_without": "stated, not looked at"} if without else {}
    few = replace(images, images=tuple(showing(images, disease)))
    sides = {"before": beside, disease: few}
    both = united(sides, task, name=name, history=history, without=without)
    for at, label in enumerate(task.names):
        if not any(image.truth[at] == 1 for image in both.of(TRAIN)):
            raise BadDataset(
                f"No training image of {beside.name} shows {label}.",
                hint="Name a dataset of all the task's classes with --data.",
            )
    _must_be_new(grouped(blobs, both, seen), few)
    # A new image must not link two that the other dataset keeps apart, and was learned from so.
    units = [
        f"{at} {image.unit}"
        for at, side in sides.items()
        for image in grouped(blobs, side, seen).images
    ]
    whole = _in_units(both, units)
    if found := leaks(whole):
        one, two = found[0]
        raise BadDataset(
            f"{len(found)} images of {name} show what an image of another split shows, first "
            f"{two.file} in {two.split}: the patient or picture of {one.file} in {one.split}.",
            hint="Divide the other dataset anew with `radlens data split`, and name that.",
        )
    return whole


def _must_be_new(near: Dataset, few: Dataset) -> None:
    """Raise BadDataset where one of the few images, the last ones of ``near``, is in another split
    than an image of its group."""
    splits: dict[str, set[str]] = {}
    for image in near.of(TRAIN, *HELD_OUT):
        splits.setdefault(image.unit, set()).add(image.split)
    new = near.images[-len(few.images) :]
    known = [
        asked.file
        for asked, image in zip(few.images, new, strict=True)
        if splits[image.unit] != {image.split}
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
