"""Where an axial head slice lies in the head: its pose against an averaged normal brain.

Lesions are drawn in millimetres of the template, so that a nerve is enlarged where nerves run.
The search is as coarse as a sketch needs: the head's box is laid over the template's, and the
level is the one whose grey values tell most about the slice's.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import (
    binary_dilation,
    binary_fill_holes,
    binary_opening,
    distance_transform_edt,
    gaussian_filter,
    label,
    zoom,
)

from radlens.domain.scan import Bounds
from radlens.lab.nifti import read_volume

Plane = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Levels (mm above the template's origin) at which a slice is looked for.
LEVELS = range(-44, 52, 2)
# The template's voxel (0, 0, 0), ch2: x to the right, y to the front, z to the head.
ORIGIN_MM = (-90.0, -125.0, -71.0)
# A filled axial head is an ellipse to this overlap; a profile with nose and neck is not.
ELLIPTIC = 0.94
# Normalised mutual information (0 to 1) with the best level below which no level is believed.
ALIKE = 0.12
SMALL = 64


@dataclass(frozen=True)
class Pose:
    """A slice's place: its level and, in pixels, the box of the head on it and on the template.

    ``box`` is (top, left, height, width) in pixels of the slice, ``box_mm`` the front, left,
    depth and width of the template's head at that level; ``alike`` is how sure the level is.
    """

    level_mm: float
    box: tuple[float, float, float, float]
    box_mm: tuple[float, float, float, float]
    alike: float

    def grid_mm(self, shape: tuple[int, int]) -> tuple[Plane, Plane]:
        """Millimetres to the image's right (x) and to the front (y) of every pixel."""
        top, left, height, width = self.box
        front, side, depth, breadth = self.box_mm
        rows, cols = np.indices(shape, dtype=np.float64)
        return side + (cols - left) / width * breadth, front - (rows - top) / height * depth

    @property
    def pixels_per_mm(self) -> float:
        return (self.box[2] / self.box_mm[2] + self.box[3] / self.box_mm[3]) / 2


@dataclass(frozen=True, eq=False)
class Template:
    """The averaged brain: ``values`` (right, front, head) in [0, 1], one millimetre a voxel."""

    values: NDArray[np.float32]

    def slice(self, level_mm: float) -> Plane:
        """The axial slice at a level, face up, shape (rows, cols)."""
        at = round(level_mm - ORIGIN_MM[2])
        return np.asarray(self.values[:, ::-1, at].T, np.float64)

    def pose(self, level_mm: float) -> Pose:
        """The pose of the template's own slice."""
        box = head_box(head_mask(self.slice(level_mm)))
        top, left, height, width = box
        front = ORIGIN_MM[1] + self.values.shape[1] - 1 - top
        return Pose(level_mm, box, (front, ORIGIN_MM[0] + left, height, width), 1.0)

    @cached_property
    def small(self) -> dict[float, tuple[Pose, Plane]]:
        """Every level's pose, and its head cut out on a small grid."""
        poses = {float(level): self.pose(level) for level in LEVELS}
        return {z: (pose, cut_out(self.slice(z), pose.box)) for z, pose in poses.items()}

    def on_grid(self, pose: Pose, shape: tuple[int, int]) -> Plane:
        """The template's values on a slice's grid, shape (rows, cols)."""
        x, y = pose.grid_mm(shape)
        at = round(pose.level_mm - ORIGIN_MM[2])
        column = np.clip(np.rint(x - ORIGIN_MM[0]).astype(int), 0, self.values.shape[0] - 1)
        line = np.clip(np.rint(y - ORIGIN_MM[1]).astype(int), 0, self.values.shape[1] - 1)
        return np.asarray(gaussian_filter(self.values[:, :, at], 0.7)[column, line], np.float64)

    def ventricles(self, pose: Pose, shape: tuple[int, int]) -> Mask:
        """Where the template has fluid deep in the brain, on the slice's grid."""
        x, y = pose.grid_mm(shape)
        # A floor of the skull is dark too, and lies outside these boxes.
        cistern = (np.abs(x) < 14) & (y < -32)
        deep = (np.abs(x) < 32) & (np.abs(y + 15) < 42) & (pose.level_mm > -8) & ~cistern
        fourth = (np.abs(x) < 9) & (np.abs(y + 42) < 10) & (pose.level_mm <= -8)
        dark = self.on_grid(pose, shape) < FLUID
        return np.asarray(binary_opening(dark & (deep | fourth)))


# The template's fluid is darker than this, its brain brighter.
FLUID = 0.25


def read_template(path: Path) -> Template:
    """The template of a NIfTI file; raises UnreadableImage, TooLarge or NotAssessable."""
    return Template(read_volume(path, Bounds()).values.astype(np.float32) / np.float32(65535))


def locate(pixels: Plane, template: Template) -> Pose | None:
    """The pose of an axial slice (rows, cols) with the face up; None where it seems none."""
    head = head_mask(pixels)
    if not head.any() or not _is_elliptic(head):
        return None
    box = head_box(head)
    seen = cut_out(pixels, box)
    alike = {z: _likeness(seen, known) for z, (_, known) in template.small.items()}
    best = max(alike, key=alike.__getitem__)
    if alike[best] < ALIKE:
        return None
    return Pose(best, box, template.small[best][0].box_mm, alike[best])


def head_mask(pixels: Plane) -> Mask:
    """The largest bright thing, its holes filled; empty where nothing is brighter than the rest."""
    smooth = gaussian_filter(pixels, 1.5)
    bright = smooth[smooth > smooth.mean()]
    if not bright.size:
        return np.zeros(pixels.shape, bool)
    lit = binary_opening(smooth > 0.35 * bright.mean(), iterations=2)
    parts, count = label(lit)
    if not count:
        return np.zeros(pixels.shape, bool)
    largest = int(np.bincount(parts.ravel())[1:].argmax()) + 1
    return np.asarray(binary_fill_holes(binary_dilation(parts == largest, iterations=2)))


def head_box(head: Mask) -> tuple[float, float, float, float]:
    """Top, left, height and width of a mask, in pixels."""
    rows, cols = (np.flatnonzero(head.any(axis)) for axis in (1, 0))
    return (
        float(rows[0]),
        float(cols[0]),
        float(rows[-1] - rows[0]) or 1.0,
        float(cols[-1] - cols[0]) or 1.0,
    )


def depth_mm(pixels: Plane, pose: Pose) -> Plane:
    """How deep under the skin each pixel lies, in millimetres; 0 outside the head."""
    return np.asarray(distance_transform_edt(head_mask(pixels)) / pose.pixels_per_mm)


def brain_mask(pixels: Plane, depth: Plane) -> Mask:
    """The bright body in the middle of the head, cut loose from scalp and face by the dark skull.

    ``depth`` is in mm under the skin (``depth_mm``); sulci and ventricles are filled.
    """
    smooth = gaussian_filter(pixels, 0.8)
    core = depth > 30
    matter = (smooth > 0.55 * np.median(smooth[core])) & (depth > 7) if core.any() else core
    loose = binary_opening(matter | (depth > 24), iterations=3)
    parts, _ = label(loose)
    inside = np.bincount(parts[core], minlength=2)
    inside[0] = 0
    body = parts == inside.argmax() if inside.any() else core
    return np.asarray(binary_opening(binary_fill_holes(body), iterations=2))


def cut_out(pixels: Plane, box: tuple[float, float, float, float]) -> Plane:
    """The box's content on a small square grid."""
    top, left, height, width = (round(v) for v in box)
    part = gaussian_filter(pixels, 1.0)[top : top + height + 1, left : left + width + 1]
    return np.asarray(zoom(part, (SMALL / part.shape[0], SMALL / part.shape[1]), order=1))


def _likeness(a: Plane, b: Plane) -> float:
    """Shared information of two heads, that of their middle, where the levels differ, twice."""
    third = slice(SMALL // 4, -SMALL // 4)
    return (mutual_information(a, b) + 2 * mutual_information(a[third, third], b[third, third])) / 3


def mutual_information(a: Plane, b: Plane, bins: int = 16) -> float:
    """2 I(a, b) / (H(a) + H(b)) of two planes, 0 to 1 (Studholme et al. 1999, Pattern Recogn.)."""
    ranked = [np.searchsorted(np.quantile(v, np.linspace(0, 1, bins + 1)[1:-1]), v) for v in (a, b)]
    joint = np.bincount((ranked[0] * bins + ranked[1]).ravel(), minlength=bins * bins)
    p = joint.reshape(bins, bins) / joint.sum()

    def entropy(q: Plane) -> float:
        return float(-(q[q > 0] * np.log(q[q > 0])).sum())

    apart = entropy(p.sum(0)) + entropy(p.sum(1))
    return 2 * (1 - entropy(p.ravel()) / apart) if apart else 0.0


def _is_elliptic(head: Mask) -> bool:
    """Whether the mask is the ellipse of its own moments, and no neck leaves the picture."""
    if head[-1].sum() > 0.4 * head.any(0).sum():
        return False
    rows, cols = np.nonzero(head)
    spread = np.cov(np.stack([rows, cols]))
    if np.linalg.matrix_rank(spread) < 2:
        return False
    away = np.moveaxis(np.indices(head.shape), 0, -1) - np.array([rows.mean(), cols.mean()])
    ellipse = np.einsum("...i,ij,...j", away, np.linalg.inv(spread), away) <= 4
    return bool((head & ellipse).sum() / (head | ellipse).sum() >= ELLIPTIC)
