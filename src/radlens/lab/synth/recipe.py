"""A generator's recipe: everything that decides its training besides the data and the code."""

import tomllib
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from radlens.domain.errors import BadRecipe
from radlens.domain.model import InputSpec
from radlens.lab.augment import Augmentation
from radlens.lab.entries import read_toml, typed


@dataclass(frozen=True)
class Shape:
    """A denoising network, the table ``[network]``.

    Images of ``side`` pixels are folded into blocks of ``fold`` x ``fold`` before the first layer,
    which makes the costliest level that much smaller and loses nothing (Shi et al. 2016, CVPR).
    ``widths`` are channels from the finest level to the coarsest, which alone has attention, in
    heads of ``head`` channels; ``groups`` are those of the group norms. ``fine`` are the channels
    of a few layers that look at the unfolded image last; none of them without it. With ``masks``
    the network is told where the lesion of an image is, as far as the data know. ``refiner`` are
    the channels of a second network that ends what was drawn, at ``refined`` pixels a side; none
    without it.
    """

    side: int
    fold: int
    widths: tuple[int, ...]
    layers: int
    groups: int
    head: int
    fine: int = 0
    masks: bool = False
    refiner: int = 0
    refined: int = 0

    @property
    def drawn(self) -> int:
        """The side of the images that come out."""
        return self.refined or self.side


@dataclass(frozen=True)
class Course:
    """How weights move, the table ``[course]``.

    ``steps`` of ``batch`` images; after every ``lap`` of them a checkpoint. ``lr`` is the peak
    rate; ``ema`` the decay of the averaged weights; ``drop`` how often an image is shown without
    its class, which is what guidance needs (Ho and Salimans 2022); ``precision`` is ``fp32`` or
    ``bf16`` (mixed, by autocast). ``lean`` shows low noise levels more often, as ``drawn_levels``.
    """

    steps: int
    lap: int
    batch: int
    lr: float
    weight_decay: float
    warmup: float
    ema: float
    drop: float
    precision: str
    seed: int
    lean: float = 1.0


@dataclass(frozen=True)
class Refinement:
    """How a refiner learns against a critic of ``critic`` channels, the table ``[refine]``.

    ``steps`` of ``batch`` patches of ``patch`` x ``patch`` pixels. ``lr`` and ``critic_lr`` are the
    two rates, ``likeness`` weighs how near it is to the real patch against the critic's opinion;
    ``lap``, ``ema`` and ``drop`` are as in ``Course``.
    """

    steps: int
    lap: int
    batch: int
    patch: int
    critic: int
    lr: float
    critic_lr: float
    likeness: float
    ema: float
    drop: float


@dataclass(frozen=True)
class SynthRecipe:
    """One TOML file of ``lab/recipes/synth``, read and checked.

    ``synthetic`` says whether made images may be learned from: without it they are left out.
    ``contrast`` and ``train_splits`` are as in a recipe of a model. ``statement`` may name
    ``{train}``, the number of images. Without steps, ``course`` leaves the weights of another
    generator as they are. By ``adapt`` a disease is learned on top of the generator, instead of by
    the course of ``adapt.toml``.
    """

    task: str
    contrast: tuple[float, ...]
    train_splits: tuple[str, ...]
    synthetic: bool
    statement: str
    network: Shape
    course: Course
    augment: Augmentation
    text: str
    refine: Refinement | None = None
    adapt: Course | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the recipe's text."""
        return sha256(self.text.encode()).hexdigest()

    @property
    def architecture(self) -> str:
        """The kind of generator."""
        return "compact"

    @property
    def seed(self) -> int:
        return self.course.seed

    @property
    def input(self) -> InputSpec:
        """How an image becomes grey values in [0, 1]."""
        return input_spec(self.network.side, self.contrast)

    @property
    def refined_input(self) -> InputSpec:
        """The same on the grid of what is drawn."""
        return input_spec(self.network.drawn, self.contrast)


def input_spec(side: int, contrast: tuple[float, ...]) -> InputSpec:
    """Grey values in [0, 1] on a grid of side x side, between two percentiles if there are any."""
    stretch = (contrast[0], contrast[1]) if contrast else None
    return InputSpec(side, side, (0.0,) * 3, (1.0,) * 3, stretch)


def read_synth_recipe(path: Path) -> SynthRecipe:
    """Read a generator's recipe; raises BadRecipe for a missing, unknown or impossible entry."""
    text, entries = read_toml(path)
    recipe = SynthRecipe(**typed(SynthRecipe, entries, but=("text",)), text=text)
    _check(recipe)
    return recipe


def course_of(text: str) -> Course:
    """The course in a recipe's text."""
    return Course(**typed(Course, tomllib.loads(text)["course"], prefix="course."))


def seeded(recipe: SynthRecipe, seed: int) -> SynthRecipe:
    """The recipe with another seed."""
    return replace(recipe, course=replace(recipe.course, seed=seed))


def _check(recipe: SynthRecipe) -> None:
    shape = recipe.network
    coarsest = shape.fold * 2 ** (len(shape.widths) - 1)
    wrong = {
        "network.side": not 8 <= shape.side <= 512 or shape.side % max(coarsest, 1) != 0,
        "network.fold": not 1 <= shape.fold <= 8,
        "network.widths": not shape.widths
        or any(width < 1 or width % max(shape.groups, 1) for width in shape.widths),
        "network.layers": not 1 <= shape.layers <= 4,
        "network.fine": not 0 <= shape.fine <= 128,
        "network.refiner": not 0 <= shape.refiner <= 128
        or shape.refiner % 3
        or bool(shape.refiner) != bool(recipe.refine),
        "network.refined": bool(shape.refined) != bool(shape.refiner)
        or not shape.side <= shape.drawn <= 512
        or shape.refined % 2 == 1,
        "network.head": shape.head < 1 or any(width % shape.head for width in shape.widths[-1:]),
        "contrast": len(recipe.contrast) not in (0, 2)
        or sorted(recipe.contrast) != [*recipe.contrast],
        "train_splits": not recipe.train_splits or {"val", "test"} & {*recipe.train_splits},
    }
    _raise(wrong)
    check_course(recipe.course, least=0)
    if recipe.adapt:
        check_course(recipe.adapt, table="adapt")
    if recipe.refine:
        _check_refinement(recipe.refine, shape.drawn)
    try:
        recipe.statement.format(train=1)
    except (KeyError, IndexError, ValueError) as error:
        raise BadRecipe(f"The recipe's statement has an unknown place: {error}.") from error


def _check_refinement(plan: Refinement, side: int) -> None:
    _raise(
        {
            "refine.steps": plan.steps < 1,
            "refine.lap": plan.lap < 1,
            "refine.batch": plan.batch < 1,
            "refine.patch": not 16 <= plan.patch <= side or plan.patch % 8,
            "refine.critic": not 1 <= plan.critic <= 256,
            "refine.lr": not 0 < plan.lr < 1,
            "refine.critic_lr": not 0 < plan.critic_lr < 1,
            "refine.likeness": plan.likeness < 0,
            "refine.ema": not 0 <= plan.ema < 1,
            "refine.drop": not 0 <= plan.drop < 1,
        }
    )


def check_course(course: Course, *, least: int = 1, table: str = "course") -> None:
    """Raise BadRecipe for entries that are well typed and still impossible."""
    _raise(
        {
            f"{table}.steps": course.steps < least,
            f"{table}.lap": course.lap < 1,
            f"{table}.batch": course.batch < 1,
            f"{table}.lr": not 0 < course.lr < 10,
            f"{table}.weight_decay": not 0 <= course.weight_decay < 1,
            f"{table}.warmup": not 0 <= course.warmup < 1,
            f"{table}.ema": not 0 <= course.ema < 1,
            f"{table}.lean": not 1 <= course.lean <= 4,
            f"{table}.drop": not 0 <= course.drop < 1,
            f"{table}.precision": course.precision not in ("fp32", "bf16"),
        }
    )


def _raise(wrong: dict[str, object]) -> None:
    for name, is_wrong in wrong.items():
        if is_wrong:
            raise BadRecipe(f"The recipe's entry {name} is impossible.")
