"""Scan + heat map -> a picture that a person can judge."""

import math
from dataclasses import replace
from io import BytesIO
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from radlens.domain.errors import BadInput
from radlens.domain.heatmap import HeatMap
from radlens.domain.scan import Pixels, Scan, Window
from radlens.imaging.encode import png
from radlens.imaging.prepare import grey, shown

Picture = NDArray[np.uint8]

# Yellow where there is some evidence, orange, dark red where there is most: three steps that fall
# in lightness too, so that no one has to tell red from green. How opaque it is says how much.
STEPS = (0.0, 0.5, 1.0)
COLOURS = ((255, 230, 0), (255, 128, 0), (204, 0, 0))


def ramp() -> Picture:
    """The colour of each of 256 amounts of evidence, none to most; RGBA, shape (256, 4)."""
    amounts = np.linspace(0.0, 1.0, 256)
    channels = [np.interp(amounts, STEPS, values) for values in zip(*COLOURS, strict=True)]
    return np.rint(np.stack([*channels, 255.0 * amounts], axis=-1)).astype(np.uint8)


RAMP = ramp()


def overlay(scan: Scan, heat: HeatMap | None, *, opacity: float, longest: int = 1024) -> Picture:
    """The shown scan under its heat map, RGB, shape (rows, cols, 3), longest side limited.

    With ``opacity`` 0 or no heat map it is exactly the scan; BadInput outside of 0 to 1.
    """
    if not (math.isfinite(opacity) and 0.0 <= opacity <= 1.0):
        raise BadInput("The opacity has to lie between 0 and 1.")
    scan_alone = shown_rgb(scan, longest)
    if heat is None or opacity == 0.0:
        return scan_alone
    amounts = _amounts(heat, *scan_alone.shape[:2])
    mixed = Image.composite(
        _coloured(amounts).convert("RGB"),
        Image.fromarray(scan_alone),
        amounts.point([round(opacity * amount) for amount in range(256)]),
    )
    return np.asarray(mixed)


def heat_layer(heat: HeatMap, rows: int, cols: int) -> Picture:
    """The heat map alone, RGBA, shape (rows, cols, 4); where there is no evidence, transparent."""
    return np.asarray(_coloured(_amounts(heat, rows, cols)))


def _amounts(heat: HeatMap, rows: int, cols: int) -> Image.Image:
    """The heat map on the grid of the picture, 0 to 255."""
    coarse = np.rint(255.0 * np.clip(heat.values, 0.0, 1.0)).astype(np.uint8)
    return Image.fromarray(coarse).resize((cols, rows), Image.Resampling.BICUBIC)


def _coloured(amounts: Image.Image) -> Image.Image:
    words = np.take(RAMP.view(np.uint32)[:, 0], np.asarray(amounts))  # four channels at a time
    return Image.fromarray(words[..., None].view(np.uint8))


def shown_rgb(scan: Scan, longest: int = 1024) -> Picture:
    """The scan through its window, as RGB of equal channels, shape (rows, cols, 3)."""
    levels = np.rint(255.0 * np.clip(_luminance(scan, longest), 0.0, 1.0)).astype(np.uint8)
    return np.repeat(levels[..., None], 3, axis=-1)


def values(scan: Scan, longest: int = 1024) -> Pixels:
    """The scan's own values before any window, grey, shape (rows, cols), longest side limited.

    In the units of its window and as deep as its pixels, so that any window can be laid on them.
    """
    if scan.pixels.ndim == 2 and max(scan.rows, scan.cols) <= longest:
        return scan.pixels
    top = float(np.iinfo(scan.pixels.dtype).max)
    whole = _luminance(replace(scan, window=Window(0.0, top)), longest)
    return cast(Pixels, np.rint(top * np.clip(whole, 0.0, 1.0)).astype(scan.pixels.dtype))


def _luminance(scan: Scan, longest: int) -> NDArray[np.float32]:
    shrink = min(1.0, longest / max(scan.rows, scan.cols))
    rows, cols = (max(1, round(side * shrink)) for side in (scan.rows, scan.cols))
    return shown(scan) if shrink == 1.0 else grey(scan, rows, cols)


def to_png(picture: Picture) -> bytes:
    """A picture of 3 or 4 channels as PNG."""
    return png(picture)


def to_jpeg(picture: Picture) -> bytes:
    """A picture of 3 channels as JPEG: a tenth of the time and size of a PNG."""
    stream = BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=90)
    return stream.getvalue()
