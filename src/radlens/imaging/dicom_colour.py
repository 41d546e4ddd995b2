"""Stored values of a colour DICOM image -> RGB of 8 bits."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from radlens.domain.errors import UnreadableImage
from radlens.domain.scan import Pixels
from radlens.imaging.dicom_lut import read_lut
from radlens.imaging.raster import grey_if_equal


def rgb(values: NDArray[Any], bits_stored: int) -> Pixels:
    """Decoded RGB of any depth as its upper 8 bits, shape (rows, cols, 3), or grey if it is."""
    return grey_if_equal((values >> max(bits_stored - 8, 0)).astype(np.uint8))


def palette(values: NDArray[Any], header: Dataset, *, little_endian: bool) -> Pixels:
    """PALETTE COLOR through its three tables (PS3.3 C.7.6.3.1.5 and .6)."""
    signed = values.dtype.kind == "i"
    planes = []
    for name in ("Red", "Green", "Blue"):
        descriptor = header.get(f"{name}PaletteColorLookupTableDescriptor")
        data = header.get(f"{name}PaletteColorLookupTableData")
        if descriptor is None or data is None:
            raise UnreadableImage("The DICOM file's colour palette is missing or segmented.")
        lut = read_lut(descriptor, data, signed=signed, little_endian=little_endian)
        planes.append(lut(values.astype(np.int64)))
    colours = np.stack(planes, axis=-1)
    return rgb(colours, 16 if colours.max() > 255 else 8)
