"""Slices of a NIfTI volume -> Scan, as radiologists look at them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError
from numpy.typing import NDArray

from radlens.domain.errors import BadDataset, NotAssessable, TooLarge, UnreadableImage
from radlens.domain.scan import Bounds, Scan, Window

SUFFIXES = (".nii", ".nii.gz")
# The axis of a volume in RAS+ order that each plane is cut across.
AXES = {"sagittal": 0, "coronal": 1, "axial": 2}


@dataclass(frozen=True, eq=False)
class Volume:
    """Values (right, front, head), growing that way, in [0, 65535]; spacing along the same axes."""

    values: NDArray[np.uint16]
    spacing_mm: tuple[float, float, float]


def is_nifti(path: Path) -> bool:
    return path.name.lower().endswith(SUFFIXES)


def read_volume(path: Path, bounds: Bounds) -> Volume:
    """A volume with its extremes at 0 and 65535.

    Raises UnreadableImage, TooLarge (seen in the header) or NotAssessable.
    """
    try:
        stored: Any = nibabel.load(path)
        if len(stored.shape) != 3:
            raise UnreadableImage(
                f"The volume has {len(stored.shape)} dimensions.", hint="Send volumes of three."
            )
        if 4 * np.prod(stored.shape, dtype=np.int64) > bounds.inflated_bytes:
            raise TooLarge("The volume is larger than the bound for inflated files.")
        upright = nibabel.as_closest_canonical(stored)  # type: ignore[no-untyped-call]
        values = np.asarray(upright.dataobj, np.float32)
        across, along, up = (float(size) for size in upright.header.get_zooms()[:3])
    except (ImageFileError, HeaderDataError, OSError, EOFError, ValueError) as error:
        raise UnreadableImage(
            "The file is no NIfTI volume that can be read.",
            hint="Is the file whole? One volume of NIfTI-1 or 2 is read, plain or gzipped.",
        ) from error
    if not np.isfinite(values).all():
        raise NotAssessable("The volume holds values that are no numbers.")
    low, high = float(values.min()), float(values.max())
    if low == high:
        raise NotAssessable("The volume is blank: its values do not differ.")
    values -= np.float32(low)
    values *= np.float32(65535 / (high - low))
    return Volume(np.rint(values, out=values).astype(np.uint16), (across, along, up))


def cut(volume: Volume, number: int | None, axis: str) -> Scan:
    """Slice ``number``, counted from 0 from the right, back or foot; None is the middle one.

    In radiological convention: the patient's right at the left, front or head at the top;
    sagittal slices face left. ``frame`` counts from 1. Raises BadDataset.
    """
    if axis not in AXES:
        raise BadDataset(f"There is no axis {axis!r}: {', '.join(AXES)} are read.")
    count = volume.values.shape[AXES[axis]]
    at = count // 2 if number is None else number
    if at >= count:
        raise BadDataset(f"The volume has {count} {axis} slices; there is no slice {at}.")
    # Transposed and turned round: rows from head or front, columns from the right or the front.
    pixels = np.take(volume.values, at, AXES[axis]).T[::-1, ::-1]
    across, down = (size for i, size in enumerate(volume.spacing_mm) if i != AXES[axis])
    return Scan(
        pixels=np.ascontiguousarray(pixels),
        window=Window(0.0, 65535.0),
        source="nifti",
        spacing_mm=(down, across),
        frame=at + 1,
        frames=count,
    )
