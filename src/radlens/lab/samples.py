"""Sample images that belong to nobody: phantoms drawn by code, for trying RadLens out.

``python -m radlens.lab.samples`` draws them into ``gallery/samples`` again, bit for bit.
"""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

SIDE = 320
Plane = NDArray[np.float64]

# Rows run down and columns to the right, both from -1 to 1.
Y, X = np.meshgrid(np.linspace(-1, 1, SIDE), np.linspace(-1, 1, SIDE), indexing="ij")


def samples() -> Mapping[str, bytes]:
    """PNG bytes by file name."""
    return {
        "chest-phantom.png": _png(chest(np.random.default_rng(1))),
        "brain-phantom.png": _png(brain(np.random.default_rng(2))),
    }


def ellipse(row: float, col: float, height: float, width: float, *, tilt: float = 0.0) -> Plane:
    """1 inside an ellipse of these half axes, 0 outside; ``tilt`` in radians."""
    y, x = Y - row, X - col
    along, across = y * np.cos(tilt) - x * np.sin(tilt), y * np.sin(tilt) + x * np.cos(tilt)
    return np.asarray((along / height) ** 2 + (across / width) ** 2 <= 1, np.float64)


def chest(rng: np.random.Generator) -> Plane:
    """A frontal chest: body, two lungs, heart to the viewer's right, spine, ribs, collarbones."""
    body = np.maximum(ellipse(0.25, 0, 1.2, 0.95), ellipse(-0.95, 0, 0.5, 0.28))
    lungs = np.maximum(
        ellipse(-0.08, -0.43, 0.68, 0.33, tilt=0.12), ellipse(-0.08, 0.45, 0.66, 0.31, tilt=-0.12)
    )
    domes = np.maximum(ellipse(0.85, -0.43, 0.42, 0.45), ellipse(0.9, 0.45, 0.42, 0.45))
    heart = ellipse(0.3, 0.16, 0.3, 0.33, tilt=0.6)
    air = np.clip(lungs - domes - heart, 0, 1)
    image = 0.62 * body - 0.42 * gaussian_filter(air, 2.5) + 0.12 * gaussian_filter(heart, 4)
    image += 0.16 * gaussian_filter((np.abs(X) < 0.075) * body, 2)
    image += 0.05 * (np.abs(X) < 0.075) * (np.sin(Y * 42) > 0.3)
    for level in np.linspace(-0.62, 0.55, 8):
        bow = Y - level - 0.3 * (np.abs(X) - 0.4) ** 2 - 0.12 * np.abs(X)
        rib = np.exp(-((bow / 0.02) ** 2)) * (np.abs(X) > 0.09) * (np.abs(X) < 0.8)
        image += 0.07 * gaussian_filter(rib * np.maximum(lungs, 0.4) * body, 1)
    collar = Y + 0.72 + 0.12 * np.abs(X)
    image += 0.1 * np.exp(-((collar / 0.025) ** 2)) * (np.abs(X) > 0.1) * body
    vessels = gaussian_filter(rng.normal(size=(SIDE, SIDE)), 3) * air
    return _noisy(image + 0.35 * vessels, rng)


def brain(rng: np.random.Generator) -> Plane:
    """An axial brain slice: scalp, skull, grey and white matter, ventricles, one bright mass."""
    head, inside = ellipse(0, 0, 0.9, 0.72), ellipse(0, 0, 0.79, 0.61)
    skull = ellipse(0, 0, 0.85, 0.67) - inside
    folds = gaussian_filter(rng.normal(size=(SIDE, SIDE)), 5)
    white = ellipse(0, -0.27, 0.6, 0.24) + ellipse(0, 0.27, 0.6, 0.24)
    white = np.clip(white + 6 * folds, 0, 1) * ellipse(0, 0, 0.72, 0.54)
    ventricles = np.maximum(
        ellipse(-0.02, -0.1, 0.26, 0.05, tilt=0.25), ellipse(-0.02, 0.1, 0.26, 0.05, tilt=-0.25)
    )
    image = 0.75 * head - 0.68 * skull - 0.3 * inside + 0.16 * gaussian_filter(white, 2)
    image -= 0.3 * np.exp(-((X / 0.012) ** 2)) * inside * (np.abs(Y) > 0.3)
    image -= 0.4 * gaussian_filter(ventricles, 1.5)
    swelling = gaussian_filter(ellipse(-0.25, 0.32, 0.24, 0.2), 7)
    mass = gaussian_filter(ellipse(-0.25, 0.33, 0.13, 0.11), 2)
    return _noisy(image - 0.12 * swelling * inside + 0.5 * mass, rng)


def _noisy(image: Plane, rng: np.random.Generator) -> Plane:
    blurred = gaussian_filter(image, 0.8)
    noise = 0.012 * rng.normal(size=image.shape) * (blurred > 0.02)
    return np.asarray(np.clip(blurred + noise, 0, 1))


def _png(image: Plane) -> bytes:
    stream = BytesIO()
    Image.fromarray((image * 255).round().astype(np.uint8)).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def main() -> None:
    """Write the samples to where the package keeps them."""
    folder = Path(__file__).parents[1] / "gallery" / "samples"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in samples().items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
