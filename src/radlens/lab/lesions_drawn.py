"""Common findings of a chest and tumours of a brain, sketched into a phantom or a real image.

Places are those of a frontal chest that fills the picture, or of an axial head that fills its
frame (``phantoms.Frame``). Appearance after Hansell et al. 2008, Radiology 246:697 (chest) and
Osborn et al. 2016, Diagnostic Imaging: Brain (tumours); sizes are drawn at random.
"""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter

from radlens.lab.anatomy import head_box, head_mask
from radlens.lab.lesions import Painted
from radlens.lab.phantoms import Frame, Plane, Rng, straight

# A weight in [0, 1] for every pixel, and the grey (0 black, 1 white of the picture) it tends to.
Paint = tuple[Plane, float]
Finding = Callable[[Frame, Rng], list[Paint]]


def nodule(frame: Frame, rng: Rng) -> list[Paint]:
    """One round spot of up to 3 cm in a lung."""
    return [(_round(frame, _in_a_lung(rng), rng.uniform(0.05, 0.085)), 0.75)]


def mass(frame: Frame, rng: Rng) -> list[Paint]:
    """One solid spot of more than 3 cm in a lung."""
    return [(_uneven(frame, _in_a_lung(rng), rng.uniform(0.13, 0.21), rng), 0.8)]


def consolidation(frame: Frame, rng: Rng) -> list[Paint]:
    """A patch of a lung as dense as soft tissue, with blurred borders."""
    row, col = _in_a_lung(rng)
    places = rng.normal((row, col), (0.1, 0.07), (4, 2))
    patch = np.max([_uneven(frame, (r, c), rng.uniform(0.1, 0.16), rng) for r, c in places], axis=0)
    return [(gaussian_filter(patch, frame.x.shape[0] / 60) * 0.85, 0.7)]


def effusion(frame: Frame, rng: Rng) -> list[Paint]:
    """Fluid at the bottom of one lung, higher at the chest wall than in the middle."""
    side, top = rng.choice([-1, 1]), rng.uniform(0.05, 0.3)
    surface = top + 0.16 - 0.35 * np.clip(side * frame.x - 0.25, 0, 0.6) ** 1.5
    lung = frame.ellipse(-0.02, side * 0.44, 0.72, 0.33, tilt=-0.12 * side)
    return [(gaussian_filter(lung, 2) * _edge(frame.y - surface, frame), 0.72)]


def pneumothorax(frame: Frame, rng: Rng) -> list[Paint]:
    """Air beside one collapsed lung: black without vessels, at the top and the side."""
    side, fall = rng.choice([-1, 1]), rng.uniform(0.78, 0.9)
    whole = frame.ellipse(-0.08, side * 0.44, 0.64, 0.3, tilt=-0.12 * side)
    left = frame.ellipse(0.06, side * 0.36, 0.64 * fall, 0.3 * fall, tilt=-0.12 * side)
    return [(gaussian_filter(np.clip(whole - left, 0, 1), 1.5), 0.08)]


def cardiomegaly(frame: Frame, rng: Rng) -> list[Paint]:
    """A heart wider than half the chest."""
    wide = rng.uniform(0.46, 0.56)
    heart = frame.ellipse(0.22, 0.1, 0.36, wide, tilt=0.35)
    return [(gaussian_filter(heart, 3), 0.75)]


def glioma(frame: Frame, rng: Rng) -> list[Paint]:
    """A ragged bright ring around a dark middle, in the brain, with swelling around it."""
    row, col = rng.uniform(-0.4, 0.4), rng.choice([-1, 1]) * rng.uniform(0.17, 0.34)
    size = rng.uniform(0.12, 0.2)
    ring = _uneven(frame, (row, col), size, rng)
    middle = _uneven(frame, (row, col), size * 0.55, rng)
    halo = gaussian_filter(_uneven(frame, (row, col), size * 1.5, rng), frame.x.shape[0] / 60)
    return [(0.5 * halo, 0.25), (ring, 0.85), (middle, 0.25)]


def meningioma(frame: Frame, rng: Rng) -> list[Paint]:
    """An even bright mass that sits on the lining of the brain."""
    turn, size = rng.uniform(0, 2 * np.pi), rng.uniform(0.11, 0.18)
    place = (0.79 - size * 0.7) * np.sin(turn), (0.61 - size * 0.7) * np.cos(turn)
    inside = frame.ellipse(0, 0, 0.79, 0.61)
    return [(_round(frame, place, size) * gaussian_filter(inside, 1.0), 0.9)]


def pituitary(frame: Frame, rng: Rng) -> list[Paint]:
    """An even bright mass in the middle, where the pituitary gland lies, in front of the stem."""
    place = rng.uniform(-0.16, -0.02), rng.normal(0, 0.015)
    return [(_round(frame, place, rng.uniform(0.09, 0.15)), 0.9)]


def nothing(frame: Frame, rng: Rng) -> list[Paint]:  # noqa: ARG001 - called like the others
    """Nothing is drawn."""
    return []


CHEST: dict[str, Finding] = {
    "Cardiomegaly": cardiomegaly,
    "Consolidation": consolidation,
    "Effusion": effusion,
    "Mass": mass,
    "Nodule": nodule,
    "Pneumothorax": pneumothorax,
}
TUMOURS: dict[str, Finding] = {
    "glioma": glioma,
    "meningioma": meningioma,
    "pituitary": pituitary,
    "no_tumor": nothing,
}


def painted(pixels: Plane, paints: list[Paint], *, shadows: bool) -> Painted:
    """The picture (rows, cols) with a finding, whose mask is where it weighs half or more.

    Greys are between the picture's own 1st and 99th percentiles; some texture shows through.
    ``shadows`` says that they lie over each other, as in a radiograph: what is bright only
    brightens what is there, what is dark only darkens it.
    """
    low, high = np.percentile(pixels, [1, 99])
    texture = 0.4 * (pixels - gaussian_filter(pixels, 2.0))
    image, mask = pixels.copy(), np.zeros(pixels.shape, bool)
    for weight, grey in paints:
        change = low + grey * (high - low) + texture - image
        if shadows:
            change = np.maximum(change, 0) if grey >= 0.5 else np.minimum(change, 0)
        image += weight * change
        mask |= weight >= 0.5
    return Painted(np.clip(image, 0, 1), mask)


def head_frame(pixels: Plane) -> Frame | None:
    """The frame in which the head of a slice lies as the phantom's does; None without a head."""
    head = head_mask(pixels)
    if not head.any():
        return None
    top, left, height, width = head_box(head)
    rows, cols = np.indices((pixels.shape[0], pixels.shape[1]), np.float64)
    y, x = (rows - top) / height * 2 - 1, (cols - left) / width * 2 - 1
    return Frame(0.9 * y, 0.72 * x)


def chest_frame(pixels: Plane) -> Frame:
    """A frontal chest is taken to fill its picture."""
    return straight(pixels.shape[0], pixels.shape[1])


def _in_a_lung(rng: Rng) -> tuple[float, float]:
    turn, out = rng.uniform(0, 2 * np.pi), np.sqrt(rng.uniform(0, 0.6))
    side = rng.choice([-1, 1])
    return -0.1 + 0.48 * out * np.sin(turn), side * (0.45 + 0.2 * out * np.cos(turn))


def _round(frame: Frame, place: tuple[float, float], size: float) -> Plane:
    return _edge(size - np.hypot(frame.y - place[0], frame.x - place[1]), frame)


def _uneven(frame: Frame, place: tuple[float, float], size: float, rng: Rng) -> Plane:
    """A round body whose edge wanders by a fifth of its size."""
    dy, dx = frame.y - place[0], frame.x - place[1]
    turn, reach = np.arctan2(dy, dx), np.full(dy.shape, size)
    for lobes in (2, 3, 5):
        reach = reach + size * rng.uniform(0, 0.2) / lobes * np.sin(
            lobes * turn + rng.uniform(0, 2 * np.pi)
        )
    return _edge(reach - np.hypot(dy, dx), frame)


def _edge(inside: Plane, frame: Frame) -> Plane:
    """From distance to an edge (in frame units) to a weight that is 1/2 on it."""
    soft = 2.0 / frame.x.shape[0]
    return np.asarray(1 / (1 + np.exp(-np.clip(inside / soft, -30, 30))))
