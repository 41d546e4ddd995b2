"""Made images for an arm of a study: a generator learns the arm's few images, and no others."""

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from radlens.domain.errors import BadRecipe
from radlens.domain.extras import imports_of
from radlens.domain.task import Task
from radlens.lab.dataset import Cases
from radlens.ports import Site

MIX, PRETRAIN = "mix", "pretrain"
WAYS = (MIX, PRETRAIN)


@dataclass(frozen=True)
class Made:
    """How a rung gets made images, the table ``[rung.made]``.

    ``generator`` is what begins, of the study's labels, and must not have seen the study's
    images; it learns an arm's few images in so many ``steps`` at the rate ``lr``, and draws
    ``per_class`` of each class. ``way``: ``mix`` trains on both at once, ``pretrain`` on what was
    made in the first half of the steps and on the few in the second.
    """

    generator: str
    steps: int
    lr: float
    per_class: int
    guidance: float
    solver_steps: int
    way: str

    def check(self) -> None:
        """Raise BadRecipe for what cannot be."""
        wrong = {
            "generator": not self.generator,
            "steps": self.steps < 1,
            "lr": not 0 < self.lr < 10,
            "per_class": not 1 <= self.per_class <= 5000,
            "guidance": not 1 <= self.guidance <= 20,
            "solver_steps": not 1 <= self.solver_steps <= 1000,
            "way": self.way not in WAYS,
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
    if base.about.side != side:
        raise BadRecipe(
            f"The generator {made.generator} draws {base.about.side} pixels, the study has {side}."
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
