"""A folder of one disease's images -> scans that may be learned from, and their dataset."""

from pathlib import Path

from radlens.domain.dataset import TRAIN, Dataset, Image
from radlens.domain.errors import BadDataset, BadInput, NoLiveModel, NotThisTask
from radlens.domain.prediction import ImageRef
from radlens.domain.scan import Scan
from radlens.domain.task import Mode, Task
from radlens.imaging.checks import check
from radlens.imaging.decode import decode
from radlens.imaging.encode import encode_png, made_in
from radlens.lab.duplicates import groups, near_pairs
from radlens.lab.looks import look
from radlens.model_ports import Engine
from radlens.ports import Site
from radlens.usecases.read import admitted, read

FEWEST = 5


def scans_in(site: Site, folder: Path, task: Task) -> tuple[Scan, ...]:
    """The images of a folder, each read, none of another kind, and enough that differ.

    Nothing is stored. Raises BadDataset, UnreadableImage, NotThisTask.
    """
    paths = _files(folder)
    scans = tuple(_scan(site, path) for path in paths)
    _admit(site, paths, scans, task)
    numbers = groups(len(scans), near_pairs(look(scans, len(scans))))
    if len(set(numbers)) < FEWEST:
        raise BadDataset(
            f"The {len(scans)} images of {folder.name} show only {len(set(numbers))} pictures.",
            hint=f"At least {FEWEST} images that are not copies of each other are needed.",
        )
    return scans


def dataset_of(site: Site, scans: tuple[Scan, ...], *, disease: str, task: Task) -> Dataset:
    """The scans among the objects, and the dataset that lists them; it is not on record yet."""
    labels = task.names if disease in task.names else (*task.names, disease)
    other = 0.0 if task.mode is Mode.MULTI_CLASS else None
    truth = tuple(1.0 if label == disease else other for label in labels)
    images = []
    for number, scan in enumerate(scans, 1):
        stored = ImageRef.of(scan, site.blobs.put(encode_png(scan)))
        about = {"modality": scan.modality} if scan.modality else {}
        images.append(Image(f"{number}-{stored.digest[:8]}", stored, TRAIN, "", truth, about))
    return Dataset(
        name=f"{disease}-images",
        task=task.name,
        labels=labels,
        images=tuple(images),
        history={"made": "images of a new disease"},
    )


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise BadDataset(f"There is no folder {folder.name!r}.", hint="Name a folder of images.")
    paths = sorted(path for path in folder.iterdir() if path.is_file() and path.name[0] != ".")
    if len(paths) < FEWEST:
        raise BadDataset(
            f"The folder {folder.name} has {len(paths)} images.",
            hint=f"At least {FEWEST} are needed; 20 to 50 are better.",
        )
    return paths


def _scan(site: Site, path: Path) -> Scan:
    try:
        content = path.read_bytes()
        scan = decode(content, site.bounds)
    except OSError as error:
        raise BadDataset(f"{path.name} cannot be read: {error.strerror}.") from error
    except BadInput as error:
        raise type(error)(f"{path.name}: {error.message}", hint=error.hint) from error
    if made_in(content):
        raise BadDataset(
            f"{path.name} is a synthetic image.", hint="A disease is learned from real images."
        )
    return scan


def _admit(site: Site, paths: list[Path], scans: tuple[Scan, ...], task: Task) -> None:
    """Raise NotThisTask where the gate of the task's live model, or a header, refuses an image."""
    refused: list[tuple[Path, NotThisTask]] = []
    model = _model(site, task)
    for path, scan in zip(paths, scans, strict=True):
        try:
            _read(model, scan, task)
        except NotThisTask as error:
            refused.append((path, error))
    if refused:
        path, why = refused[0]
        raise NotThisTask(
            f"{len(refused)} of {len(paths)} images are refused, first {path.name}: {why.message}",
            hint="Take them out of the folder. " + why.hint,
        )


def _model(site: Site, task: Task) -> Engine | None:
    try:
        return site.live.current(task.name)
    except NoLiveModel:
        return None


def _read(model: Engine | None, scan: Scan, task: Task) -> None:
    if model:
        read(model, [scan], task)
    else:
        admitted(check(scan, task), task)
