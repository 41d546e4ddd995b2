"""The few images of one disease, of which a generator is to learn: enough, and not one again."""

from collections.abc import Sequence
from pathlib import Path

from radlens.domain.dataset import Dataset, Image
from radlens.domain.errors import BadDataset
from radlens.domain.scan import Scan
from radlens.domain.task import Task
from radlens.lab.duplicates import groups, near_pairs
from radlens.lab.looks import look
from radlens.lab.subject import scan_of
from radlens.ports import Site
from radlens.usecases.datasets import named
from radlens.usecases.disease_images import FEWEST, admit, listed, scans_of, sent_from


def few(site: Site, images: str | Path, *, disease: str, task: Task) -> Dataset:
    """The dataset of a disease's ``images``: a folder, or a dataset on record by its name or id.

    Each is looked at: none is of another kind, and enough of them differ. A folder's images become
    objects; their dataset is not on record yet. Raises BadDataset, UnreadableImage, NotThisTask.
    """
    folder = Path(images)
    dataset = None if folder.is_dir() else named(site, str(images))
    if dataset is None:
        scans = scans_of(site, sent_from(folder), task)
        _look(scans, folder.name)
        return listed(site, scans, disease=disease, task=task)
    shown = showing(dataset, disease)
    if dataset.task != task.name or len(shown) < FEWEST:
        raise BadDataset(
            f"The dataset {dataset.name} of {dataset.task} has {len(shown)} real images of "
            f"{disease}.",
            hint=f"At least {FEWEST} of {task.name} are needed; 20 to 50 are better.",
        )
    scans = tuple(scan_of(site.blobs, image) for image in shown)
    admit(site, [image.file for image in shown], scans, task)
    _look(scans, dataset.name)
    return dataset


def showing(dataset: Dataset, disease: str, *splits: str) -> list[Image]:
    """The real images of these splits, or of all, that show a disease."""
    if disease not in dataset.labels:
        return []
    at = dataset.labels.index(disease)
    images = dataset.of(*splits or dataset.splits)
    return [image for image in images if image.truth[at] == 1 and not image.synthetic]


def _look(scans: Sequence[Scan], where: str) -> None:
    """Raise BadDataset where too few of the images show another picture than the others."""
    numbers = groups(len(scans), near_pairs(look(scans, len(scans))))
    if len(set(numbers)) < FEWEST:
        raise BadDataset(
            f"The {len(scans)} images of {where} show only {len(set(numbers))} pictures.",
            hint=f"At least {FEWEST} images that are not copies of each other are needed.",
        )
