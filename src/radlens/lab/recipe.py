"""A training recipe: everything that decides a run besides the data and the code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from radlens.domain.errors import BadRecipe
from radlens.domain.model import InputSpec
from radlens.lab.augment import Augmentation
from radlens.lab.entries import read_toml, typed
from radlens.lab.networks import ARCHITECTURES
from radlens.lab.operating import RULES, Rule

# How each network's published weights want their input, from grey values in [0, 1]:
# torchvision's ImageNet statistics, and (x - 127) / 128 of the EfficientNet-Lite weights.
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
LITE = ((127 / 255,) * 3, (128 / 255,) * 3)


@dataclass(frozen=True)
class Loss:
    """How errors are weighed, the table ``[loss]``; left out, all count alike.

    ``focal_gamma`` turns down what is already right (0: not at all; Lin et al. 2017, ICCV).
    ``effective_beta`` counts classes by their effective number (1 - beta^n) / (1 - beta) where
    ``class_weighting`` weighs them (0: by n itself; Cui et al. 2019, CVPR).
    """

    focal_gamma: float = 0.0
    effective_beta: float = 0.0


@dataclass(frozen=True)
class Synthetic:
    """What made images may do in training, the table ``[synthetic]``; they are never judged on.

    ``share`` is the largest part of the training images that may be synthetic (0: none, 1: all
    that there are); which of them, the seed decides. ``weight`` is what one counts beside a real
    image in the loss.
    """

    share: float = 1.0
    weight: float = 1.0


@dataclass(frozen=True)
class Recipe:
    """One TOML file of ``lab/recipes``, read and checked.

    ``start`` is ``imagenet``, ``scratch``, ``bundle:FOLDER``, ``run:ID`` (a run of this site) or
    the path of a ``.safetensors`` file of weights; paths are from the recipe's folder. ``frozen``
    lists how the names of layers begin that keep their start. ``lr`` is the peak rate of the
    body, ``head_lr`` of the new linear layer; ``ema`` the decay of the averaged weights (0:
    none); ``patience`` the epochs without a better validation score before the run stops;
    ``class_weighting`` the power of the inverse class frequency in the loss (0: none, 1: full);
    ``contrast`` two percentiles, or nothing; ``train_splits`` what counts as train;
    ``statement`` may name ``{train}``, ``{val}`` and ``{test}``, the numbers of images.

    What follows may be left out. ``keep`` says which epoch's weights remain, the ``best`` by
    validation or the ``last``; ``precision`` is ``fp32`` or ``bf16`` (mixed, by autocast);
    ``sizes`` are pairs of an epoch, counted from 0, and the side in pixels from then on (``size``
    until the first); ``mixup`` is alpha of Zhang et al. 2018, ICLR (0: none);
    ``operating_points`` is the rule by which thresholds are chosen; ``coverage`` is how often what
    is there must stay in the set of what cannot be ruled out (0: the mode's own level);
    ``known_cases`` how many training images the bundle remembers by their features at most.
    """

    task: str
    architecture: str
    start: str
    frozen: tuple[str, ...]
    size: int
    epochs: int
    batch: int
    lr: float
    head_lr: float
    weight_decay: float
    warmup: float
    ema: float
    patience: int
    seed: int
    class_weighting: float
    label_smoothing: float
    contrast: tuple[float, ...]
    train_splits: tuple[str, ...]
    statement: str
    augment: Augmentation
    text: str
    keep: str = "best"
    precision: str = "fp32"
    sizes: tuple[tuple[int, ...], ...] = ()
    mixup: float = 0.0
    loss: Loss = field(default_factory=Loss)
    synthetic: Synthetic = field(default_factory=Synthetic)
    operating_points: Rule = field(default_factory=Rule)
    coverage: float = 0.0
    known_cases: int = 600

    @property
    def digest(self) -> str:
        """SHA-256 of the recipe's text."""
        return sha256(self.text.encode()).hexdigest()

    @property
    def input(self) -> InputSpec:
        """How a scan becomes this network's input."""
        mean, std = LITE if self.architecture.startswith("efficientnet-lite0") else IMAGENET
        contrast = (self.contrast[0], self.contrast[1]) if self.contrast else None
        return InputSpec(self.size, self.size, mean, std, contrast)


def read_recipe(path: Path) -> Recipe:
    """Read a recipe; raises BadRecipe for a missing, unknown or impossible entry."""
    text, entries = read_toml(path)
    return recipe_of(entries, text)


def recipe_of(entries: Mapping[str, Any], text: str) -> Recipe:
    """The recipe of these entries, which ``text`` spells; raises BadRecipe."""
    recipe = Recipe(**typed(Recipe, entries, but=("text",)), text=text)
    _check(recipe)
    return recipe


def _check(recipe: Recipe) -> None:
    """Raise BadRecipe for entries that are well typed and still impossible."""
    wrong = {
        "architecture": recipe.architecture not in ARCHITECTURES,
        "size": not 32 <= recipe.size <= 2048,
        "sizes": any(len(step) != 2 or not 32 <= step[1] <= 2048 for step in recipe.sizes)
        or sorted({step[0] for step in recipe.sizes}) != [step[0] for step in recipe.sizes],
        "keep": recipe.keep not in ("best", "last"),
        "precision": recipe.precision not in ("fp32", "bf16"),
        "mixup": not 0 <= recipe.mixup < 10,
        "loss": not (0 <= recipe.loss.focal_gamma <= 10 and 0 <= recipe.loss.effective_beta < 1),
        "synthetic": not (0 <= recipe.synthetic.share <= 1 and 0 <= recipe.synthetic.weight <= 10),
        "operating_points": recipe.operating_points.rule not in RULES
        or not 0 < recipe.operating_points.sensitivity <= 1,
        "known_cases": not 0 <= recipe.known_cases <= 10_000,
        "coverage": not 0 <= recipe.coverage < 1,
        "epochs": recipe.epochs < 1,
        "batch": recipe.batch < 2,
        "lr": not 0 < recipe.lr < 10,
        "head_lr": not 0 < recipe.head_lr < 10,
        "warmup": not 0 <= recipe.warmup < 1,
        "ema": not 0 <= recipe.ema < 1,
        "patience": recipe.patience < 1,
        "contrast": len(recipe.contrast) not in (0, 2)
        or sorted(recipe.contrast) != [*recipe.contrast],
        "train_splits": not recipe.train_splits or {"val", "test"} & {*recipe.train_splits},
    }
    for name, is_wrong in wrong.items():
        if is_wrong:
            raise BadRecipe(f"The recipe's entry {name} cannot be {getattr(recipe, name)!r}.")
    try:
        recipe.statement.format(train=1, val=1, test=1)
    except (KeyError, IndexError, ValueError) as error:
        raise BadRecipe(f"The recipe's statement has an unknown place: {error}.") from error
