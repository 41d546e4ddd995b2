"""Recipe and data -> bundle: the whole run, in the order in which it happens."""

from collections.abc import Mapping
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from radlens.domain.errors import BadRecipe
from radlens.domain.task import Task
from radlens.lab.dataset import read_manifest
from radlens.lab.finish import finish
from radlens.lab.memory import keep_freed_memory
from radlens.lab.networks import build
from radlens.lab.recipe import Recipe, read_recipe
from radlens.lab.splits import Dataset, arrange
from radlens.lab.training import fit
from radlens.lab.weights import start_from


def train(recipe: Path, *, data: Path, out: Path, tasks: Mapping[str, Task]) -> Path:
    """Train by a recipe and give the folder of the finished bundle, ``out/<task>``.

    ``out`` is the run's folder: checkpoint, best weights, learning curve and record. A run that
    was stopped goes on from its last epoch when it is started again with the same ``out``.
    Raises BadRecipe, BadDataset or, where the export disagrees with itself, BadBundle.
    """
    plan = read_recipe(recipe)
    if plan.task not in tasks:
        raise BadRecipe(f"There is no task card {plan.task!r}; there are {', '.join(tasks)}.")
    task = tasks[plan.task]
    keep_freed_memory()
    torch.set_num_threads(1)  # sums depend on the number of threads, and one is fastest here
    out.mkdir(parents=True, exist_ok=True)
    with _progress() as bars:
        dataset = _dataset(plan, data, task, bars)
        chance = torch.Generator().manual_seed(plan.seed)
        network = build(plan.architecture, len(task.labels), chance)
        start_from(network, plan.start, plan.architecture, recipe.parent)
        bar = bars.add_task("training", total=None)
        curve = fit(
            network,
            dataset,
            plan,
            mode=task.mode,
            folder=out,
            tell=lambda done, of: bars.update(bar, completed=done, total=of),
        )
        bars.add_task("export and evaluation", total=None)
        return finish(network, curve, plan=plan, task=task, dataset=dataset, out=out)


def _progress() -> Progress:
    """Bars with the time left, on stderr, where somebody sees them."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(
        *columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal
    )


def _dataset(plan: Recipe, data: Path, task: Task, bars: Progress) -> Dataset:
    bar = bars.add_task("decoding", total=None)
    found = read_manifest(
        data,
        task=task,
        spec=plan.input,
        splits=(*plan.train_splits, "val", "test"),
        seen=lambda: bars.advance(bar),
    )
    return arrange(
        found,
        task=task,
        train_splits=plan.train_splits,
        validation_fraction=plan.validation_fraction,
        seed=plan.seed,
    )
