"""Which weights Stable Diffusion has and how it learns: a place, or a recipe that names one."""

from dataclasses import dataclass, field
from pathlib import Path

from radlens.domain.errors import BadRecipe, NoWeights
from radlens.lab.entries import read_toml, typed
from radlens.lab.synth.stable_train import Plan


@dataclass(frozen=True)
class StableRecipe:
    """``weights`` is a folder (in a recipe from where that stands) or a hub id; ``side`` of the
    images that are kept, in pixels (0: as large as they are drawn); ``plan`` how LoRA learns.
    """

    weights: str
    side: int = 192  # the largest that a shipped model reads
    plan: Plan = field(default_factory=Plan)
    text: str = ""


def recipe_at(where: str) -> StableRecipe:
    """The recipe in a ``.toml`` file, or the usual one for weights; raises NoWeights, BadRecipe."""
    if not where:
        raise NoWeights("There are no Stable Diffusion weights: none were named.")
    if not where.endswith(".toml"):
        return StableRecipe(where)
    text, entries = read_toml(Path(where))
    recipe = StableRecipe(**typed(StableRecipe, entries, but=("text",)), text=text)
    if not (recipe.side == 0 or 16 <= recipe.side <= 2048):
        raise BadRecipe(f"The recipe's entry side cannot be {recipe.side!r}.")
    beside = Path(where).parent / recipe.weights
    weights = str(beside) if beside.is_dir() else recipe.weights
    return StableRecipe(weights, recipe.side, recipe.plan, text)
