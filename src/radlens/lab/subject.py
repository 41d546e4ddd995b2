"""What is evaluated: a model by its task, version or folder, and the images of a split."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from radlens.domain.calibration import probabilities
from radlens.domain.dataset import TRAIN, VAL, Dataset, Image
from radlens.domain.errors import BadBundle, BadDataset, BadInput, NoSuchItem, UnknownTask
from radlens.domain.evaluation import Subject
from radlens.domain.model import Manifest
from radlens.domain.scan import Scan
from radlens.domain.task import Task
from radlens.engines.bundle import read_bundle
from radlens.engines.runtime import OnnxEngine
from radlens.imaging.encode import restore
from radlens.imaging.prepare import prepare
from radlens.lab.answers import Answers
from radlens.lab.operating import claims
from radlens.lab.progress import Seen, silent
from radlens.model_ports import Engine
from radlens.ports import Blobs, Site
from radlens.usecases.datasets import dataset_of


def find_model(site: Site, reference: str) -> Engine:
    """The live model of a task, the one in a bundle's folder, or a registered version.

    Raises BadBundle, BrokenModel, NoLiveModel, NoSuchVersion.
    """
    if reference in site.tasks:
        return site.live.current(reference)
    folder = Path(reference)
    if not folder.is_dir():
        return site.live.warm(site.registry.get(reference))
    try:
        named = Manifest.from_json((folder / "manifest.json").read_bytes()).task
    except OSError as error:
        raise BadBundle(
            f"The folder {reference} is no bundle.",
            hint="Name the folder of a bundle, a registered version or a task.",
        ) from error
    if named not in site.tasks:
        raise UnknownTask(f"The bundle {folder.name} is for {named}, which has no card here.")
    bundle = read_bundle(folder, site.tasks[named])
    with TemporaryDirectory() as scratch:
        return OnnxEngine(bundle, workers=site.workers, cache=Path(scratch))


def images_of(dataset: Dataset, split: str) -> list[Image]:
    """The images of a split of which something is known; raises BadDataset where none is."""
    if split not in dataset.splits:
        there = ", ".join(name or "images without a split" for name in dataset.splits)
        raise BadDataset(
            f"The dataset {dataset.name} has no split {split!r}.", hint=f"It has {there}."
        )
    told = [i for i in dataset.of(split) if any(value is not None for value in i.truth)]
    answers = list(zip(*(image.truth for image in told), strict=True))
    if not any({0.0, 1.0} <= set(of_label) for of_label in answers):
        raise BadDataset(
            f"The split {split} of {dataset.name} has no label with both answers: nothing can be "
            "measured."
        )
    if len({image.unit for image in told}) < 2:
        raise BadDataset(
            f"The split {split} of {dataset.name} has fewer than two patients or groups with a "
            "known label."
        )
    return told


def scan_of(blobs: Blobs, image: Image) -> Scan:
    """The stored image, as it was imported."""
    return restore(blobs.get(image.digest), image.stored)


def ask(
    engines: Sequence[Engine],
    blobs: Blobs,
    images: Sequence[Image],
    *,
    task: Task,
    seen: Seen = silent,
) -> list[Answers]:
    """The answers of each model to the images, one at a time as they are served; BadDataset."""
    found = logits_of(engines, blobs, images, seen=seen)
    return [
        answered(engine, logits, images, task)
        for engine, logits in zip(engines, found, strict=True)
    ]


def logits_of(
    engines: Sequence[Engine], blobs: Blobs, images: Sequence[Image], *, seen: Seen = silent
) -> list[NDArray[np.float32]]:
    """What each model's network says of the images, (n, labels).

    Raises BadDataset for an image that cannot be read or assessed.
    """
    logits = [np.empty((len(images), len(e.manifest.labels)), np.float32) for e in engines]
    for row, image in enumerate(images):
        try:
            scan = scan_of(blobs, image)
            for engine, found in zip(engines, logits, strict=True):
                tensor = prepare(scan, engine.manifest.input)
                found[row] = engine.forward(tensor[None]).logits[0]
        except BadInput as error:
            raise BadDataset(f"{image.file}: {error.message}") from error
        seen(row + 1, len(images))
    return logits


def answered(
    engine: Engine, logits: NDArray[np.float32], images: Sequence[Image], task: Task
) -> Answers:
    """Logits (n, labels) as calibrated answers at the model's operating points.

    Of a label that the card got after the model was made, the model never says anything.
    """
    manifest = engine.manifest
    p = probabilities(logits, task.mode, manifest.calibration)
    truth = np.array([image.truth for image in images], np.float64)
    _, unit = np.unique([image.unit for image in images], return_inverse=True)
    claimed = claims(manifest.operating_points, p)
    later = ((0, 0), (0, len(task.names) - len(manifest.labels)))
    p, claimed = np.pad(p, later), np.pad(claimed, later)
    return Answers(p, truth, claimed, unit.astype(np.int64), task.names, task.mode)


def subject_of(site: Site, engine: Engine, dataset: Dataset, *, split: str, seed: int) -> Subject:
    """What was evaluated on what, in words."""
    ref = engine.ref
    return Subject(
        task=ref.task,
        model=ref.version,
        model_digest=ref.digest,
        statement=ref.statement,
        dataset=dataset.name,
        dataset_id=dataset.id,
        split=split,
        unit="patients" if dataset.patients_known else "near-duplicate groups",
        seed=seed,
        trained_on=trained_on(site, engine.manifest, images_of(dataset, split)),
    )


def trained_on(site: Site, manifest: Manifest, images: Sequence[Image]) -> int | None:
    """How many of the images the model was fitted to, as far as its data is on record here."""
    data = manifest.provenance.get("dataset") or {}
    try:
        item = site.ledger.get(data["sha256"])
    except (NoSuchItem, KeyError, TypeError):
        return None
    fitted = {image.digest for image in dataset_of(site, item).of(TRAIN, VAL)}
    return sum(image.digest in fitted for image in images)


def sample(images: Sequence[Image], most: int, seed: int) -> list[Image]:
    """At most so many images, drawn once, in their order."""
    if len(images) <= most:
        return list(images)
    drawn = np.random.default_rng(seed).choice(len(images), most, replace=False)
    return [images[i] for i in np.sort(drawn)]
