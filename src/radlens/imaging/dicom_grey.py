"""Stored values of a grey DICOM image -> pixels that rise with brightness, and their window."""

import math
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from radlens.domain.errors import NotAssessable
from radlens.domain.scan import Pixels, Window
from radlens.imaging.dicom_lut import Lut, read_lut

Stored = NDArray[np.integer]
LARGEST = 1e15
FARTHEST = 1e9  # a window out there shows nothing, and float32 cannot reach it


@dataclass(frozen=True, eq=False)
class Grey:
    """Unsigned pixels on their way through the grey-scale pipeline (PS3.3 C.11).

    A pixel's value, in the units of the window, is ``slope * pixel + intercept``.
    """

    pixels: Pixels
    slope: float
    intercept: float

    @property
    def values(self) -> NDArray[np.float64]:
        """The value of each pixel that can occur."""
        count = int(np.iinfo(self.pixels.dtype).max) + 1
        return self.slope * np.arange(count, dtype=np.float64) + self.intercept

    def looked_up(self, table: NDArray[np.uint16]) -> "Grey":
        """The pixels after a table with one entry for each pixel that can occur."""
        return Grey(np.take(table, self.pixels), 1.0, 0.0)


def present(
    stored: Stored, header: Dataset, *, inverted: bool, little_endian: bool
) -> tuple[Pixels, Window]:
    """Pixels of which larger is brighter, and the window in their units.

    A linear window is not applied: only look-up tables and SIGMOID change the pixels, through one
    table. ``inverted`` is MONOCHROME1 (PS3.3 C.7.6.3.1.2). Raises NotAssessable for values that
    are not numbers, a slope of 0 or a window that cannot be.
    """
    pixels, lowest = unsigned(stored)
    slope, intercept = _rescale(header)
    grey = Grey(pixels, slope, intercept + slope * lowest)
    signed = lowest < 0
    modality = _lut(header.get("ModalityLUTSequence"), signed, little_endian)
    if modality is not None:
        grey = grey.looked_up(modality(np.arange(np.iinfo(pixels.dtype).max + 1) + lowest))
    signed = signed and modality is None
    voi = _lut(header.get("VOILUTSequence"), signed, little_endian)
    window = _window(header)
    if voi is not None:  # it comes before the window, as in pydicom.pixels.apply_voi_lut
        grey, limits = grey.looked_up(voi(_whole(grey.values))), Window(0.0, float(voi.top))
    elif window is None:
        limits = _extremes(grey.pixels, pixels, header, lowest)
    elif window.function == "SIGMOID":
        grey, limits = grey.looked_up(window.sigmoid(grey.values)), Window(0.0, 65535.0)
    else:
        limits = _in_pixels(window.edges(), grey)
    return _rising(grey.pixels, limits, falls=(grey.slope < 0) != inverted)


def unsigned(stored: Stored) -> tuple[Pixels, int]:
    """The stored values without loss as uint8 or uint16, and what was subtracted from them."""
    native = np.ascontiguousarray(stored.astype(stored.dtype.newbyteorder("="), copy=False))
    if native.dtype.kind == "u":
        return cast(Pixels, native), 0
    half = 2 ** (8 * native.itemsize - 1)
    bits = native.view(f"u{native.itemsize}")
    return cast(Pixels, bits ^ bits.dtype.type(half)), -half


@dataclass(frozen=True)
class Voi:
    """A window of PS3.3 C.11.2.1.2 in the units of the modality."""

    center: float
    width: float
    function: str

    def edges(self) -> tuple[float, float]:
        """The values at which black ends and white begins (C.11.2.1.2.1, C.11.2.1.3.2)."""
        exact = self.function == "LINEAR_EXACT"
        center, width = (self.center, self.width) if exact else (self.center - 0.5, self.width - 1)
        return center - width / 2, center + width / 2

    def sigmoid(self, values: NDArray[np.float64]) -> NDArray[np.uint16]:
        """C.11.2.1.3.1, over 16 bits: tanh is the logistic function that cannot overflow."""
        bright = 0.5 + 0.5 * np.tanh(2.0 * (values - self.center) / self.width)
        return np.rint(65535.0 * bright).astype(np.uint16)


def number(value: Any, name: str) -> float | None:
    """The first of an element's values; None where it has none; NotAssessable for NaN."""
    if isinstance(value, str | bytes) or not hasattr(value, "__getitem__"):
        first = value
    else:
        first = value[0] if len(value) else None
    if first is None or first == "":
        return None
    if not abs(float(first)) < LARGEST:  # also where it is not a number
        raise NotAssessable(f"The DICOM file's {name} is not a finite number.")
    return float(first)


def _rescale(header: Dataset) -> tuple[float, float]:
    slope = number(header.get("RescaleSlope"), "Rescale Slope")
    intercept = number(header.get("RescaleIntercept"), "Rescale Intercept")
    if slope == 0:
        raise NotAssessable("The DICOM file's Rescale Slope is 0: all its pixels are one value.")
    return (1.0, 0.0) if slope is None or intercept is None else (slope, intercept)


def _window(header: Dataset) -> Voi | None:
    center = number(header.get("WindowCenter"), "Window Center")
    width = number(header.get("WindowWidth"), "Window Width")
    if center is None or width is None:
        return None
    function = str(header.get("VOILUTFunction") or "LINEAR").strip().upper()
    if function not in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        raise NotAssessable("The DICOM file names a VOI LUT Function that is not in the standard.")
    if width <= 0 or (function == "LINEAR" and width < 1):
        raise NotAssessable(f"The DICOM file's Window Width of {width:g} shows nothing.")
    return Voi(center, width, function)


def _lut(sequence: Any, signed: bool, little_endian: bool) -> Lut | None:  # noqa: FBT001
    if not sequence or None in (sequence[0].get("LUTDescriptor"), sequence[0].get("LUTData")):
        return None
    item = sequence[0]
    return read_lut(item.LUTDescriptor, item.LUTData, signed=signed, little_endian=little_endian)


def _whole(values: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.floor(np.clip(values, -FARTHEST, FARTHEST)).astype(np.int64)


def _extremes(shown: Pixels, pixels: Pixels, header: Dataset, lowest: int) -> Window:
    """Smallest and largest pixel, without padding (PS3.3 C.7.5.1.1.2)."""
    inside = shown
    padding = number(header.get("PixelPaddingValue"), "Pixel Padding Value")
    if padding is not None:
        limit = number(header.get("PixelPaddingRangeLimit"), "Pixel Padding Range Limit")
        modulus = int(np.iinfo(pixels.dtype).max) + 1  # some write -2000 as 63536
        padded = (padding, padding if limit is None else limit)
        ends = [(int(end) - lowest) % modulus for end in padded]
        real = (pixels < min(ends)) | (pixels > max(ends))
        inside = shown[real] if real.any() else shown
    low, high = float(inside.min()), float(inside.max())
    return Window(low, max(high, low + 1.0))


def _in_pixels(edges: tuple[float, float], grey: Grey) -> Window:
    low, high = sorted((edge - grey.intercept) / grey.slope for edge in edges)
    if not max(abs(low), abs(high)) < FARTHEST:
        raise NotAssessable("The DICOM file's window lies outside of everything it could show.")
    if high - low < 1e-6:  # a step: between two integers, so that nothing is divided by 0
        low, high = math.floor(low), math.floor(low) + 1.0
    return Window(float(low), float(high))


def _rising(pixels: Pixels, window: Window, *, falls: bool) -> tuple[Pixels, Window]:
    if not falls:
        return pixels, window
    top = np.iinfo(pixels.dtype).max
    return top - pixels, Window(float(top) - window.high, float(top) - window.low)
