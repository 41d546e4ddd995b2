"""What is assessed: the made images of one dataset, and the real ones they are held against."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from radlens.domain.dataset import HELD_OUT, TRAIN, Dataset, Image
from radlens.domain.errors import BadDataset
from radlens.domain.synthesis import LEAST
from radlens.domain.task import Task
from radlens.ports import Site
from radlens.usecases.datasets import found


@dataclass(frozen=True, eq=False)
class Asked:
    """The made images, and those training and held-out images of ``real`` that are of patients."""

    dataset: Dataset
    real: Dataset
    task: Task
    made: list[Image]
    train: list[Image]
    held: list[Image]


def asked(site: Site, reference: str, against: str) -> Asked:
    """Two datasets on record, by name or id; raises NoSuchItem or BadDataset."""
    dataset, real = found(site, reference), found(site, against)
    if dataset.task not in site.tasks or (dataset.task, dataset.labels) != (real.task, real.labels):
        raise BadDataset(
            f"{dataset.name} is of {dataset.task} ({', '.join(dataset.labels)}) and {real.name} of "
            f"{real.task} ({', '.join(real.labels)}).",
            hint="Name the real dataset that the generator was trained on.",
        )
    made = [image for image in dataset.images if image.synthetic]
    train, held = (
        [image for image in real.of(*splits) if not image.synthetic]
        for splits in ((TRAIN,), HELD_OUT)
    )
    _enough(made, f"synthetic images in {dataset.name}", "`radlens synth generate` makes some.")
    split = f"`radlens data split {real.name}` cuts it anew."
    _enough(train, f"real training images in {real.name}", split)
    _enough(held, f"held-out real images in {real.name} (val and test)", split)
    if len({image.unit for image in held}) < 2:
        raise BadDataset(f"All held-out images of {real.name} are of one patient or group.")
    return Asked(dataset, real, site.tasks[dataset.task], made, train, held)


def truth_of(images: list[Image]) -> NDArray[np.float64]:
    """What is true of images, (n, labels), NaN where unknown."""
    return np.array([image.truth for image in images], np.float64)


def units_of(images: list[Image]) -> NDArray[np.int64]:
    """A number for each image's patient or near-duplicate group, (n,)."""
    return np.unique([image.unit for image in images], return_inverse=True)[1].astype(np.int64)


def _enough(images: list[Image], what: str, hint: str) -> None:
    if len(images) < LEAST:
        raise BadDataset(f"There are {len(images)} {what}; at least {LEAST} are needed.", hint=hint)
