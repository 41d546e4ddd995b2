"""A few images of one disease: read, looked at, and listed as a dataset."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.dataset import TRAIN, Dataset, Image
from radlens.domain.errors import BadDataset, BadInput, NoLiveModel, NoSuchItem, NotThisTask
from radlens.domain.prediction import ImageRef
from radlens.domain.scan import Scan
from radlens.domain.task import Mode, Task
from radlens.imaging.checks import check
from radlens.imaging.decode import decode
from radlens.imaging.encode import encode_png, made_in
from radlens.model_ports import Engine
from radlens.ports import Site
from radlens.usecases.attempt import attempted
from radlens.usecases.datasets import register
from radlens.usecases.read import admitted, read

FEWEST, MOST = 5, 500
NAMED = 10  # images that are named to whoever has to leave them out

# The files as they were sent: the name of each, which stays with whoever sent it, and its bytes.
Sent = Sequence[tuple[str, bytes]]


def take(site: Site, sent: Sent, *, disease: str, task: Task, by: Actor) -> Dataset:
    """Put the images of a disease on record as a dataset; the same again are the same dataset.

    What is refused leaves nothing but that it was. Raises BadDataset, UnreadableImage, TooLarge,
    NotAssessable, NotThisTask.
    """
    with attempted(site, Verb.ADD_DATASET, task.name, by=by):
        dataset = listed(site, scans_of(site, sent, task), disease=disease, task=task)
        if not _known(site, dataset):
            detail = {"task": task.name, "disease": disease, "images": len(dataset.images)}
            site.trail.note(Act(site.clock(), by, Verb.ADD_DATASET, dataset.id, detail))
            register(site, dataset)
    return dataset


def sent_from(folder: Path) -> Sent:
    """The files of a folder; raises BadDataset."""
    if not folder.is_dir():
        raise BadDataset(
            f"There is no folder, and no dataset, {folder.name!r}.",
            hint="Name a folder of images, or a dataset on record.",
        )
    paths = sorted(path for path in folder.iterdir() if path.is_file() and path.name[0] != ".")
    try:
        return [(path.name, path.read_bytes()) for path in paths]
    except OSError as error:
        raise BadDataset(f"{folder.name} cannot be read: {error.strerror}.") from error


def scans_of(site: Site, sent: Sent, task: Task) -> tuple[Scan, ...]:
    """Each image read and none of another kind; nothing is stored. Raises as ``take``."""
    if not FEWEST <= len(sent) <= MOST:
        raise BadDataset(
            f"A disease cannot be learned from {len(sent)} images.",
            hint=f"At least {FEWEST} are needed and at most {MOST} taken; 20 to 50 are good.",
        )
    scans = tuple(_scan(site, name, content) for name, content in sent)
    admit(site, [name for name, _ in sent], scans, task)
    pictures = len({encode_png(scan) for scan in scans})
    if pictures < FEWEST:
        raise BadDataset(
            f"The {len(scans)} images show only {pictures} pictures.",
            hint=f"At least {FEWEST} images that are not copies of each other are needed.",
        )
    return scans


def listed(site: Site, scans: Sequence[Scan], *, disease: str, task: Task) -> Dataset:
    """The scans among the objects, each once, and the dataset that lists them, all in train.

    It is not on record yet.
    """
    labels = task.names if disease in task.names else (*task.names, disease)
    other = 0.0 if task.mode is Mode.MULTI_CLASS else None
    truth = tuple(1.0 if label == disease else other for label in labels)
    stored = {png: ImageRef.of(scan, site.blobs.put(png)) for png, scan in _pngs(scans)}
    return Dataset(
        name=f"{disease}-images",
        task=task.name,
        labels=labels,
        images=tuple(
            Image(f"{number}-{ref.digest[:8]}", ref, TRAIN, "", truth, _about(ref))
            for number, ref in enumerate(stored.values(), 1)
        ),
        history={"made": "images of a new disease"},
    )


def admit(site: Site, names: Sequence[str], scans: Sequence[Scan], task: Task) -> None:
    """Raise NotThisTask where the gate of the task's live model, or a header, refuses an image."""
    refused: list[tuple[str, NotThisTask]] = []
    model = _model(site, task)
    for name, scan in zip(names, scans, strict=True):
        try:
            _read(model, scan, task)
        except NotThisTask as error:
            refused.append((name, error))
    if refused:
        name, why = refused[0]
        raise NotThisTask(
            f"{len(refused)} of {len(names)} images are refused, first {name}: {why.message}",
            hint=f"Leave them out: {some_names([name for name, _ in refused])}. {why.hint}",
        )


def some_names(names: list[str]) -> str:
    """Some of the names of images that have to be left out, and how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _scan(site: Site, name: str, content: bytes) -> Scan:
    try:
        scan = decode(content, site.bounds)
    except BadInput as error:
        raise type(error)(f"{name}: {error.message}", hint=error.hint) from error
    if made_in(content):
        raise BadDataset(
            f"{name} is a synthetic image.", hint="A disease is learned from real images."
        )
    return scan


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


def _pngs(scans: Sequence[Scan]) -> Iterator[tuple[bytes, Scan]]:
    for scan in scans:
        yield encode_png(scan), scan


def _about(ref: ImageRef) -> dict[str, str]:
    return {"modality": ref.modality} if ref.modality else {}


def _known(site: Site, dataset: Dataset) -> bool:
    try:
        site.ledger.get(dataset.id)
    except NoSuchItem:
        return False
    return True
