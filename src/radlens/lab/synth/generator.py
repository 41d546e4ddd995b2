"""What every kind of generator can do, and where generators are found."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from radlens.domain.scan import Scan
from radlens.domain.task import Task
from radlens.lab.synth.about import About
from radlens.lab.training import Tell

# The bytes of a part of a generator by its name.
Part = Callable[[str], bytes]

# Where the lesion of an image with this number is to be, (rows, cols).
Mask = Callable[[int], NDArray[np.bool_]]


@dataclass(frozen=True, eq=False)
class Lesson:
    """A new disease: its name, how it is described, and the scans that the input gate let pass.

    ``labels`` of the generator and ``disease`` are different names. ``record`` is the id of the
    entry that the adaptation is put on record as.
    """

    disease: str
    prompt: str
    scans: tuple[Scan, ...]
    task: Task
    seed: int
    record: str = ""


@dataclass(frozen=True)
class Drawing:
    """How a class is drawn. ``guidance`` is how much it is insisted on, 1 being not at all;
    ``steps`` how many times the network looks, fewer where a refiner ends it. The same drawing and
    index is the same image.
    """

    label: str
    seed: int
    guidance: float
    steps: int


class Generator(Protocol):
    """One generator, opened: all that ``adapt`` and ``generate`` know of any kind.

    A kind is a module of ``KINDS`` with two functions, and nothing else has to know of it:
    ``open_base(site, where, task) -> Generator`` gives what an adaptation starts from (``where`` is
    what stands behind the colon of ``--generator KIND:WHERE``, or ""), and
    ``open_kept(about, part) -> Generator`` opens one again from its ``About`` and its parts.
    Both import what is heavy themselves.
    """

    @property
    def about(self) -> About:
        """What it is; ``about.digest`` names it for ever."""
        ...

    def parts(self) -> Mapping[str, bytes]:
        """The files that ``open_kept`` needs, by name, as ``about.files`` lists their digests.

        They are put among the site's objects. What is too large for that (the base of Stable
        Diffusion) stays where it is, and ``about.shape`` says where and with which digests.
        """
        ...

    def learn(self, lesson: Lesson, folder: Path, tell: Tell | None = None) -> "Generator":
        """The generator that has learned one disease more; this one stays as it is.

        ``folder`` keeps checkpoints: learning that was killed goes on there. Raises BadRecipe
        where the loss turns NaN, StorageFull.
        """
        ...

    def draw(self, how: Drawing, which: Sequence[int]) -> NDArray[np.uint8]:
        """The images with these numbers, (n, rows, cols), grey.

        An image depends on ``how`` and its number alone, bit for bit on one machine.
        """
        ...

    def mask(self, how: Drawing) -> Mask | None:
        """The masks that ``draw`` keeps to; None where it is not told where lesions are."""
        ...
