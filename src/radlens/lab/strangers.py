"""Images that no model here may read, made or at hand on any machine that has the lab extra."""

from collections.abc import Callable, Mapping
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter
from sklearn.datasets import load_sample_images

from radlens.domain.scan import Pixels, Scan, Window

COUNT = 60
SIDE = 256
Plane = NDArray[np.float64]
LETTERS = tuple("abcdefghijklmnopqrstuvwxyz")


def strangers(count: int = COUNT) -> Mapping[str, list[Scan]]:
    """Grey photographs, pages of text, drawn shapes and noise, ``count`` of each; always the same.

    Photographs are parts of the two that come with scikit-learn (CC BY 2.0), so they are few in
    kind. They are grey on purpose: a colour photograph is refused before any network sees it.
    """
    kinds: dict[str, Callable[[np.random.Generator], Plane]] = {
        "photographs": _photograph(),
        "pages of text": _page,
        "drawn shapes": _shapes,
        "noise": _noise,
    }
    return {
        kind: [_scan(draw(np.random.default_rng([number, index]))) for index in range(count)]
        for number, (kind, draw) in enumerate(kinds.items())
    }


def _scan(values: Plane) -> Scan:
    """Any values as a scan of 8 bits with its full contrast."""
    low, high = float(values.min()), float(values.max())
    pixels = ((values - low) / max(high - low, 1e-9) * 255).round().astype(np.uint8)
    return Scan(cast(Pixels, pixels), Window(0.0, 255.0), "png")


def _photograph() -> Callable[[np.random.Generator], Plane]:
    photographs = [image.mean(2) for image in load_sample_images().images]

    def cut(rng: np.random.Generator) -> Plane:
        whole = photographs[rng.integers(len(photographs))]
        side = int(rng.uniform(0.3, 1.0) * min(whole.shape))
        top, left = (int(rng.integers(0, length - side + 1)) for length in whole.shape)
        return np.asarray(whole[top : top + side, left : left + side])

    return cut


def _page(rng: np.random.Generator) -> Plane:
    """Lines of words, dark on light or light on dark, in one of many sizes."""
    size = int(rng.integers(10, 28))
    ink, paper = (230, 15) if rng.random() < 0.3 else (20, 240)
    page = Image.new("L", (2 * SIDE, int(rng.uniform(1.0, 1.5) * 2 * SIDE)), paper)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(size)
    for top in range(size, page.height - 2 * size, int(1.5 * size)):
        words = ("".join(rng.choice(LETTERS, rng.integers(2, 10))) for _ in range(12))
        pen.text((size, top), " ".join(words), fill=ink, font=font)
    return np.asarray(page, np.float64)


def _shapes(rng: np.random.Generator) -> Plane:
    """Discs and boxes of any grey on any grey, or a chequerboard."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    if rng.random() < 0.3:
        squares = rng.integers(2, 20)
        return np.asarray((np.floor(x * squares) + np.floor(y * squares)) % 2)
    image = np.full((SIDE, SIDE), rng.random())
    for _ in range(rng.integers(2, 9)):
        row, col, size = rng.random(3)
        away = np.stack([np.abs(y - row), np.abs(x - col)])
        inside = away.max(0) if rng.random() < 0.5 else np.hypot(*away)
        image[inside < 0.02 + size / 4] = rng.random()
    return image


def _noise(rng: np.random.Generator) -> Plane:
    """Normal noise, as it is or blurred up to clouds."""
    return np.asarray(gaussian_filter(rng.normal(size=(SIDE, SIDE)), rng.uniform(0, 16)))
