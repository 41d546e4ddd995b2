"""A run in words: how far it is, what it cost, which epoch was kept and why, its stages."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from radlens.domain.errors import NoSuchItem
from radlens.domain.evaluation import Measure
from radlens.domain.ledger import Kind, State
from radlens.domain.run import Run
from radlens.domain.task import Mode, Task
from radlens.ports import Site
from radlens.ui import recipe_words
from radlens.ui.markup import Tile, many
from radlens.ui.versions import interval, named

MOST_STAGES = 5


@dataclass(frozen=True)
class Stage:
    """One run of several that went on from each other: which layers moved, and how fast."""

    run: Run
    learns: str
    rate: str


def title(run: Run) -> str:
    """A run's name, and enough of its id to tell it from others of that name."""
    return f"{run.name} ({run.id[:8]})"


def scored_by(task: Task | None) -> str:
    """What a task's runs are scored by on validation images."""
    if task is None:
        return "validation score"
    return "balanced accuracy" if task.mode is Mode.MULTI_CLASS else "mean AUROC"


def state(run: Run) -> str:
    """How far it is, in a sentence."""
    if run.state is State.FAILED:
        return f"Failed. {run.error}"
    if run.state is State.DONE:
        return f"Done after {many(len(run.curve), 'epoch')}."
    if not run.curve:
        return "Has begun; its first epoch is not over yet."
    at = run.progress
    told = f" Last heard of at {at['time']}." if at.get("time") else ""
    return f"{many(len(run.curve), 'epoch')} done, {at['step']:,} of {at['steps']:,} steps.{told}"


def costs(run: Run) -> list[Tile]:
    """What it took: time, speed, memory, as far as it is on record."""
    at = run.progress
    found = [
        Tile(long(run.seconds), "in its epochs", "training and validation"),
        Tile(str(len(run.curve)), many(len(run.curve), "epoch")[len(str(len(run.curve))) + 1 :]),
    ]
    if run.seconds:
        images = sum(row["images"] for row in run.curve)
        found.append(Tile(f"{images / run.seconds:,.1f}", "images a second", "the mean of all"))
    if most := at.get("memory_bytes"):
        found.append(Tile(f"{most / 2**30:.1f} GiB", "memory at most", "of the whole process"))
    else:
        found.append(Tile("unknown", "memory", "not kept when this ran"))
    return found


def long(seconds: float) -> str:
    """A time as people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def why(run: Run, task: Task | None) -> list[str]:
    """Which epoch's weights were kept, and why; nothing before there was an epoch."""
    if run.best is None or run.best_epoch is None:
        return []
    recipe = tomllib.loads(run.recipe)
    metric, best, last = scored_by(task), run.best_epoch + 1, len(run.curve)
    found = [
        f"The best {metric} on validation images was {run.best:.3f}, in epoch {best} of {last}."
    ]
    if recipe.get("keep", "best") == "last":
        found.append("The recipe keeps the last epoch, whatever its score.")
    else:
        found.append(
            f"Its weights are the ones that are kept: the recipe keeps the best {metric}, and of "
            "equal ones the first."
        )
    found.append(_end(run, last - best, recipe))
    found.append(
        "That score chose the epoch, so it flatters: what the model is worth was measured "
        "afterwards, once, on test images that chose nothing."
    )
    return found


def _end(run: Run, since: int, recipe: Mapping[str, Any]) -> str:
    epochs, patience = recipe["epochs"], recipe["patience"]
    after = f"{many(since, 'epoch')} without a better score"
    if run.state is not State.DONE:
        return f"{after} so far; it stops at {patience}, or after {many(epochs, 'epoch')}."
    if len(run.curve) < epochs:
        return f"It stopped early, after {after}: the recipe's patience is {patience}."
    return f"It went on to the last of its {epochs} epochs, {after} at the end."


def figures(run: Run) -> dict[str, str]:
    """The whole model's figures on test images with their intervals."""
    return {
        named(name): interval(Measure.of(found))
        for name, found in run.metrics.items()
        if isinstance(found, Mapping) and {"value", "low", "high"} <= found.keys()
    }


def stages(site: Site, run: Run) -> list[Stage]:
    """The runs that it goes on from, the first one first, and itself as the last."""
    found = [_stage(run)]
    while before := _before(site, found[0].run):
        found.insert(0, _stage(before))
        if len(found) == MOST_STAGES:
            break
    return found


def _stage(run: Run) -> Stage:
    recipe = tomllib.loads(run.recipe)
    learns = f"Kept: {recipe_words.kept(recipe)}" if recipe["frozen"] else "Every layer learned"
    return Stage(run, learns, f"{recipe['lr']:g}, last layer {recipe['head_lr']:g}")


def _before(site: Site, run: Run) -> Run | None:
    """The run whose weights it began with; None where there is none, or none on record."""
    if not str(tomllib.loads(run.recipe)["start"]).startswith("run:") or not run.parents:
        return None
    try:
        item = site.ledger.get(run.parents[-1])
    except NoSuchItem:
        return None
    if item.kind is not Kind.RUN:
        return None
    found = Run.of(item)
    return _before(site, found) if found.recipe == run.recipe else found  # it repeats that one
