"""Rare diseases on normal slices: a set in which nothing but the lesion tells the class.

Every base slice gives one image of each class, all through the same pipeline and with the same
contrast, so that its source, level, frame or noise says nothing of the class. A base slice, its
near-duplicates and all that is made of them stay in one split; validation is cut from train.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates, zoom

from radlens.domain.dataset import TEST, TRAIN, VAL
from radlens.domain.errors import BadDataset
from radlens.domain.scan import Bounds
from radlens.domain.task import Task
from radlens.imaging.decode import decode
from radlens.imaging.prepare import grey
from radlens.lab.anatomy import Plane, Pose, Template, locate
from radlens.lab.duplicates import groups, near_pairs
from radlens.lab.lesions import Canvas, Painted, Rng, as_ct, canvas
from radlens.lab.lesions_rare import HIGHEST_MM, LOWEST_MM, RARE, fits, with_carotids
from radlens.lab.looks import look
from radlens.lab.manifest import Row, list_folder
from radlens.lab.phantom_sets import Made, eight_bits
from radlens.lab.progress import Seen, silent

BASE_SIDE, SIDE = 224, 192
# Below this level real slices are too few and too unlike to be located; the template is not.
REAL_FROM_MM = -14.0
CT_SHARE = 1 / 3
VAL_SHARE = 0.2
TEMPLATE = "template"


@dataclass(frozen=True, eq=False)
class Base:
    """A normal slice that all five classes can be drawn on, and its papers."""

    pixels: Plane
    pose: Pose
    split: str
    group: str
    source: str
    licence: str


def rare(
    folder: Path, template: Template, *, task: Task, n: int, seed: int, seen: Seen = silent
) -> Iterator[Made]:
    """``n`` images of the rare diseases on the normal slices of a folder and of the template.

    ``task`` is the folder's card. Raises BadDataset where no normal axial slice is found.
    """
    bases = [*real_bases(folder, template, task, seen), *template_bases(template)]
    rng = np.random.default_rng(seed)
    made = 0
    while True:
        fitting = 0
        for at in rng.permutation(len(bases)):
            base, case = bases[at], int(rng.integers(2**31))
            on = canvas(base.pixels, base.pose, template)
            if not fits(on):
                continue
            fitting += 1
            for image in five(on, base, seed=case):
                if made == n:
                    return
                made += 1
                yield image
        if not fitting:
            raise BadDataset("No slice shows enough of the ventricles to draw the diseases on.")


def five(on: Canvas, base: Base, *, seed: int) -> Iterator[Made]:
    """One image of each class on one slice; MR or CT-like, but all five alike."""
    choice = np.random.default_rng([seed, len(RARE)])
    if choice.random() < CT_SHARE:
        on = as_ct(on, choice)
    for number, (name, draw) in enumerate(RARE.items()):
        rng = np.random.default_rng([seed, number])
        plain = on if name == "moyamoya_ivh" else with_carotids(on)
        done = developed(draw(plain, rng), rng)
        yield Made(
            pixels=eight_bits(done.pixels),
            mask=done.mask,
            labels=(name,),
            split=base.split,
            group=base.group,
            source=base.source,
            licence=base.licence,
            synthetic="simulated disease" if name != "normal" else "processed normal slice",
        )


def developed(done: Painted, rng: Rng) -> Painted:
    """The slice as another scanner and another head would give it, side ``SIDE``."""
    rows, cols = done.pixels.shape
    y, x = np.meshgrid(*(np.linspace(-1, 1, SIDE),) * 2, indexing="ij")
    turn, tall, wide = rng.normal(0, 0.06), *rng.uniform(0.92, 1.06, 2)
    mirror = rng.choice([-1, 1])
    bend = [_smooth(rng, 4) * 0.025 for _ in range(2)]
    down = (y * np.cos(turn) - x * np.sin(turn)) * tall + bend[0] + rng.normal(0, 0.02)
    along = ((y * np.sin(turn) + x * np.cos(turn)) * wide + bend[1]) * mirror
    places = np.stack([(down + 1) / 2 * (rows - 1), (along + 1) / 2 * (cols - 1)])
    image = map_coordinates(done.pixels, places, order=1)
    mask = map_coordinates(done.mask.astype(float), places, order=1) > 0.5
    image = np.clip(image, 0, 1) ** (2.0 ** rng.uniform(-0.35, 0.35))
    image *= 1 + 0.07 * _smooth(rng, 3)
    image = gaussian_filter(image, rng.uniform(0.3, 0.9))
    image += rng.uniform(0.004, 0.025) * rng.normal(size=image.shape)
    return Painted(np.clip(image, 0, 1), mask)


def _smooth(rng: Rng, waves: int) -> Plane:
    """A smooth random plane of about so many hills a side, with mean 0 and spread 1."""
    plane = zoom(rng.normal(size=(waves, waves)), SIDE / waves, order=3)
    return np.asarray((plane - plane.mean()) / plane.std())


def template_bases(template: Template) -> list[Base]:
    """The template's slices: one head, so one group, and train alone."""
    levels = np.arange(LOWEST_MM, HIGHEST_MM + 1)
    return [
        Base(
            pixels=template.slice(level),
            pose=template.pose(level),
            split=TRAIN,
            group=TEMPLATE,
            source="Averaged normal adult brain, MNI template ch2 (Holmes et al. 1998)",
            licence="MNI, permissive with notice",
        )
        for level in levels
    ]


def real_bases(folder: Path, template: Template, task: Task, seen: Seen = silent) -> list[Base]:
    """The folder's normal axial slices from the ganglia upward, located and split by group."""
    plain = [i for i, label in enumerate(task.labels) if not label.abnormal]
    rows = [row for row in list_folder(folder, task).rows if any(row.truth[i] for i in plain)]
    found: list[tuple[Row, Plane, Pose]] = []
    scans = []
    for number, row in enumerate(rows, 1):
        scan = decode(row.path.read_bytes(), Bounds())
        pixels = grey(scan, BASE_SIDE, BASE_SIDE).astype(np.float64)
        pose = locate(pixels, template)
        if pose and REAL_FROM_MM <= pose.level_mm <= HIGHEST_MM:
            found.append((row, pixels, pose))
            scans.append(scan)
        seen(number, len(rows))
    if not found:
        raise BadDataset(
            "No normal axial slice was found.",
            hint="Name a folder of axial brain slices with a label that is not abnormal.",
        )
    group = groups(len(found), near_pairs(look(scans, len(scans))))
    tested = {g for g, (row, _, _) in zip(group, found, strict=True) if row.split == TEST}
    return [
        Base(
            pixels=pixels,
            pose=pose,
            split=TEST if g in tested else _validated(found[g][0]),
            group=f"base-{g}",
            source=f"Disease simulated on: {row.about.get('source', 'unknown')}",
            licence=row.about.get("licence", ""),
        )
        for g, (row, pixels, pose) in zip(group, found, strict=True)
    ]


def _validated(first: Row) -> str:
    """Train or validation, by the name of a group's first image: the same in every run."""
    share = int(sha256(first.file.encode()).hexdigest()[:8], 16) / 2**32
    return VAL if share < VAL_SHARE else TRAIN
