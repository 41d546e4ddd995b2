"""Four rare diseases of the brain, sketched on normal slices by what the literature describes.

Sketches to learn and test with, not patients: places and sizes follow the papers that each
function names, signals follow the usual contrast of the tissue, and everything else about the
diseases (age, volume loss, other sequences) is left out.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.ndimage import binary_erosion, distance_transform_edt, gaussian_filter

from radlens.lab.anatomy import Plane
from radlens.lab.lesions import (
    Canvas,
    Contrast,
    Painted,
    Rng,
    Signal,
    blob,
    dot,
    paint,
    somewhere,
    tube,
)

T1, T2, FLAIR, CT = Contrast
Lesions = list[tuple[Plane, float]]
Place = tuple[float, float]

# Levels (mm) at which each of the four can be drawn on the same slice.
LOWEST_MM, HIGHEST_MM = -36.0, 14.0
# With less fluid than this (mm²) there is nothing to bleed into.
LEAST_FLUID_MM2 = 40.0

TUBER: Signal = {T1: -0.45, T2: 0.9, FLAIR: 1.0, CT: -0.7}
CALCIFIED: Signal = {T1: 0.8, T2: -0.9, FLAIR: 0.8, CT: 2.8}
FOCUS: Signal = {T1: 0.6, T2: 1.0, FLAIR: 1.1, CT: -0.7}
ENHANCING: Signal = {T1: 1.2, T2: 0.9, FLAIR: 1.0, CT: 1.1}
BLOOD: Signal = {T1: 1.0, T2: -0.9, FLAIR: 1.2, CT: 1.9}
VESSEL: Signal = {T1: -0.9, T2: -0.9, FLAIR: -0.9, CT: 2.0}


def tuberous_sclerosis(on: Canvas, rng: Rng) -> Painted:
    """Cortical tubers, and nodules along the walls of the ventricles, in part calcified.

    Braffman et al. 1992, Radiology 183:227; Northrup and Krueger 2013, Pediatr Neurol 49:243.
    """
    lesions: Lesions = []
    under = distance_transform_edt(on.brain) / on.pixels_per_mm
    cortex = on.brain & (under > 4) & (under < 13)
    for _ in range(rng.integers(4, 9)):
        if place := somewhere(cortex, on, rng):
            size = rng.uniform(4.5, 9)
            lesions.append((blob(on, place, (size, size * 0.65), rng), TUBER[on.contrast]))
    wall = on.fluid & ~binary_erosion(on.fluid) & (np.abs(on.x) > 3)
    for _ in range(rng.integers(2, 6)):
        if place := somewhere(wall, on, rng):
            size = rng.uniform(1.8, 3.4)
            lesions.append((blob(on, place, (size, size), rng), CALCIFIED[on.contrast]))
    return paint(on, lesions)


def neurofibromatosis_1(on: Canvas, rng: Rng) -> Painted:
    """Bright foci without mass effect in pallidum, thalamus, brain stem and cerebellum.

    DiPaolo et al. 1995, Radiology 195:721. On CT they are seldom seen; a faint dark one is drawn.
    """
    sides: list[Place] = [(19, -3), (18, 2), (13, -17), (22, 4)]
    if on.level_mm < -6:
        sides = [(7, -22), (27, -20), (20, 0)]
    if on.level_mm < -14:
        sides = [(17, -58), (24, -50), (6, -28), (20, -64)]
    lesions: Lesions = []
    for x, y in rng.permutation(sides)[: rng.integers(2, 4)]:
        for side in rng.choice([-1, 1], rng.integers(1, 3), replace=False):
            place = (side * x + rng.normal(0, 1.5), y + rng.normal(0, 1.5))
            size = rng.uniform(3, 6.5)
            lesions.append((blob(on, place, (size, size * 0.8), rng), FOCUS[on.contrast]))
    return paint(on, lesions)


def optic_glioma(on: Canvas, rng: Rng) -> Painted:
    """Optic nerves, chiasm and tracts, thickened and enhancing; higher up, into the hypothalamus.

    Kornreich et al. 2001, AJNR 22:1963; Listernick et al. 2007, Ann Neurol 61:189.
    """
    lesions: Lesions = []
    amount, radius = ENHANCING[on.contrast], rng.uniform(3.2, 6)
    for side in rng.permutation([-1, 1])[: rng.integers(1, 3)]:
        if on.level_mm < -25:
            bow = rng.normal(0, 2)
            path = [(30, 47), (25 + bow, 36), (15, 23), (8, 13)]
        elif on.level_mm < -16:
            path = [(12, 20), (5, 11), (0, 8)]
        else:
            path = [(3, 5), (13, -6), (20, -18)]
        thick = radius if on.level_mm < -16 else 0.6 * radius
        if on.level_mm < 2:
            lesions.append((tube(on, [(side * x, y) for x, y in path], thick), amount))
    if on.level_mm > -30:
        middle = 8.0 if on.level_mm < -14 else 2.0
        lesions.append((_bulb(on, (0, middle), rng), amount))
    return paint(on, lesions)


def moyamoya_ivh(on: Canvas, rng: Rng) -> Painted:
    """Blood in the ventricles, narrowed carotids, and a "puff of smoke" of fine vessels.

    Suzuki and Takaku 1969, Arch Neurol 20:288; Scott and Smith 2009, N Engl J Med 360:1226.
    """
    full = on.fluid
    if rng.random() < 0.5:
        # It sinks to the back of a patient who lies on it.
        full = full & (on.y < np.quantile(on.y[on.fluid], rng.uniform(0.5, 0.9)))
    weight = np.clip(gaussian_filter(full.astype(float), 0.8) * 1.3, 0, 1)
    lesions: Lesions = [(weight, BLOOD[on.contrast])]
    lesions += _carotids(on, rng.uniform(0.4, 0.7))
    if -14 <= on.level_mm <= HIGHEST_MM:
        for _ in range(rng.integers(14, 28)):
            side, spread = rng.choice([-1, 1]), rng.normal(0, (4, 5))
            place = (side * 17 + spread[0], 2 + spread[1])
            lesions.append((dot(on, place, rng.uniform(0.8, 1.2)), 0.7 * VESSEL[on.contrast]))
    return paint(on, lesions)


def normal(on: Canvas, rng: Rng) -> Painted:  # noqa: ARG001 - called like the others
    """Nothing is drawn."""
    return paint(on, [])


RARE: dict[str, Callable[[Canvas, Rng], Painted]] = {
    "moyamoya_ivh": moyamoya_ivh,
    "neurofibromatosis_1": neurofibromatosis_1,
    "optic_glioma": optic_glioma,
    "tuberous_sclerosis": tuberous_sclerosis,
    "normal": normal,
}


def fits(on: Canvas) -> bool:
    """Whether each of the five can be drawn here, so that the slice tells nothing of the class."""
    fluid_mm2 = on.fluid.sum() / on.pixels_per_mm**2
    return LOWEST_MM <= on.level_mm <= HIGHEST_MM and bool(fluid_mm2 >= LEAST_FLUID_MM2)


def with_carotids(on: Canvas) -> Canvas:
    """The slice with carotids of normal width, where they would be seen."""
    return replace(on, pixels=paint(on, _carotids(on, 2.0)).pixels)


def _carotids(on: Canvas, radius_mm: float) -> Lesions:
    """The carotids' ends and first branches where a CT with contrast agent shows them."""
    if on.contrast is not CT or not -24 <= on.level_mm <= -8:
        return []
    paths: list[list[Place]] = [
        [(0, 13), (side * 8, 6), (side * 16, 4), (side * 28, 6)] for side in (-1, 1)
    ]
    return [(tube(on, path, radius_mm), VESSEL[on.contrast]) for path in paths]


def _bulb(on: Canvas, place: Place, rng: Rng) -> Plane:
    wide = rng.uniform(8, 13)
    return blob(on, place, (wide, wide * rng.uniform(0.6, 0.9)), rng)
