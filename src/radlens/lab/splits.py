"""Train, validation and test of one dataset, proven to share no patient and no near-duplicate."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from radlens.domain.dataset import TEST, TRAIN, VAL, Dataset, Image
from radlens.domain.errors import BadDataset
from radlens.domain.model import InputSpec
from radlens.domain.task import Mode, Task
from radlens.lab.dataset import Cases, read_cases
from radlens.lab.duplicates import grouped
from radlens.lab.progress import Seen, silent
from radlens.ports import Blobs

SPLIT = "Run `radlens data split` on the dataset and use what it makes."


@dataclass(frozen=True, eq=False)
class Splits:
    """Three splits that may be trained, tuned and tested on, and the dataset they are of."""

    train: Cases
    val: Cases
    test: Cases
    dataset: Dataset


def splits_of(
    blobs: Blobs,
    dataset: Dataset,
    *,
    task: Task,
    spec: InputSpec,
    train_splits: tuple[str, ...] = (TRAIN,),
    seen: Seen = silent,
) -> Splits:
    """The splits of a dataset; ``train_splits`` together are train.

    Raises BadDataset where one is missing or says nothing, or where a leak stands across them.
    """
    _must_exist(dataset, train_splits)
    apart = grouped(blobs, dataset, seen)
    must_not_leak(apart, train_splits)
    cases = read_cases(blobs, apart, spec=spec, splits=(*train_splits, VAL, TEST), seen=seen)
    parts = [cases[name] for name in train_splits if name in cases]
    _must_exist(dataset, train_splits, known=tuple(cases))
    train = _united(parts)
    for name, part in (("train", train), ("validation", cases[VAL]), ("test", cases[TEST])):
        _must_say_something(name, part.truth, task)
    return Splits(train, cases[VAL], cases[TEST], dataset)


def leaks(dataset: Dataset, train_splits: tuple[str, ...] = (TRAIN,)) -> list[tuple[Image, Image]]:
    """Pairs that stand in two of train, val and test and share a unit, a patient or all pixels.

    Each image at most once, beside the first image that it repeats.
    """
    side = dict.fromkeys(train_splits, TRAIN) | {VAL: VAL, TEST: TEST}
    first: dict[str, list[Image]] = {}
    found = []
    for image in dataset.of(*side):
        names = [image.unit, image.digest, *([f"patient {image.patient}"] * bool(image.patient))]
        others = [other for name in names for other in first.get(name, ())]
        pairs = [(other, image) for other in others if side[other.split] != side[image.split]]
        found += pairs[:1]
        for name in names:
            first.setdefault(name, []).append(image)
    return found


def _must_exist(
    dataset: Dataset, train_splits: tuple[str, ...], known: tuple[str, ...] | None = None
) -> None:
    there = dataset.splits if known is None else known
    missing = [name for name in (VAL, TEST) if name not in there]
    if not {*train_splits} & {*there}:
        missing.insert(0, " or ".join(train_splits))
    if missing:
        what = "images" if known is None else "images with a known label"
        raise BadDataset(
            f"The dataset {dataset.name} has no {what} in {', '.join(missing)}.", hint=SPLIT
        )


def must_not_leak(dataset: Dataset, train_splits: tuple[str, ...] = (TRAIN,)) -> None:
    """Raise BadDataset where ``leaks`` finds a pair; the hint is to divide it anew."""
    if found := leaks(dataset, train_splits):
        one, two = found[0]
        raise BadDataset(
            f"{len(found)} images of {dataset.name} leak from one split into another, first "
            f"{two.file} in {two.split}: the patient or picture of {one.file} in {one.split}.",
            hint=SPLIT,
        )


def _united(parts: list[Cases]) -> Cases:
    if len(parts) == 1:
        return parts[0]
    return Cases(
        files=sum((part.files for part in parts), ()),
        digests=sum((part.digests for part in parts), ()),
        patients=sum((part.patients for part in parts), ()),
        about=sum((part.about for part in parts), ()),
        grey=np.concatenate([part.grey for part in parts]),
        truth=np.concatenate([part.truth for part in parts]),
        unit=np.concatenate([part.unit for part in parts]),
    )


def _must_say_something(name: str, truth: NDArray[np.float32], task: Task) -> None:
    """Two classes at least, or for multi-label one label with both answers."""
    positive = (truth == 1).any(0)
    enough = (
        positive.sum() >= 2
        if task.mode is Mode.MULTI_CLASS
        else (positive & (truth == 0).any(0)).any()
    )
    if not enough:
        raise BadDataset(f"The {name} split has fewer than two classes.", hint=SPLIT)
