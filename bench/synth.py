"""``make bench-synth DATA=FOLDER``: the figures of synthesis, ``name value goal ok|short``.

FOLDER holds ``brain-tumor/`` and ``chest-xray/`` with their manifests, and the generators of both
that ship are measured. Without it phantoms are drawn, and the generator that learned from phantoms
is measured, where one ships. ``python -m bench.synth FOLDER NAME ...`` measures those lines alone
(FOLDER may be ""); a line that cannot be measured says ``failed``, and the others follow. One
thread; about an hour.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from bench.figure import Figure, once, show
from bench.synth_made import Ground, Size, assessed, minutes_to_adapt, steps_needed
from bench.synth_training import training_ratio
from radlens.bootstrap import PACKAGE, open_site
from radlens.domain.dataset import Dataset
from radlens.domain.errors import NoSuchItem
from radlens.domain.task import Task
from radlens.lab.dataset import find_dataset
from radlens.lab.phantom_folder import phantoms, write
from radlens.lab.synth.compact import KIND
from radlens.lab.synth.find import shipped
from radlens.lab.synth.recipe import read_synth_recipe
from radlens.ports import Site
from radlens.settings import Settings
from radlens.storage.card_files import read_tasks

TASKS = read_tasks(PACKAGE / "tasks")
BRAIN, CHEST = TASKS["brain-tumor"], TASKS["chest-xray"]
RECIPE = PACKAGE / "lab" / "recipes" / "synth" / "brain-tumor.toml"
STEPS, REPEATS, PHANTOMS = 12, 3, 1000


def figures(ground: Callable[[], Ground], place: Site) -> Iterator[Figure]:
    """What a generator costs and what its images are worth; nothing before it is asked."""
    yield Figure("adapt-and-draw-minutes", "<=20", lambda: minutes_to_adapt(ground(), place))
    yield Figure("solver-steps-at-equal-fid", "<=25", lambda: steps_needed(ground()))
    yield from worth(ground)


def worth(ground: Callable[[], Ground], of: str = "") -> Iterator[Figure]:
    """What its images are worth; ``of`` begins the names."""
    body = once(lambda: assessed(ground()))

    def ratio() -> float:
        value: float = body()["whole"]["fidelity"]["classifier"]["fid_ratio"]["value"]
        return value

    def copies(*names: str) -> float:
        found = body()["copies"]
        for name in names:
            found = found[name]
        return float(found)

    def accused() -> float:
        return copies("held_out_accused", "hits") / copies("held_out_accused", "n")

    yield Figure(f"{of}fid/real-fid", "<=3", ratio)
    yield Figure(f"{of}copies-at-most", "<=0.01", lambda: copies("rate", "at_most"))
    yield Figure(f"{of}planted-copies-caught", ">=9", lambda: copies("control", "caught"))
    yield Figure(f"{of}held-out-accused", "<=0.01", accused)


def main(data: Path | None, only: list[str]) -> int:
    """Print every figure, or only those whose names are given; how many could not be measured."""
    torch.set_num_threads(1)
    recipe = read_synth_recipe(RECIPE)
    first = Figure(
        "training/plain-loop",
        ">=0.95",
        lambda: training_ratio(recipe, steps=STEPS, repeats=REPEATS),
    )
    failed = show([first], only)
    with (
        TemporaryDirectory() as home,
        open_site(Settings(home=Path(home) / "site")) as site,
        open_site(Settings(home=Path(home) / "place", gallery="gallery")) as place,
    ):

        def ground(task: Task, size: Size) -> Ground:
            real = real_images(site, task, data, Path(home) / task.name)
            generator = generator_for(task, simulated=data is None)
            return Ground(site, task, generator, real, size)

        brain = once(lambda: ground(BRAIN, Size()))
        chest = once(lambda: ground(CHEST, Size(made=25)))  # of its 14 classes
        table = [*figures(brain, place), *(worth(chest, "chest-") if data else ())]
        return failed + show(table, only)


def generator_for(task: Task, *, simulated: bool) -> str:
    """The shipped generator that learned from patients, or from phantoms; raises NoSuchItem."""
    for about in shipped():
        if (about.kind, about.task, about.simulated) == (KIND, task.name, simulated):
            return about.digest
    raise NoSuchItem(
        f"No generator of {'phantoms' if simulated else 'patients'} ships for {task.name}.",
        hint="make bench-synth DATA=FOLDER measures the one that learned from patients.",
    )


def real_images(site: Site, task: Task, data: Path | None, folder: Path) -> Dataset:
    """The images of ``data``, or phantoms, which stand for real ones here."""
    if data:
        return find_dataset(site, str(data / task.name), task=task)
    write(phantoms(task, n=PHANTOMS, seed=2), folder, task)
    return unmarked(find_dataset(site, str(folder), task=task))


def unmarked(dataset: Dataset) -> Dataset:
    """The dataset as if its images were real: they are what is measured against."""

    def about(image_about: dict[str, str]) -> dict[str, str]:
        return {name: value for name, value in image_about.items() if name != "synthetic"}

    images = tuple(replace(i, about=about(dict(i.about))) for i in dataset.images)
    return replace(dataset, images=images)


if __name__ == "__main__":
    folder, *names = sys.argv[1:] or [""]
    sys.exit(main(Path(folder) if folder else None, names) > 0)
