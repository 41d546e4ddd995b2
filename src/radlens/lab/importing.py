"""A folder -> stored images without identity, and the dataset that lists them."""

from collections.abc import Iterator
from pathlib import Path

from radlens.domain.dataset import Dataset, Image
from radlens.domain.errors import BadDataset, BadInput
from radlens.domain.prediction import ImageRef
from radlens.domain.scan import Bounds, Scan
from radlens.domain.task import Task
from radlens.imaging.decode import decode
from radlens.imaging.encode import encode_png, made_in
from radlens.lab.manifest import Row, list_folder
from radlens.lab.nifti import Volume, cut, is_nifti, read_volume
from radlens.lab.progress import Seen, silent
from radlens.ports import Site

# What an image that was drawn by diffusion is called in ``about["synthetic"]``.
SYNTHETIC = "diffusion"


def import_folder(
    site: Site, folder: Path, *, task: Task, name: str = "", seen: Seen = silent
) -> Dataset:
    """The dataset of a folder, its images among the site's objects; it is not on record yet.

    Patients get numbers in the order in which they appear: no key that could be lost or stolen
    leads back, and the same folder is the same dataset everywhere. Raises BadDataset.
    """
    found = list_folder(folder, task)
    numbers = {"": ""} | {name: f"P{n}" for n, name in enumerate(_patients(found.rows), 1)}
    images: list[Image] = []
    for row, scan in zip(found.rows, _scans(found.rows, site.bounds), strict=True):
        images.append(_image(site, row, scan, number=len(images) + 1, patient=numbers[row.patient]))
        seen(len(images), len(found.rows))
    middle = sum(is_nifti(row.path) and row.slice is None for row in found.rows)
    history = {
        "made": "import",
        "columns_left_behind": list(found.ignored),
        "middle_slices": middle,
    }
    return Dataset(
        name=name or folder.resolve().name,
        task=task.name,
        labels=task.names,
        images=tuple(images),
        history=history,
    )


def _patients(rows: tuple[Row, ...]) -> dict[str, None]:
    return dict.fromkeys(row.patient for row in rows if row.patient)


def _scans(rows: tuple[Row, ...], bounds: Bounds) -> Iterator[Scan]:
    """The scan of each row; neighbouring slices of one volume are read once."""
    last: tuple[Path, Volume] | None = None
    for row in rows:
        try:
            if is_nifti(row.path):
                if last is None or last[0] != row.path:
                    last = row.path, read_volume(row.path, bounds)
                yield cut(last[1], row.slice, row.axis)
            else:
                yield _decoded(row.path, bounds)
        except BadInput as error:
            raise BadDataset(f"{row.file}: {error.message}", hint=error.hint) from error


def _decoded(path: Path, bounds: Bounds) -> Scan:
    try:
        return decode(path.read_bytes(), bounds)
    except OSError as error:
        raise BadDataset(f"{path.name} cannot be read: {error.strerror}.") from error


def _image(site: Site, row: Row, scan: Scan, *, number: int, patient: str) -> Image:
    about = dict(row.about)
    made = "" if is_nifti(row.path) else made_in(row.path.read_bytes())
    if made:  # it says so itself, whatever the manifest says
        about |= {"synthetic": about.get("synthetic", SYNTHETIC), "provenance": made}
    stored = ImageRef.of(scan, site.blobs.put(encode_png(scan, made=made)))
    if scan.modality:
        about["modality"] = scan.modality
    if row.mask:
        about["mask"] = _mask(site, row.mask)
    return Image(
        file=f"{number}-{stored.digest[:8]}",
        stored=stored,
        split=row.split,
        patient=patient,
        truth=row.truth,
        about=about,
    )


def _mask(site: Site, path: Path) -> str:
    """The digest of a mask, stored as a PNG."""
    try:
        return site.blobs.put(encode_png(_decoded(path, site.bounds)))
    except BadInput as error:
        raise BadDataset(f"{path.name}: {error.message}", hint=error.hint) from error
