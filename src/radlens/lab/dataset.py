"""Datasets on record, and their images as training cases through the preprocessing of serving."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radlens.domain.dataset import Dataset, Image
from radlens.domain.errors import BadDataset, BadInput, Conflict, NoSuchItem
from radlens.domain.ledger import Item, Kind, State
from radlens.domain.model import InputSpec
from radlens.domain.task import Mode, Task
from radlens.imaging.encode import restore
from radlens.imaging.prepare import grey, stretch
from radlens.lab.importing import import_folder
from radlens.lab.manifest import holds_dataset
from radlens.lab.progress import Seen, silent
from radlens.ports import Blobs, Site

IMAGES = "images"


@dataclass(frozen=True, eq=False)
class Cases:
    """Images of one split, as the network will see them before mean and scale.

    ``files`` name them in the dataset, ``digests`` in the objects; ``grey`` (n, rows, cols)
    float16 in [0, 1]; ``truth`` (n, labels), NaN where unknown, one-hot for multi-class tasks;
    ``patients`` are pseudonyms, "" where nobody knows; ``unit`` (n,) numbers what was drawn
    independently, the patient or the near-duplicate group, over all splits of the dataset.
    """

    files: tuple[str, ...]
    digests: tuple[str, ...]
    patients: tuple[str, ...]
    about: tuple[Mapping[str, str], ...]
    grey: NDArray[np.float16]
    truth: NDArray[np.float32]
    unit: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.files)

    def take(self, which: NDArray[np.int64]) -> "Cases":
        """The cases at these positions, in this order."""
        return Cases(
            tuple(self.files[i] for i in which),
            tuple(self.digests[i] for i in which),
            tuple(self.patients[i] for i in which),
            tuple(self.about[i] for i in which),
            self.grey[which],
            self.truth[which],
            self.unit[which],
        )


def register(site: Site, dataset: Dataset) -> Item:
    """Put a dataset on record; one that is there already stays, and keeps its first name."""
    try:
        return site.ledger.get(dataset.id)
    except NoSuchItem:
        files = {IMAGES: site.blobs.put(dataset.content)}
    item = Item(
        id=dataset.id,
        kind=Kind.DATASET,
        name=dataset.name,
        time=site.clock(),
        state=State.DONE,
        body=summary(dataset),
        parents=dataset.parents,
        files=files,
    )
    site.ledger.put(item)
    return item


def register_as(site: Site, dataset: Dataset) -> Item:
    """Put a dataset on record under its own name; raises Conflict where it has another."""
    item = register(site, dataset)
    if item.name != dataset.name:
        raise Conflict(
            f"This data is on record already, as {item.name!r}.",
            hint=f"Call it {item.name}, or {item.id[:12]}.",
        )
    return item


def summary(dataset: Dataset) -> dict[str, Any]:
    """What a list or a page shows of a dataset, as plain JSON."""
    return {
        "task": dataset.task,
        "images": len(dataset.images),
        "patients": len({image.patient for image in dataset.images if image.patient}),
        "patients_known": dataset.patients_known,
        "synthetic": sum(image.synthetic for image in dataset.images),
        "splits": {split: counts(dataset, split) for split in dataset.splits},
        "history": dict(dataset.history),
    }


def counts(dataset: Dataset, split: str) -> dict[str, Any]:
    """Images and units of a split, and how often each label is positive, negative, unknown."""
    images = list(dataset.of(split))
    columns = list(zip(*(image.truth for image in images), strict=True))
    return {
        "images": len(images),
        "units": len({image.unit for image in images}),
        "labels": {
            name: {
                "positive": column.count(1.0),
                "negative": column.count(0.0),
                "unknown": column.count(None),
            }
            for name, column in zip(dataset.labels, columns, strict=True)
        },
    }


def find_dataset(site: Site, reference: str, *, task: Task, seen: Seen = silent) -> Dataset:
    """A dataset by its folder (imported now), its name (the newest) or the beginning of its id.

    A folder of images comes before a dataset on record of the same name: it may have changed, and
    is then a new version. Raises NoSuchItem, or BadDataset where it is of another task or its
    folder cannot be read.
    """
    folder = Path(reference)
    dataset = None if holds_dataset(folder, task) else named(site, reference)
    if dataset is None and folder.is_dir():
        dataset = import_folder(site, folder, task=task, seen=seen)
        dataset = dataset_of(site, register(site, dataset))
    if dataset is None:
        raise NoSuchItem(f"There is no dataset, and no folder, {reference!r}.")
    if dataset.task == task.name and dataset.labels != task.names and task.knows(dataset.labels):
        dataset = widened(site, dataset, task)
    if (dataset.task, dataset.labels) != (task.name, task.names):
        raise BadDataset(
            f"The dataset {dataset.name} is of {dataset.task} ({', '.join(dataset.labels)}).",
            hint=f"The card of {task.name} has the labels {', '.join(task.names)}.",
        )
    return dataset


def widened(site: Site, dataset: Dataset, task: Task) -> Dataset:
    """The dataset's next version, on record: with the labels that the card got since.

    Classes exclude each other, so none of its images is of a new one; of a new label that stands
    beside the others nothing is known.
    """
    new = task.names[len(dataset.labels) :]
    beyond = (0.0 if task.mode is Mode.MULTI_CLASS else None,) * len(new)

    def truth(image: Image) -> tuple[float | None, ...]:
        known = any(value is not None for value in image.truth)
        return (*image.truth, *(beyond if known else (None,) * len(new)))

    wide = replace(
        dataset,
        labels=task.names,
        images=tuple(replace(image, truth=truth(image)) for image in dataset.images),
        parents=(dataset.id,),
        history={**dataset.history, "labels_added": list(new)},
    )
    register(site, wide)
    return wide


def named(site: Site, reference: str) -> Dataset | None:
    """The dataset on record under a name (the newest) or the beginning of an id, if any."""
    if found := site.ledger.items(Kind.DATASET, name=reference, limit=1):
        return dataset_of(site, found[0])
    if Path(reference).is_dir():
        return None
    try:
        item = site.ledger.get(reference)
    except NoSuchItem:
        return None
    return dataset_of(site, item) if item.kind is Kind.DATASET else None


def dataset_of(site: Site, item: Item) -> Dataset:
    """The dataset of an entry; raises NoSuchObject or DigestMismatch where it is damaged."""
    content = site.blobs.get(item.files[IMAGES])
    return Dataset.read(content, name=item.name, history=item.body["history"])


def read_cases(
    blobs: Blobs,
    dataset: Dataset,
    *,
    spec: InputSpec,
    splits: tuple[str, ...],
    seen: Seen = silent,
) -> dict[str, Cases]:
    """The cases of those of the named splits that have any, prepared for a network.

    An image of which no label is known says nothing and is left out. Raises BadDataset for an
    image that cannot be assessed.
    """
    told = [i for i in dataset.of(*splits) if any(value is not None for value in i.truth)]
    units = {unit: n for n, unit in enumerate(dict.fromkeys(i.unit for i in dataset.images))}
    cases, done = {}, 0
    for split in splits:
        images = [image for image in told if image.split == split]
        if not images:
            continue
        pixels = np.empty((len(images), spec.rows, spec.cols), np.float16)
        for index, image in enumerate(images):
            pixels[index] = _grey(blobs, image, spec)
            done += 1
            seen(done, len(told))
        unit = np.array([units[image.unit] for image in images], np.int64)
        cases[split] = _cases(images, pixels, unit)
    return cases


def _grey(blobs: Blobs, image: Image, spec: InputSpec) -> NDArray[np.float32]:
    try:
        values = grey(restore(blobs.get(image.digest), image.stored), spec.rows, spec.cols)
        return stretch(values, spec.contrast) if spec.contrast else values
    except BadInput as error:
        raise BadDataset(f"{image.file}: {error.message}") from error


def _cases(images: list[Image], pixels: NDArray[np.float16], unit: NDArray[np.int64]) -> Cases:
    return Cases(
        files=tuple(image.file for image in images),
        digests=tuple(image.digest for image in images),
        patients=tuple(image.patient for image in images),
        about=tuple(image.about for image in images),
        grey=pixels,
        truth=np.array([image.truth for image in images], np.float32),
        unit=unit,
    )
