"""A site with a live model that a recipe made, a generator, and images of diseases on record."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import copytree

import numpy as np

from radlens.bootstrap import open_site
from radlens.cli.kinds import KINDS
from radlens.domain.audit import Actor
from radlens.domain.dataset import Dataset
from radlens.domain.disease import Disease, Wish
from radlens.domain.job import Job
from radlens.domain.ledger import Item, Kind, State
from radlens.domain.task import Task
from radlens.engines.bundle import read_parts
from radlens.lab.synth.images import few
from radlens.lab.synth.train import train as train_generator
from radlens.lab.train import train
from radlens.ports import Site
from radlens.settings import Settings
from radlens.usecases.datasets import found
from radlens.usecases.datasets import register as register_data
from radlens.usecases.diseases import ask_for
from radlens.usecases.register import register
from radlens.usecases.work import Worker, work
from tests.builders import TASKS, own_gallery, png, put_live
from tests.clock import Ahead
from tests.lab.planted import alike
from tests.lab.synth.tiny_generator import write_synth_recipe
from tests.lab.tiny import write_dataset, write_recipe

TASK = "brain-tumor"
BRAIN = TASKS[TASK]
ENGINEER, ADMIN = Actor("ada", "api"), Actor("root", "page")


@dataclass
class Ward:
    """The site, and a worker that a test may stop at any moment."""

    folder: Path
    site: Site
    card: Task = BRAIN
    first: int = 5000
    clock: Ahead = field(default_factory=Ahead)

    def __post_init__(self) -> None:
        self.site = replace(self.site, clock=self.clock)

    def images(self, disease: str, pictures: Sequence[np.ndarray] = (), n: int = 10) -> str:
        """The id of a dataset on record that shows a disease in so many images."""
        folder = self.folder / disease
        folder.mkdir()
        self.first += 100
        pictures = pictures or [alike(self.first + i) for i in range(n)]
        for i, pixels in enumerate(pictures):
            (folder / f"{i}.png").write_bytes(png(pixels))
        return register_data(self.site, few(self.site, folder, disease=disease, task=self.card)).id

    def wish(self, disease: str, images: str, **changes: object) -> Wish:
        title = disease.replace("_", " ").capitalize()
        asked = Wish(self.card.name, disease, images, title, "Made for a test.", "moderate", n=20)
        return Wish.of(asked.arguments | {"generator": "tiny"} | changes)

    def queue(self, wish: Wish) -> Job:
        return ask_for(self.site, wish, found(self.site, wish.images), by=ENGINEER)

    def dataset(self, id_: str) -> Dataset:
        return found(self.site, id_)

    def work(self, stopping: Callable[[], bool] = lambda: False, site: Site | None = None) -> None:
        worker = Worker("w", KINDS, self.folder / "jobs", lambda _: stopping())
        work(site or self.site, worker, once=True)

    def entries(self, disease: str) -> list[Disease]:
        return [Disease.of(i) for i in self.site.ledger.items(Kind.DISEASE, name=disease)]

    def running(self) -> list[Item]:
        kinds = (Kind.DISEASE, Kind.GENERATOR, Kind.GENERATION, Kind.RUN)
        items = (item for kind in kinds for item in self.site.ledger.items(kind))
        return [item for item in items if item.state is State.RUNNING]


def build(folder: Path, card: Task = BRAIN) -> Path:
    """Make one in a folder."""
    write_dataset(folder / "data", card, {"train": 40, "val": 12, "test": 16})
    for n, path in enumerate(sorted((folder / "data" / "images").iterdir())):
        path.write_bytes(png(alike(n)))
    own_gallery(folder / "home")
    with open_site(_settings(folder)) as site:
        recipe = write_recipe(folder / "live.toml", epochs=2, task=card.name)
        train(site, recipe, data=str(folder / "data"), out=folder / "live")
        version = register(site, lambda: read_parts(folder / "live" / card.name), by=ADMIN)
        put_live(site, version.digest, by=ADMIN)
        plan = write_synth_recipe(folder / "tiny.toml", plain={"task": card.name})
        train_generator(site, plan, data=str(folder / "data"), out=folder / "tiny", name="tiny")
    return folder


@contextmanager
def ward(built: Path, folder: Path, card: Task = BRAIN) -> Iterator[Ward]:
    """A copy of one, in a folder of its own."""
    copytree(built, folder)
    with open_site(_settings(folder)) as site:
        yield Ward(folder, site, card)


def _settings(folder: Path) -> Settings:
    return Settings(home=folder / "home", workers=1, gallery="gallery")
