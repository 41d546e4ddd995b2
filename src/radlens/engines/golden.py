"""One fixed scan that every bundle must answer as it did when it was exported."""

import numpy as np

from radlens.domain.scan import Scan, Window

# Absolute difference of a logit that other processors and runtimes may cause.
TOLERANCE = 0.02


def golden_scan() -> Scan:
    """Rings, a ramp and a bright corner, drawn with integers alone: the same on any machine."""
    y, x = np.mgrid[0:256, 0:256].astype(np.int64)
    rings = ((x - 128) ** 2 + (y - 96) ** 2) // 97 % 160
    pixels = (rings + (x + 2 * y) // 8).astype(np.uint8)
    pixels[:24, 200:] = 255
    return Scan(pixels, Window(0.0, 255.0), "png")
