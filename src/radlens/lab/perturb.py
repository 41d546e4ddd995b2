"""What happens to images on their way: noise, blur, contrast, rotation, JPEG, inversion, crops.

The kinds follow Hendrycks and Dietterich 2019 (ICLR); strengths were set by eye for radiographs
and slices, from hardly visible to what nobody would send.
"""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from radlens.domain.scan import Scan, Window
from radlens.imaging.prepare import grey, shown

# Longest side that is perturbed; more pixels would be averaged away by any network here.
LONGEST = 1024

Grey = NDArray[np.float32]


@dataclass(frozen=True)
class Perturbation:
    """``act`` turns grey values (rows, cols) in [0, 1] into others, by an amount in ``unit``."""

    name: str
    unit: str
    amounts: tuple[float, float, float, float, float]
    act: Callable[[Grey, float, np.random.Generator], Grey]


def perturbed(
    scan: Scan, perturbation: Perturbation, amount: float, rng: np.random.Generator
) -> Scan:
    """The scan with its shown greys perturbed, 16 bits deep, before any preprocessing."""
    shrink = LONGEST / max(scan.rows, scan.cols)
    values = (
        shown(scan)
        if shrink >= 1
        else grey(scan, *(round(s * shrink) for s in scan.pixels.shape[:2]))
    )
    changed = np.clip(perturbation.act(values, amount, rng), 0, 1)
    return Scan(np.rint(changed * 65535).astype(np.uint16), Window(0.0, 65535.0), scan.source)


def noise(values: Grey, amount: float, rng: np.random.Generator) -> Grey:
    """Gaussian noise with a standard deviation in per cent of black to white."""
    return values + rng.normal(0, amount / 100, values.shape).astype(np.float32)


def blur(values: Grey, amount: float, _: np.random.Generator) -> Grey:
    """A Gaussian blur with a standard deviation in per cent of the shorter side."""
    return np.asarray(gaussian_filter(values, amount / 100 * min(values.shape)), np.float32)


def contrast(values: Grey, amount: float, _: np.random.Generator) -> Grey:
    """A window too narrow by so many per cent: what lies outside turns black or white."""
    return np.asarray((values - 0.5) / (1 - amount / 100) + 0.5, np.float32)


def rotation(values: Grey, amount: float, rng: np.random.Generator) -> Grey:
    """Turned by so many degrees, to either side; the corners are black."""
    degrees = amount if rng.random() < 0.5 else -amount
    return np.asarray(Image.fromarray(values).rotate(degrees, Image.Resampling.BILINEAR))


def jpeg(values: Grey, amount: float, _: np.random.Generator) -> Grey:
    """Stored as JPEG of this quality, 8 bits, and read again."""
    stream = BytesIO()
    levels = np.rint(255 * values).astype(np.uint8)
    Image.fromarray(levels).save(stream, "JPEG", quality=round(amount))
    return np.asarray(Image.open(stream), np.float32) / np.float32(255)


def inversion(values: Grey, amount: float, _: np.random.Generator) -> Grey:
    """The brightest per cent of the scale turned round; 100 is the negative."""
    turned = values >= np.float32(1 - amount / 100)
    return np.asarray(np.where(turned, 1 - values, values), np.float32)


def crop(values: Grey, amount: float, _: np.random.Generator) -> Grey:
    """So many per cent cut off at each side."""
    rows, cols = (round(side * amount / 100) for side in values.shape)
    return values[rows : values.shape[0] - rows, cols : values.shape[1] - cols]


PERTURBATIONS = (
    Perturbation("noise", "% of white", (2, 4, 8, 12, 18), noise),
    Perturbation("blur", "% of the side", (0.25, 0.5, 1, 1.5, 2.5), blur),
    Perturbation("contrast", "% of the window", (10, 25, 40, 55, 70), contrast),
    Perturbation("rotation", "degrees", (3, 6, 10, 15, 25), rotation),
    Perturbation("jpeg", "quality", (60, 40, 25, 15, 8), jpeg),
    Perturbation("inversion", "% of the scale", (10, 25, 50, 75, 100), inversion),
    Perturbation("crop", "% of each side", (3, 6, 10, 15, 25), crop),
)
