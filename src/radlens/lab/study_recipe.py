"""The recipe of a study: a base, rungs that change it, sizes and seeds, all as data."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radlens.domain.errors import BadRecipe
from radlens.lab.entries import read_toml, typed
from radlens.lab.recipe import Recipe, recipe_of
from radlens.lab.study_made import Made


@dataclass(frozen=True)
class Rung:
    """One step of the ladder: ``changes`` to the base recipe, and what they are.

    It is compared with the rung ``against``, the one before it unless told otherwise. ``made``
    says how it gets synthetic images, if it does. ``per_class`` names those of the study's numbers
    of images that it is trained with, all of them unless told otherwise.
    """

    name: str
    what: str
    changes: dict[str, Any]
    made: Made | None = None
    against: str = ""
    per_class: tuple[int, ...] = ()


@dataclass(frozen=True)
class Claim:
    """Somebody else's figure for a rung, an accuracy, and where it was stated."""

    rung: str
    accuracy: float
    origin: str


@dataclass(frozen=True)
class StudyRecipe:
    """One TOML file of ``lab/recipes/studies``, read and checked.

    A rung is trained with every number of images ``per_class`` and every seed. A seed draws
    its own images, the smaller sets within the larger ones, and all rungs get the same.
    ``epochs`` has one entry for each number of images, so that small sets get as many steps.
    ``resamples`` is how often test cases and seeds are drawn again for the intervals.
    """

    name: str
    question: str
    per_class: tuple[int, ...]
    epochs: tuple[int, ...]
    seeds: tuple[int, ...]
    resamples: int
    base: dict[str, Any]
    rung: tuple[Rung, ...]
    text: str
    claim: tuple[Claim, ...] = ()

    def plan(self, rung: Rung, per_class: int, seed: int) -> Recipe:
        """The recipe of one arm; raises BadRecipe."""
        epochs = dict(zip(self.per_class, self.epochs, strict=True))[per_class]
        entries = changed(self.base, {**rung.changes, "seed": seed, "epochs": epochs})
        return recipe_of(entries, json.dumps(entries, sort_keys=True))

    def rungs(self, per_class: int) -> list[Rung]:
        """Those that are trained with so many images of each class."""
        return [r for r in self.rung if not r.per_class or per_class in r.per_class]

    def pairs(self, per_class: int) -> Iterator[tuple[Rung, Rung]]:
        """Each rung of ``rungs`` beside the one that it is compared with."""
        named = {rung.name: rung for rung in self.rung}
        there = self.rungs(per_class)
        for before, rung in zip(self.rung, self.rung[1:], strict=False):
            if rung in there:
                yield named[rung.against] if rung.against else before, rung

    @property
    def dataset(self) -> str:
        """The dataset of synthetic images that its rungs take, or ""; there is one at most."""
        return next((r.made.dataset for r in self.rung if r.made and r.made.dataset), "")

    def arms(self) -> Iterator[tuple[Rung, int, int]]:
        """Rung, images per class and seed of every arm; whole ladders first, seed by seed."""
        for seed in self.seeds:
            for n in self.per_class:
                for rung in self.rungs(n):
                    yield rung, n, seed


def read_study(path: Path) -> StudyRecipe:
    """Read a study's recipe and every arm's; raises BadRecipe."""
    text, _ = read_toml(path)
    return study_of(text)


def study_of(text: str) -> StudyRecipe:
    """The study that a recipe's text spells; raises BadRecipe."""
    entries = tomllib.loads(text)
    study = StudyRecipe(**typed(StudyRecipe, entries, but=("text",)), text=text)
    names = [rung.name for rung in study.rung]
    for number, rung in enumerate(study.rung):
        if rung.made:
            rung.made.check()
        if rung.against and rung.against not in names[:number]:
            raise BadRecipe(f"The rung {rung.name} is compared with none before it.")
        if not {*rung.per_class} <= {*study.per_class}:
            raise BadRecipe(f"The rung {rung.name} has a per_class that the study has not.")
    wrong = {
        "per_class": not study.per_class or min(study.per_class) < 1 or _twice(study.per_class),
        "epochs": len(study.epochs) != len(study.per_class),
        "seeds": not study.seeds or _twice(study.seeds),
        "resamples": study.resamples < 100,
        "rung": len(names) < 2 or _twice(names),
    }
    for name, is_wrong in wrong.items():
        if is_wrong:
            raise BadRecipe(f"The study's entry {name} cannot be {getattr(study, name)!r}.")
    if len({r.made.dataset for r in study.rung if r.made and r.made.dataset}) > 1:
        raise BadRecipe("The rungs of a study take the synthetic images of one dataset.")
    n, seed = study.per_class[0], study.seeds[0]
    for size in study.per_class:
        if any(one not in study.rungs(size) for one, _ in study.pairs(size)):
            raise BadRecipe(f"With {size} images a rung is compared with one that is not there.")
    plans = [study.plan(rung, n, seed) for rung in study.rung]
    if len({(plan.task, plan.train_splits, plan.input) for plan in plans}) > 1:
        raise BadRecipe("All rungs of a study have one task, one train split and one input.")
    if {plan.keep for plan in plans} != {"last"}:
        raise BadRecipe('A study chooses no epoch on other images: its base needs keep = "last".')
    return study


def changed(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The base with changes; tables are changed entry by entry."""
    result = deepcopy(dict(base))
    for name, value in changes.items():
        inner = result.get(name)
        if isinstance(inner, dict) and isinstance(value, dict):
            value = changed(inner, value)
        result[name] = value
    return result


def _twice(values: Any) -> bool:
    return len({*values}) < len(values)
