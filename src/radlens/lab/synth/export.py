"""Datasets -> a ZIP that ``radlens data import`` reads: manifest, card, images that say it all."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import replace
from io import BytesIO, StringIO
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from radlens.domain.dataset import Dataset, Image
from radlens.domain.task import Mode, Task
from radlens.imaging.decode import import_pydicom
from radlens.lab.data_card import data_card
from radlens.lab.manifest import ABOUT, MANIFEST
from radlens.lab.progress import Seen, silent
from radlens.ports import Blobs, Site
from radlens.usecases.synthesis import check_one_task

LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same datasets give the same bytes


def export(site: Site, dataset: Dataset, *, dicom: bool = False, seen: Seen = silent) -> bytes:
    """A dataset as a ZIP; the stored bytes of its images, synthetic marks included.

    With ``dicom`` every synthetic image is there as a Secondary Capture too.
    """
    task = site.tasks[dataset.task]
    stream = BytesIO()
    with ZipFile(stream, "w", ZIP_STORED) as archive:
        for done, (name, content) in enumerate(_files(site.blobs, dataset, dicom=dicom), 1):
            archive.writestr(ZipInfo(name, LONG_AGO), content)
            seen(min(done, len(dataset.images)), len(dataset.images))
        archive.writestr(ZipInfo(MANIFEST, LONG_AGO), _manifest(dataset, task))
        archive.writestr(ZipInfo("card.md", LONG_AGO), data_card(dataset, None))
    return stream.getvalue()


def combined(made: Dataset, real: Dataset, task: Task) -> Dataset:
    """The real images and, in train, the synthetic ones; a label that one lacks is none there.

    Of several findings it is unknown instead. Raises BadOrder where they are of two tasks.
    """
    check_one_task(made, real)
    history = {"made": "combined", "real": real.name, "synthetic": made.name}
    name = f"{real.name}-with-{made.name}"
    return united({"real": real, "synthetic": made}, task, name=name, history=history)


def united(
    parts: Mapping[str, Dataset],
    task: Task,
    *,
    name: str,
    history: Mapping[str, Any],
    without: bool = False,
) -> Dataset:
    """All images of these datasets of a task, their files called after their part's name.

    A class that a part does not know none of its images shows; of a finding nothing is known,
    unless it is stated that they are ``without``.
    """
    labels = tuple(dict.fromkeys(label for part in parts.values() for label in part.labels))
    absent = 0.0 if task.mode is Mode.MULTI_CLASS or without else None
    images = tuple(
        replace(
            image,
            file=f"{called}-{image.file}",
            truth=_widened(image, dataset, labels, absent),
            group=None,
        )
        for called, dataset in parts.items()
        for image in dataset.images
    )
    return Dataset(
        name=name,
        task=task.name,
        labels=labels,
        images=images,
        parents=tuple(part.id for part in parts.values()),
        history=history,
    )


def _widened(
    image: Image, dataset: Dataset, labels: tuple[str, ...], absent: float | None
) -> tuple[float | None, ...]:
    known = dict(zip(dataset.labels, image.truth, strict=True))
    if all(value is None for value in image.truth):
        return (None,) * len(labels)
    return tuple(known.get(label, absent) for label in labels)


def _files(blobs: Blobs, dataset: Dataset, *, dicom: bool) -> Iterator[tuple[str, bytes]]:
    import_pydicom()
    from radlens.lab.synth.secondary_capture import secondary_capture

    for image in dataset.images:
        content = blobs.get(image.digest)
        yield f"images/{image.file}.png", content
        if dicom and image.synthetic:
            yield f"dicom/{image.file}.dcm", secondary_capture(content, image)
    masks = {image.about["mask"] for image in dataset.images if "mask" in image.about}
    for digest in sorted(masks):
        yield f"masks/{digest}.png", blobs.get(digest)


def _manifest(dataset: Dataset, task: Task) -> str:
    text = StringIO()
    one = task.mode is Mode.MULTI_CLASS
    columns = ["file", "split", "patient_id", "mask", *ABOUT]
    columns += ["label"] if one else [*dataset.labels]
    writer = csv.DictWriter(text, fieldnames=columns, lineterminator="\n")
    writer.writeheader()
    for image in dataset.images:
        mask = image.about.get("mask")
        row = {name: image.about.get(name, "") for name in ABOUT}
        row |= {
            "file": f"images/{image.file}.png",
            "split": image.split,
            "patient_id": image.patient,
            "mask": f"masks/{mask}.png" if mask else "",
        }
        writer.writerow(row | _labels(image, dataset, one=one))
    return text.getvalue()


def _labels(image: Image, dataset: Dataset, *, one: bool) -> dict[str, str]:
    known = zip(dataset.labels, image.truth, strict=True)
    if one:
        return {"label": next((label for label, value in known if value == 1), "")}
    return {label: "" if value is None else f"{value:g}" for label, value in known}
