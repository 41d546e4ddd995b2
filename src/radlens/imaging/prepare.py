"""Scan -> tensor: the only preprocessing there is, in training and in serving."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from radlens.domain.errors import NotAssessable
from radlens.domain.model import InputSpec
from radlens.domain.scan import Pixels, Scan, Window

# ITU-R BT.601 luma, as DICOM PS3.3 C.7.6.3.1.2 uses for YBR.
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def shown(scan: Scan) -> NDArray[np.float32]:
    """The scan as its window shows it: luminance in [0, 1], shape (rows, cols)."""
    pixels = scan.pixels.astype(np.float32)
    if pixels.ndim == 3:
        pixels = pixels @ LUMA
    return np.clip(_scaled(pixels, scan.window), 0.0, 1.0, out=pixels)


def grey(scan: Scan, rows: int, cols: int) -> NDArray[np.float32]:
    """The shown scan on a grid of rows x cols, antialiased; shape (rows, cols), in [0, 1].

    Where the image is more than four times too large, blocks of pixels are averaged first, as
    Pillow's ``reducing_gap=2`` does; on integers, where the window allows, in half the time.
    """
    down = max(scan.rows // (2 * rows), 1)
    across = max(scan.cols // (2 * cols), 1)
    if max(down, across) > 1 and _clips_nothing(scan):
        image = Image.fromarray(_scaled(block_means(scan.pixels, down, across), scan.window))
        part = (0.0, 0.0, scan.cols / across, scan.rows / down)
        return np.asarray(image.resize((cols, rows), Image.Resampling.BILINEAR, box=part))
    image = Image.fromarray(shown(scan))
    return np.asarray(image.resize((cols, rows), Image.Resampling.BILINEAR, reducing_gap=2.0))


def block_means(pixels: Pixels, down: int, across: int) -> NDArray[np.float32]:
    """Means of blocks of down x across grey pixels; blocks at the far edges may be smaller."""
    fits = pixels.dtype == np.uint8 and down * across <= 257  # 257 * 255 is the largest uint16
    wide: NDArray[np.unsignedinteger] = pixels[::down].astype(np.uint16 if fits else np.uint32)
    for offset in range(1, down):
        lines = pixels[offset::down]
        wide[: len(lines)] += lines
    sums = wide[:, ::across].copy()
    for offset in range(1, across):
        lines = wide[:, offset::across]
        sums[:, : lines.shape[1]] += lines
    return _parts(sums, pixels.shape, (down, across))


def _parts(
    sums: NDArray[np.unsignedinteger], shape: tuple[int, ...], block: tuple[int, int]
) -> NDArray[np.float32]:
    """Sums of blocks divided by the number of pixels in each."""
    means = sums.astype(np.float32)
    for axis, (length, size) in enumerate(zip(shape, block, strict=True)):
        counts = np.minimum(size, length - np.arange(0, length, size)).astype(np.float32)
        means /= counts[:, None] if axis == 0 else counts
    return means


def _scaled(pixels: NDArray[np.float32], window: Window) -> NDArray[np.float32]:
    """The pixels, in place, with the window's low at 0 and its high at 1."""
    whole = np.floor(window.low)  # exact in float32; the fraction would vanish beside 40,000
    pixels -= np.float32(whole)
    scale = 1.0 / (window.high - window.low)
    pixels *= np.float32(scale)
    if window.low != whole:
        pixels -= np.float32((window.low - whole) * scale)
    return pixels


def _clips_nothing(scan: Scan) -> bool:
    """Whether averaging before the window is the same as after it."""
    if scan.pixels.ndim == 3:
        return False
    limits = np.iinfo(scan.pixels.dtype)
    if scan.window.low <= limits.min and scan.window.high >= limits.max:
        return True
    return bool(scan.window.low <= scan.pixels.min() and scan.pixels.max() <= scan.window.high)


def percentiles(values: NDArray[np.float32], ranks: tuple[float, ...]) -> list[float]:
    """Percentiles, linear between neighbours (Hyndman and Fan 1996, type 7).

    ``np.percentile`` gives the same and imports ``numpy.ma`` for it, at every cold start.
    """
    places = [(values.size - 1) * rank / 100 for rank in ranks]
    around = {int(place): min(int(place) + 1, values.size - 1) for place in places}
    ordered = np.partition(values, sorted({*around, *around.values()}), axis=None)
    return [
        float(ordered[int(place)])
        + (place % 1) * float(ordered[around[int(place)]] - ordered[int(place)])
        for place in places
    ]


def stretch(values: NDArray[np.float32], contrast: tuple[float, float]) -> NDArray[np.float32]:
    """Map two percentiles of the values to 0 and 1; raises NotAssessable for a blank image.

    This makes the answer independent of a linear change of brightness or of bit depth: a 12-bit
    image in a 16-bit file is read as it was meant.
    """
    low, high = percentiles(values, contrast)
    if high - low < 1e-4:
        raise NotAssessable(
            "The image is blank: its pixels hardly differ.", hint="Send an image with content."
        )
    return np.asarray(
        np.clip((values - np.float32(low)) / np.float32(high - low), 0.0, 1.0), np.float32
    )


def normalise(values: NDArray[np.float32], spec: InputSpec) -> NDArray[np.float32]:
    """Grey values in [0, 1], shape (rows, cols), as the network wants them: (3, rows, cols)."""
    mean = np.asarray(spec.mean, np.float32)[:, None, None]
    std = np.asarray(spec.std, np.float32)[:, None, None]
    return (values[None] - mean) / std


def prepare(scan: Scan, spec: InputSpec) -> NDArray[np.float32]:
    """The network's input of one scan, shape (3, rows, cols), float32."""
    values = grey(scan, spec.rows, spec.cols)
    if spec.contrast is not None:
        values = stretch(values, spec.contrast)
    return normalise(values, spec)
