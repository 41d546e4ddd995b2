"""Datasets on record: put there once, found by name or id, summed up for lists and pages."""

from pathlib import Path
from typing import Any

from radlens.domain.dataset import Dataset
from radlens.domain.errors import Conflict, NoSuchItem
from radlens.domain.ledger import Item, Kind, State
from radlens.ports import Site

IMAGES = "images"


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


def found(site: Site, reference: str) -> Dataset:
    """The dataset on record under a name or the beginning of an id; raises NoSuchItem."""
    if (dataset := named(site, reference)) is None:
        raise NoSuchItem(
            f"There is no dataset {reference[:100]!r}.",
            hint="`radlens data import` puts a folder on record, `radlens data list` names them.",
        )
    return dataset


def dataset_of(site: Site, item: Item) -> Dataset:
    """The dataset of an entry; raises NoSuchObject or DigestMismatch where it is damaged."""
    content = site.blobs.get(item.files[IMAGES])
    return Dataset.read(content, name=item.name, history=item.body["history"])


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
