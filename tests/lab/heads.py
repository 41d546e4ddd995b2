"""A made-up template brain and normal slices of it, as files of the kinds that the lab reads."""

import csv
from pathlib import Path

import nibabel
import numpy as np
from PIL import Image

from radlens.lab.anatomy import Template
from radlens.lab.phantoms import brain, noisy, straight

AFFINE = np.array([[1, 0, 0, -90], [0, 1, 0, -125], [0, 0, 1, -71], [0, 0, 0, 1]], float)


def a_template() -> Template:
    """One phantom head whose folds change with every level."""
    values = np.zeros((181, 217, 181), np.float32)
    for z in range(20, 126):
        rng = np.random.default_rng(z // 2)
        slab = noisy(brain(rng, straight(217, 181)), rng)
        values[:, :, z] = slab.T[:, ::-1]
    return Template(values / values.max())


def write_template(template: Template, path: Path) -> None:
    path.parent.mkdir(parents=True)
    image = nibabel.Nifti1Image((template.values * 255).astype(np.uint8), AFFINE)
    nibabel.save(image, path)


def write_slices(folder: Path, template: Template, levels: list[float]) -> None:
    """Normal slices of some levels, every third for the test, and one picture of a tumour."""
    folder.mkdir()
    rows = []
    for n, level in enumerate(levels):
        rng = np.random.default_rng(n)
        pixels = template.slice(level) * rng.uniform(0.7, 1) + 0.01 * rng.normal(size=(217, 181))
        Image.fromarray((np.clip(pixels, 0, 1) * 255).astype(np.uint8)).save(folder / f"{n}.png")
        rows.append(
            (f"{n}.png", "made by a test", "none", "no_tumor", "train" if n % 3 else "test")
        )
    Image.fromarray(np.eye(64, dtype=np.uint8) * 200).save(folder / "other.png")
    rows.append(("other.png", "made by a test", "none", "glioma", "train"))
    with (folder / "manifest.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("file", "source", "licence", "label", "split"))
        writer.writerows(rows)
