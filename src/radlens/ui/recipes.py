"""Recipes as pages know them: those that ship, and those of runs on record; read, never run."""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from radlens.bootstrap import PACKAGE
from radlens.domain.run import Run

FOLDER = PACKAGE / "lab" / "recipes"
# What a worker may start from: whoever queues a run may not be who may read the worker's files.
STARTS = ("scratch", "imagenet")
SLOWER = 10  # how much lower the rate is when all layers learn after the head did


@dataclass(frozen=True)
class Recipe:
    """A recipe's ``text`` as TOML; ``run`` is the one on record that had it, "" where it ships."""

    name: str
    text: str
    run: str = ""

    @property
    def shipped(self) -> bool:
        return not self.run

    @property
    def title(self) -> str:
        """Its name and where it stands."""
        return f"{self.name} (shipped)" if self.shipped else f"{self.name} (run {self.run[:8]})"

    @cached_property
    def entries(self) -> Mapping[str, Any]:
        return tomllib.loads(self.text)

    @property
    def task(self) -> str:
        return str(self.entries["task"])

    @property
    def about(self) -> str:
        """What the comment says that it begins with."""
        lines = []
        for line in self.text.splitlines():
            if not line.startswith("#"):
                break
            lines.append(line.removeprefix("#").strip())
        return " ".join(lines)

    @property
    def arguments(self) -> dict[str, str]:
        """What a job is told of it; a run's name is spelled as a run may be called."""
        if self.shipped:
            return {"recipe": self.name}
        return {"recipe": self.text, "name": plain(self.name)}

    @property
    def queueable(self) -> bool:
        """Whether a worker may begin with what it starts from."""
        start = str(self.entries["start"])
        return start in STARTS or start.startswith("run:")


def plain(name: str) -> str:
    """The name as a run may have it."""
    return re.sub(r"^\W|[^\w.+-]", "-", name)[:100]


def shipped() -> list[Recipe]:
    """The training recipes of the package, by name."""
    return [Recipe(path.stem, path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.toml"))]


def known(runs: Iterable[Run]) -> list[Recipe]:
    """Shipped recipes, then those of runs that are no shipped one's, each once, newest first."""
    found = {recipe.text: recipe for recipe in shipped()}
    for run in runs:
        found.setdefault(run.recipe, Recipe(run.name, run.recipe, run.id))
    return list(found.values())


def second_stage(run: Run) -> str:
    """The recipe that goes on from a run with every layer, at a tenth of its rates, as TOML."""
    entries = dict(tomllib.loads(run.recipe))
    rate = entries["lr"] / SLOWER
    return as_toml(entries | {"start": f"run:{run.id}", "frozen": [], "lr": rate, "head_lr": rate})


def as_toml(entries: Mapping[str, Any]) -> str:
    """Entries as TOML: tables of one level last, and values that JSON spells the same."""
    tables = {name: value for name, value in entries.items() if isinstance(value, Mapping)}
    lines = [f"{name} = {json.dumps(entries[name])}" for name in entries if name not in tables]
    for name, table in tables.items():
        lines += [
            "",
            f"[{name}]",
            *(f"{key} = {json.dumps(value)}" for key, value in table.items()),
        ]
    return "\n".join(lines) + "\n"
