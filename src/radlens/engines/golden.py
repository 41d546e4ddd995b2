"""One fixed scan that every bundle must answer as it did when it was exported."""

import numpy as np

from radlens.domain.model import Forward, Manifest
from radlens.domain.scan import Scan, Window

# Difference that other processors and runtimes may cause: of a logit as it is, of a signal in
# parts of itself where it exceeds one, for the golden scan is far from any image of a patient.
TOLERANCE = 0.02


def golden_scan() -> Scan:
    """Rings, a ramp and a bright corner, drawn with integers alone: the same on any machine."""
    y, x = np.mgrid[0:256, 0:256].astype(np.int64)
    rings = ((x - 128) ** 2 + (y - 96) ** 2) // 97 % 160
    pixels = (rings + (x + 2 * y) // 8).astype(np.uint8)
    pixels[:24, 200:] = 255
    return Scan(pixels, Window(0.0, 255.0), "png")


def drifted(answer: Forward, manifest: Manifest) -> float:
    """The largest difference of a golden answer from what the manifest holds."""
    drift = np.abs(answer.logits[0] - np.asarray(manifest.golden)).max()
    if manifest.gate is None or answer.signals is None:
        return float(drift)
    golden = np.asarray(manifest.gate.golden)
    strayed = np.abs(answer.signals[0] - golden) / np.maximum(1.0, np.abs(golden))
    return float(max(drift, strayed.max()))
