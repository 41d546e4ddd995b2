"""Made images for an arm of a study: drawn after the arm's few images alone, or a dataset's."""

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from radlens.domain.dataset import TRAIN, Dataset
from radlens.domain.errors import BadDataset, BadRecipe
from radlens.domain.extras import imports_of
from radlens.domain.model import InputSpec
from radlens.domain.task import Task
from radlens.lab.dataset import Cases, find_dataset, read_cases
from radlens.ports import Site

MIX, PRETRAIN = "mix", "pretrain"
WAYS = (MIX, PRETRAIN)


@dataclass(frozen=True)
class Made:
    """How a rung gets made images, the table ``[rung.made]``: a ``generator`` or a ``dataset``.

    ``generator`` is what begins, of the study's labels, and must not have seen the study's
    images; it learns an arm's few images in so many ``steps`` at the rate ``lr``, and draws
    ``per_class`` of each class. ``dataset`` has synthetic images that are there already, whatever
    their generator saw of the study's train split. ``way``: ``mix`` trains on both at once,
    ``pretrain`` on what was made in the first half of the steps and on the few in the second.
    """

    way: str
    dataset: str = ""
    generator: str = ""
    steps: int = 0
    lr: float = 0.0
    per_class: int = 0
    guidance: float = 0.0
    solver_steps: int = 0

    def check(self) -> None:
        """Raise BadRecipe for what cannot be."""
        wrong = {"way": self.way not in WAYS, "generator": bool(self.generator and self.dataset)}
        if not self.dataset:
            wrong |= {
                "generator": not self.generator,
                "steps": self.steps < 1,
                "lr": not 0 < self.lr < 10,
                "per_class": not 1 <= self.per_class <= 5000,
                "guidance": not 1 <= self.guidance <= 20,
                "solver_steps": not 1 <= self.solver_steps <= 1000,
            }
        for name, is_wrong in wrong.items():
            if is_wrong:
                raise BadRecipe(
                    f"The study's entry rung.made.{name} cannot be {getattr(self, name)!r}."
                )

    @property
    def drawn_as(self) -> "Made":
        """What decides the images, whatever they are used for."""
        return replace(self, way=MIX)


def made_cases(site: Site, few: Cases, made: Made, *, task: Task, seed: int, side: int) -> Cases:
    """Images that a generator drew after it learned the few, on a grid of side x side.

    Raises BadRecipe where the generator draws other classes, NoSuchItem where there is none,
    MissingExtra.
    """
    with imports_of("synth", without="A rung with made images needs the synth extra."):
        from radlens.lab.synth.compact import Compact
        from radlens.lab.synth.find import open_generator
        from radlens.lab.synth.generator import Drawing
        from radlens.lab.synth.pictures import pictures
        from radlens.lab.synth.recipe import course_of
        from radlens.lab.synth.sample import sampled
        from radlens.lab.synth.training import fit

    base = open_generator(site, made.generator)
    if not isinstance(base, Compact) or base.about.labels != task.names:
        raise BadRecipe(f"The generator {made.generator} does not draw the classes of {task.name}.")
    learned = base.about.shape["network"]["side"]
    if {base.about.side, learned} != {side}:
        raise BadRecipe(
            f"The generator {made.generator} draws {base.about.side} pixels from {learned}, "
            f"the study has {side}."
        )
    course = replace(course_of(base.about.made["recipe"]), steps=made.steps, lr=made.lr, seed=seed)
    with TemporaryDirectory() as folder:
        fit(base.network, pictures(few, task), course, folder=Path(folder), run="arm")
    images, truth = [], []
    for number, label in enumerate(task.names):
        how = Drawing(label, seed, made.guidance, made.solver_steps)
        images.append(sampled(base.network, number, how, range(made.per_class)))
        truth += [np.eye(len(task.names), dtype=np.float32)[number]] * made.per_class
    grey = (np.concatenate(images) / 255).astype(np.float16)
    names = tuple(f"made-{n}" for n in range(len(grey)))
    return Cases(
        files=names,
        digests=names,
        patients=("",) * len(grey),
        about=({"synthetic": "diffusion"},) * len(grey),
        grey=grey,
        truth=np.stack(truth),
        unit=np.arange(len(grey)) + int(few.unit.max()) + 1,
    )


def given_by(site: Site, reference: str, task: Task) -> Dataset:
    """The dataset whose synthetic images a rung takes.

    Raises NoSuchItem, or BadDataset where it is of another task or has none.
    """
    given = find_dataset(site, reference, task=task)
    if not any(image.synthetic for image in given.of(TRAIN)):
        raise BadDataset(
            f"The dataset {given.name} has no synthetic image to train on.",
            hint="`radlens synth generate` makes some.",
        )
    return given


def given_cases(site: Site, few: Cases, given: Dataset, *, spec: InputSpec) -> Cases:
    """The synthetic images of a dataset, none of them of a unit of the few."""
    made = replace(given, images=tuple(image for image in given.images if image.synthetic))
    cases = read_cases(site.blobs, made, spec=spec, splits=(TRAIN,))[TRAIN]
    return replace(cases, unit=cases.unit + int(few.unit.max()) + 1)


def both(few: Cases, more: Cases) -> Cases:
    """The few and what was made after them."""
    return Cases(
        few.files + more.files,
        few.digests + more.digests,
        few.patients + more.patients,
        few.about + more.about,
        np.concatenate([few.grey, more.grey]),
        np.concatenate([few.truth, more.truth]),
        np.concatenate([few.unit, more.unit]),
    )
