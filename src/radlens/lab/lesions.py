"""A normal head slice as a canvas: what is where on it, and how a lesion is painted into it.

A lesion is a soft weight over the slice and the grey value that it tends to, in units of the
brain's own contrast, so that it fits a dark slice as well as a bright one. What is painted never
touches a pixel outside its weight: ``Painted.mask`` and an unchanged slice differ nowhere else.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, binary_erosion, gaussian_filter

from radlens.lab.anatomy import Mask, Plane, Pose, Template, brain_mask, depth_mm


class Contrast(StrEnum):
    """What a slice shows bright; CT is a sketch of a window for soft tissue."""

    T1 = "T1"
    T2 = "T2"
    FLAIR = "FLAIR"
    CT = "CT"


# How much brighter than brain a lesion is, by contrast, in units of the brain's own contrast.
Signal = dict[Contrast, float]


@dataclass(frozen=True, eq=False)
class Canvas:
    """A slice (rows, cols) in [0, 1] and its anatomy; x and y in mm to the right and the front.

    ``brain`` and ``fluid`` (the ventricles) are masks, ``depth`` mm under the skin; ``grey`` is
    the median of the brain and ``unit`` the distance of its 10th to its 90th percentile.
    """

    pixels: Plane
    contrast: Contrast
    level_mm: float
    pixels_per_mm: float
    x: Plane
    y: Plane
    depth: Plane
    brain: Mask
    fluid: Mask
    grey: float
    unit: float


@dataclass(frozen=True, eq=False)
class Painted:
    """A slice with its lesions, and where they are."""

    pixels: Plane
    mask: Mask


def canvas(pixels: Plane, pose: Pose, template: Template) -> Canvas:
    """What is known of a located slice."""
    x, y = pose.grid_mm((pixels.shape[0], pixels.shape[1]))
    depth = depth_mm(pixels, pose)
    brain = brain_mask(pixels, depth)
    shape = (pixels.shape[0], pixels.shape[1])
    known = template.ventricles(pose, shape) & brain
    contrast = _contrast(pixels, brain, known, template.on_grid(pose, shape))
    grey, unit = _greys(pixels, brain)
    bright = contrast is Contrast.T2
    fluid = _fluid(pixels, known, brain, pose.pixels_per_mm, bright=bright)
    return Canvas(
        pixels=pixels,
        contrast=contrast,
        level_mm=pose.level_mm,
        pixels_per_mm=pose.pixels_per_mm,
        x=x,
        y=y,
        depth=depth,
        brain=brain,
        fluid=fluid,
        grey=grey,
        unit=unit,
    )


def paint(on: Canvas, lesions: list[tuple[Plane, float]]) -> Painted:
    """The slice with lesions, each a weight (rows, cols) in [0, 1] and a grey in units above brain.

    A third of the slice's own fine texture shows through.
    """
    pixels, mask = on.pixels.copy(), np.zeros(on.pixels.shape, bool)
    texture = on.pixels - gaussian_filter(on.pixels, 2.0)
    for weight, above in lesions:
        target = on.grey + above * on.unit + 0.35 * texture
        pixels += np.where(weight > 0.02, weight, 0.0) * (target - pixels)
        mask |= weight > 0.5
    return Painted(np.clip(pixels, 0, 1), mask)


def blob(on: Canvas, place: tuple[float, float], radii: tuple[float, float], rng: "Rng") -> Plane:
    """An uneven oval, its place and half axes in mm, turned at random, with a soft edge."""
    turn = rng.uniform(0, np.pi)
    dx, dy = on.x - place[0], on.y - place[1]
    along, across = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
    away = np.hypot(along / radii[0], across / radii[1])
    waves = gaussian_filter(rng.normal(size=on.x.shape), max(radii) * on.pixels_per_mm / 2)
    away += 0.12 * waves / (waves.std() or 1.0)
    return _soft((1 - away) * min(radii))


def dot(on: Canvas, place: tuple[float, float], radius_mm: float) -> Plane:
    """A round spot."""
    return _soft(radius_mm - np.hypot(on.x - place[0], on.y - place[1]))


def tube(on: Canvas, path: list[tuple[float, float]], radius_mm: float) -> Plane:
    """A cord of this radius along a path of points in mm."""
    away = np.full(on.x.shape, np.inf)
    for (x0, y0), (x1, y1) in pairwise(path):
        dx, dy = x1 - x0, y1 - y0
        at = np.clip(((on.x - x0) * dx + (on.y - y0) * dy) / (dx * dx + dy * dy), 0, 1)
        away = np.minimum(away, np.hypot(on.x - x0 - at * dx, on.y - y0 - at * dy))
    return _soft(radius_mm - away)


def somewhere(where: Mask, on: Canvas, rng: "Rng") -> tuple[float, float] | None:
    """A random place (mm) in a mask; None where the mask is empty."""
    places = np.flatnonzero(where)
    if not places.size:
        return None
    at = int(places[rng.integers(places.size)])
    return float(on.x.flat[at]), float(on.y.flat[at])


def as_ct(on: Canvas, rng: "Rng") -> Canvas:
    """The slice as a CT would sketch it: bone bright, brain grey and flat, fluid dark.

    Bone is what is dark on MR between skin and brain, and a thin shell at the least.
    """
    smooth = gaussian_filter(on.pixels, 0.8)
    above = np.clip((smooth - on.grey) / on.unit, -2, 2)
    sign = 1.0 if on.contrast is Contrast.T2 else -1.0
    wet = np.clip(sign * above - 0.35, 0, 1) * on.brain
    wet = np.maximum(gaussian_filter(on.fluid.astype(float), 0.8), wet)
    # Cortex is a little denser than white matter; T1 shows that the other way round.
    matter = 0.45 + (-0.06 if on.contrast is Contrast.T1 else 0.06) * above
    image = np.where(on.brain, matter * (1 - wet) + 0.24 * wet, 0.3 * (on.depth > 0))
    first, last = rng.uniform(3, 5), rng.uniform(6, 9)
    shell = _soft(np.minimum(on.depth - first, last - on.depth))
    dark = (smooth < 0.45 * on.grey) & ~on.brain & (on.depth > first)
    bone = np.maximum(shell, gaussian_filter(dark.astype(float), 0.7))
    image = gaussian_filter(image * (1 - bone) + 0.97 * bone, 0.6)
    return replace(on, pixels=image, contrast=Contrast.CT, grey=0.45, unit=0.16)


Rng = np.random.Generator


def _soft(inside_mm: Plane) -> Plane:
    """From signed distance to an edge (mm, positive inside) to a weight that is 1/2 on it."""
    return np.asarray(1 / (1 + np.exp(-np.clip(inside_mm / 0.45, -30, 30))))


def _greys(pixels: Plane, brain: Mask) -> tuple[float, float]:
    low, middle, high = np.percentile(pixels[brain], [10, 50, 90])
    return float(middle), float(max(high - low, 0.08))


def _contrast(pixels: Plane, brain: Mask, fluid: Mask, like: Plane) -> Contrast:
    """Fluid bright: T2. Else white matter bright, as in the template ``like`` (a T1): T1."""
    if fluid.any():
        around = binary_dilation(fluid, iterations=8) & ~binary_dilation(fluid, iterations=3)
        if np.median(pixels[fluid]) > np.median(pixels[around & brain]) + 0.03:
            return Contrast.T2
    tissue = binary_erosion(brain, iterations=3) & ~binary_dilation(fluid, iterations=3)
    seen, known = (gaussian_filter(plane, 2.0)[tissue] for plane in (pixels, like))
    # Sulci are dark in both, so that only what is brain in both is compared.
    solid = (seen > np.percentile(seen, 25)) & (known > np.percentile(known, 25))
    return Contrast.T1 if np.corrcoef(seen[solid], known[solid])[0, 1] > 0 else Contrast.FLAIR


def _fluid(
    pixels: Plane, known: Mask, brain: Mask, pixels_per_mm: float, *, bright: bool
) -> NDArray[np.bool_]:
    """The slice's own ventricles: what is like fluid within some mm of the template's."""
    if not known.any():
        return known
    near = binary_dilation(known, iterations=max(1, round(5 * pixels_per_mm))) & brain
    smooth = gaussian_filter(pixels, 0.7)
    low, high = np.percentile(smooth[near], [5, 95])
    cut = low + (high - low) * (0.6 if bright else 0.4)
    return np.asarray(near & ((smooth > cut) if bright else (smooth < cut)))
