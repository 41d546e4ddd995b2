"""A site with a tiny generator of brains on record, and a few images of a disease beside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

from radlens.domain.dataset import Dataset
from radlens.domain.generator import GeneratorRun
from radlens.lab.synth.generator import Drawing
from radlens.lab.synth.train import train
from radlens.ports import Site
from tests.builders import TASKS, picture, png, tiny_site
from tests.lab.synth.tiny_generator import write_synth_recipe
from tests.lab.tiny import write_dataset

BRAIN = TASKS["brain-tumor"]
HOW = Drawing("glioma", seed=5, guidance=2.0, steps=3)


@dataclass(frozen=True)
class Taught:
    """The site, its folder with ``data`` and the generator's ``out``, and the generator's run."""

    site: Site
    folder: Path
    trained: GeneratorRun


@contextmanager
def taught(folder: Path) -> Iterator[Taught]:
    """One in a folder, whose generator is called ``tiny``."""
    write_dataset(folder / "data", BRAIN, {"train": 24, "val": 8, "test": 8})
    recipe = write_synth_recipe(folder / "tiny.toml")
    with tiny_site(folder / "home") as site:
        trained = train(site, recipe, data=str(folder / "data"), out=folder / "out", name="tiny")
        yield Taught(site, folder, trained)


def few(folder: Path, n: int = 6, *, first: int = 500) -> Path:
    """A folder of so many images of a disease."""
    folder.mkdir(parents=True)
    for i in range(n):
        (folder / f"{i}.png").write_bytes(png(picture(seed=first + i, rows=64, cols=64)))
    return folder


def images_of(site: Site, dataset: Dataset) -> list[bytes]:
    return [site.blobs.get(image.digest) for image in dataset.images]


def unpacked(archive: Path, folder: Path) -> Path:
    with ZipFile(archive) as opened:
        opened.extractall(folder)
    return folder
