"""``radlens train`` and ``radlens models convert``: the door to the lab extra."""

from pathlib import Path

import click

from radlens.bootstrap import PACKAGE, read_tasks, settings
from radlens.domain.errors import MissingExtra, UnknownTask
from radlens.domain.task import Task
from radlens.ports import Site


def train_recipe(site: Site, recipe: Path, *, data: str, out: Path) -> None:
    """Train by a recipe and say where the bundle is."""
    try:
        from radlens.lab.train import train
    except ModuleNotFoundError as error:
        raise _without_lab("train") from error
    run = train(site, recipe, data=data, out=out)
    if run:  # under torchrun, only the first process speaks
        click.echo(f"The bundle is ready: {out / run.task}  (run {run.id[:12]})")


def convert_weights(weights: Path, *, arch: str, task: str, out: Path) -> None:
    """Convert old weights and say where the bundle is."""
    tasks = _tasks()
    if task not in tasks:
        raise UnknownTask(f"There is no task {task!r}.")
    try:
        from radlens.lab.convert import convert
    except ModuleNotFoundError as error:
        raise _without_lab("models convert") from error
    folder = convert(weights, arch=arch, task=tasks[task], out=out)
    click.echo(
        f"The bundle is ready: {folder}\n"
        f"Move it to {settings().home / 'models' / task} to let it answer."
    )


def _tasks() -> dict[str, Task]:
    return read_tasks(PACKAGE / "tasks") | read_tasks(settings().home / "tasks")


def _without_lab(command: str) -> MissingExtra:
    return MissingExtra(
        f"`radlens {command}` needs the lab extra.", hint="pip install 'radlens[lab]'"
    )
