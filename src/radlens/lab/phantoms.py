"""Phantoms: a chest and a head drawn by code, each a little different, with nobody behind them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

Plane = NDArray[np.float64]
Rng = np.random.Generator

SIDE = 320


@dataclass(frozen=True, eq=False)
class Frame:
    """Where every pixel lies: y runs down and x to the right, both from -1 to 1 when straight."""

    y: Plane
    x: Plane

    def ellipse(
        self, row: float, col: float, height: float, width: float, *, tilt: float = 0.0
    ) -> Plane:
        """1 inside an ellipse of these half axes, 0 outside; ``tilt`` in radians."""
        y, x = self.y - row, self.x - col
        along, across = y * np.cos(tilt) - x * np.sin(tilt), y * np.sin(tilt) + x * np.cos(tilt)
        return np.asarray((along / height) ** 2 + (across / width) ** 2 <= 1, np.float64)


def straight(rows: int = SIDE, cols: int = SIDE) -> Frame:
    """The whole image as the frame."""
    return Frame(*np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, cols), indexing="ij"))


def askew(rng: Rng, rows: int = SIDE, cols: int = SIDE) -> Frame:
    """Somebody else, standing a little otherwise: other size and shape, turned and moved."""
    frame, turn = straight(rows, cols), rng.uniform(-0.09, 0.09)
    y, x = frame.y - rng.uniform(-0.05, 0.05), frame.x - rng.uniform(-0.05, 0.05)
    bent = 0.02 * zoom(rng.normal(size=(5, 5)), (rows / 5, cols / 5), order=3)
    tall, wide = rng.uniform(0.92, 1.1, 2)
    return Frame(
        (y * np.cos(turn) - x * np.sin(turn)) * tall + bent,
        (y * np.sin(turn) + x * np.cos(turn)) * wide - bent,
    )


def chest(rng: Rng, frame: Frame) -> Plane:
    """A frontal chest: body, two lungs, heart to the viewer's right, spine, ribs, collarbones."""
    y, x, ellipse = frame.y, frame.x, frame.ellipse
    body = np.maximum(ellipse(0.25, 0, 1.2, 0.95), ellipse(-0.95, 0, 0.5, 0.28))
    lungs = np.maximum(
        ellipse(-0.08, -0.43, 0.68, 0.33, tilt=0.12), ellipse(-0.08, 0.45, 0.66, 0.31, tilt=-0.12)
    )
    domes = np.maximum(ellipse(0.85, -0.43, 0.42, 0.45), ellipse(0.9, 0.45, 0.42, 0.45))
    heart = ellipse(0.3, 0.16, 0.3, 0.33, tilt=0.6)
    air = np.clip(lungs - domes - heart, 0, 1)
    image = 0.62 * body - 0.42 * gaussian_filter(air, 2.5) + 0.12 * gaussian_filter(heart, 4)
    image += 0.16 * gaussian_filter((np.abs(x) < 0.075) * body, 2)
    image += 0.05 * (np.abs(x) < 0.075) * (np.sin(y * 42) > 0.3)
    for level in np.linspace(-0.62, 0.55, 8):
        bow = y - level - 0.3 * (np.abs(x) - 0.4) ** 2 - 0.12 * np.abs(x)
        rib = np.exp(-((bow / 0.02) ** 2)) * (np.abs(x) > 0.09) * (np.abs(x) < 0.8)
        image += 0.07 * gaussian_filter(rib * np.maximum(lungs, 0.4) * body, 1)
    collar = y + 0.72 + 0.12 * np.abs(x)
    image += 0.1 * np.exp(-((collar / 0.025) ** 2)) * (np.abs(x) > 0.1) * body
    vessels = gaussian_filter(rng.normal(size=y.shape), 3) * air
    return np.asarray(image + 0.35 * vessels)


def brain(rng: Rng, frame: Frame) -> Plane:
    """An axial brain slice: scalp, skull, grey and white matter, ventricles."""
    x, ellipse = frame.x, frame.ellipse
    head, inside = ellipse(0, 0, 0.9, 0.72), ellipse(0, 0, 0.79, 0.61)
    skull = ellipse(0, 0, 0.85, 0.67) - inside
    folds = gaussian_filter(rng.normal(size=x.shape), 5)
    white = ellipse(0, -0.27, 0.6, 0.24) + ellipse(0, 0.27, 0.6, 0.24)
    white = np.clip(white + 6 * folds, 0, 1) * ellipse(0, 0, 0.72, 0.54)
    ventricles = np.maximum(
        ellipse(-0.02, -0.1, 0.26, 0.05, tilt=0.25), ellipse(-0.02, 0.1, 0.26, 0.05, tilt=-0.25)
    )
    image = 0.75 * head - 0.68 * skull - 0.3 * inside + 0.16 * gaussian_filter(white, 2)
    image -= 0.3 * np.exp(-((x / 0.012) ** 2)) * inside * (np.abs(frame.y) > 0.3)
    return np.asarray(image - 0.4 * gaussian_filter(ventricles, 1.5))


def noisy(image: Plane, rng: Rng) -> Plane:
    """The drawing as a detector sees it: a little blurred and noisy, in [0, 1]."""
    blurred = gaussian_filter(image, 0.8)
    noise = 0.012 * rng.normal(size=image.shape) * (blurred > 0.02)
    return np.asarray(np.clip(blurred + noise, 0, 1))
