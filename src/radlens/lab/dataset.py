"""Images of datasets as training cases, through the preprocessing of serving."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from radlens.domain.dataset import Dataset, Image
from radlens.domain.errors import BadDataset, BadInput, NoSuchItem
from radlens.domain.model import InputSpec
from radlens.domain.scan import Bounds
from radlens.domain.task import Mode, Task
from radlens.imaging.decode import decode
from radlens.imaging.encode import restore
from radlens.imaging.prepare import grey, stretch
from radlens.lab.importing import import_folder
from radlens.lab.manifest import holds_dataset
from radlens.lab.progress import Seen, silent
from radlens.ports import Blobs, Site
from radlens.usecases.datasets import dataset_of, named, register


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


def read_again(
    blobs: Blobs, dataset: Dataset, cases: Cases, spec: InputSpec
) -> NDArray[np.float16]:
    """Images of cases of a dataset as another network will see them, (n, rows, cols)."""
    images = {image.digest: image for image in dataset.images}
    pixels = np.empty((len(cases), spec.rows, spec.cols), np.float16)
    for at, digest in enumerate(cases.digests):
        pixels[at] = _grey(blobs, images[digest], spec)
    return pixels


def masks_of(blobs: Blobs, cases: Cases) -> NDArray[np.bool_]:
    """Where the lesions of cases are, (n, rows, cols) on their grid; nowhere without a mask."""
    masks, (rows, cols) = np.zeros(cases.grey.shape, bool), cases.grey.shape[1:]
    for at, about in enumerate(cases.about):
        if digest := about.get("mask"):
            masks[at] = grey(decode(blobs.get(digest), Bounds()), rows, cols) >= 0.5
    return masks


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
