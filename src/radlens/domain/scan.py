"""One image, ready to be read, with no field that could hold patient data."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
Source = Literal["png", "jpeg", "dicom", "nifti"]


@dataclass(frozen=True)
class Window:
    """The pixel values that are shown as black (``low``) and as white (``high``)."""

    low: float
    high: float


@dataclass(frozen=True)
class Bounds:
    """What an upload may be at most, checked before anything is decoded.

    ``arriving_bytes`` is what all uploads may be together that arrive at the same time;
    ``bundle_bytes`` is what a zipped bundle may be.
    """

    upload_bytes: int = 64 * 2**20
    arriving_bytes: int = 256 * 2**20
    bundle_bytes: int = 256 * 2**20
    side_pixels: int = 16_384
    image_pixels: int = 64_000_000
    frames: int = 4_096
    inflated_bytes: int = 512 * 2**20


@dataclass(frozen=True, eq=False)
class Scan:
    """One decoded image; brighter is always larger.

    ``pixels`` has shape (rows, cols), or (rows, cols, 3) where the channels really differ.
    ``spacing_mm`` is (row, column) spacing, DICOM PS3.3 10.7.1.3. ``frame`` counts from 1.
    ``body_part`` is a term of PS3.16 Annex L; any other text of a header is dropped.
    """

    pixels: Pixels
    window: Window
    source: Source
    modality: str | None = None
    spacing_mm: tuple[float, float] | None = None
    frame: int = 1
    frames: int = 1
    body_part: str | None = None

    @property
    def rows(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def cols(self) -> int:
        return int(self.pixels.shape[1])
