"""Scan -> tensor: the only preprocessing there is, in training and in serving."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from radlens.domain.errors import NotAssessable
from radlens.domain.model import InputSpec
from radlens.domain.scan import Scan

# ITU-R BT.601 luma, as DICOM PS3.3 C.7.6.3.1.2 uses for YBR.
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def shown(scan: Scan) -> NDArray[np.float32]:
    """The scan as its window shows it: luminance in [0, 1], shape (rows, cols)."""
    low, high = scan.window.low, scan.window.high
    pixels = scan.pixels.astype(np.float32)
    if pixels.ndim == 3:
        pixels = pixels @ LUMA
    pixels -= np.float32(low)
    pixels *= np.float32(1.0 / (high - low))
    return np.clip(pixels, 0.0, 1.0, out=pixels)


def grey(scan: Scan, rows: int, cols: int) -> NDArray[np.float32]:
    """The shown scan on a grid of rows x cols, antialiased; shape (rows, cols), in [0, 1]."""
    image = Image.fromarray(shown(scan))
    return np.asarray(image.resize((cols, rows), Image.Resampling.BILINEAR, reducing_gap=2.0))


def stretch(
    values: NDArray[np.float32], contrast: tuple[float, float]
) -> NDArray[np.float32]:
    """Map two percentiles of the values to 0 and 1; raises NotAssessable for a blank image.

    This makes the answer independent of a linear change of brightness or of bit depth: a 12-bit
    image in a 16-bit file is read as it was meant.
    """
    low, high = np.percentile(values, contrast)
    if high - low < 1e-4:
        raise NotAssessable(
            "The image is blank: its pixels hardly differ.", hint="Send an image with content."
        )
    return np.clip((values - np.float32(low)) / np.float32(high - low), 0.0, 1.0)


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
