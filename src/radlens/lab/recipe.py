"""A training recipe: everything that decides a run besides the data and the code."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any, get_origin

from radlens.domain.errors import BadRecipe
from radlens.domain.model import InputSpec
from radlens.lab.augment import Augmentation
from radlens.lab.networks import ARCHITECTURES

# How each network's published weights want their input, from grey values in [0, 1]:
# torchvision's ImageNet statistics, and (x - 127) / 128 of the EfficientNet-Lite weights.
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
LITE = ((127 / 255,) * 3, (128 / 255,) * 3)


@dataclass(frozen=True)
class Recipe:
    """One TOML file of ``lab/recipes``, read and checked.

    ``start`` is ``imagenet``, ``scratch`` or the path of a ``.safetensors`` file of weights, from
    the recipe's folder; ``frozen`` lists how the names of layers begin that keep their start.
    ``lr`` is the peak rate of the body, ``head_lr`` of the new linear layer; ``ema`` the decay of
    the averaged weights (0: none); ``patience`` the epochs without a better validation score
    before the run stops; ``class_weighting`` the power of the inverse class frequency in the loss
    (0: none, 1: full); ``contrast`` two percentiles, or nothing; ``train_splits`` what counts as
    train; ``statement`` may name ``{train}``, ``{val}`` and ``{test}``, the numbers of images.
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
    validation_fraction: float
    statement: str
    augment: Augmentation
    text: str

    @property
    def digest(self) -> str:
        """SHA-256 of the recipe's text."""
        return sha256(self.text.encode()).hexdigest()

    @property
    def input(self) -> InputSpec:
        """How a scan becomes this network's input."""
        mean, std = LITE if self.architecture == "efficientnet-lite0" else IMAGENET
        contrast = (self.contrast[0], self.contrast[1]) if self.contrast else None
        return InputSpec(self.size, self.size, mean, std, contrast)


def read_recipe(path: Path) -> Recipe:
    """Read a recipe; raises BadRecipe for a missing, unknown or impossible entry."""
    try:
        text = path.read_text()
        entries = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadRecipe(f"The recipe {path.name} cannot be read: {error}.") from error
    augment = Augmentation(**_typed(Augmentation, entries.pop("augment", None), "augment."))
    recipe = Recipe(
        **_typed(Recipe, entries, "", but=("augment", "text")), augment=augment, text=text
    )
    _check(recipe)
    return recipe


def _typed(
    shape: type[Recipe] | type[Augmentation], entries: Any, prefix: str, but: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The entries of one table with the types of their fields; no entry more, none less."""
    if not isinstance(entries, Mapping):
        raise BadRecipe(f"The recipe has no table [{prefix.rstrip('.')}].")
    known = {field.name: field.type for field in fields(shape) if field.name not in but}
    if unknown := sorted(set(entries) - set(known)):
        raise BadRecipe(f"The recipe has an unknown entry: {prefix}{unknown[0]}.")
    if missing := sorted(set(known) - set(entries)):
        raise BadRecipe(f"The recipe has no entry {prefix}{missing[0]}.")
    return {name: _value(entries[name], kind, prefix + name) for name, kind in known.items()}


def _value(value: Any, kind: Any, name: str) -> Any:
    if get_origin(kind) is tuple and isinstance(value, list):
        inner = str if kind == tuple[str, ...] else float
        return tuple(_value(entry, inner, name) for entry in value)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise BadRecipe(f"The recipe's entry {name} cannot be {value!r}.")
    return value


def _check(recipe: Recipe) -> None:
    """Raise BadRecipe for entries that are well typed and still impossible."""
    wrong = {
        "architecture": recipe.architecture not in ARCHITECTURES,
        "size": not 32 <= recipe.size <= 2048,
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
        "validation_fraction": not 0 < recipe.validation_fraction < 0.5,
    }
    for name, is_wrong in wrong.items():
        if is_wrong:
            raise BadRecipe(f"The recipe's entry {name} cannot be {getattr(recipe, name)!r}.")
    try:
        recipe.statement.format(train=1, val=1, test=1)
    except (KeyError, IndexError, ValueError) as error:
        raise BadRecipe(f"The recipe's statement has an unknown place: {error}.") from error
