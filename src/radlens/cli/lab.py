"""``radlens train`` and ``radlens models convert``: the door to the lab extra."""

from pathlib import Path
from shlex import quote

import click

from radlens.bootstrap import cards_of, settings
from radlens.cli.say import lab_extra
from radlens.domain.audit import Actor
from radlens.domain.errors import BadRecipe, UnknownTask
from radlens.domain.job import JobKind
from radlens.domain.task import Task
from radlens.ports import Site
from radlens.usecases.jobs import enqueue
from radlens.usecases.release import unreleased


def train_recipe(site: Site, recipe: Path, *, data: str, out: Path) -> None:
    """Train by a recipe and say where the bundle is."""
    with lab_extra("train"):
        from radlens.lab.train import train
        from radlens.usecases.datasets import named
    for warning in unreleased(site, named(site, data)):
        click.echo(f"Warning: {warning}", err=True)
    run = train(site, recipe, data=data, out=out)
    if run:  # under torchrun, only the first process speaks
        bundle = out / run.task
        click.echo(f"The bundle is ready: {bundle}  (run {run.id[:12]})\n{_next(bundle)}")


def queue_training(site: Site, recipe: Path, *, data: str, by: Actor) -> None:
    """Queue a training by a recipe and say how to watch it."""
    folder = Path(data)
    try:
        text = recipe.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadRecipe(f"The recipe {recipe.name} cannot be read: {error}.") from error
    named = {"recipe": text, "name": recipe.stem}
    found = str(folder.resolve()) if folder.is_dir() else data
    job = enqueue(site, JobKind.TRAIN, {**named, "data": found}, by=by)
    click.echo(
        f"Queued as {job.id[:12]}; what comes out will be a candidate in the registry.\n"
        f"To watch it: radlens jobs watch {job.id[:12]}"
    )


def convert_weights(weights: Path, *, arch: str, task: str, out: Path) -> None:
    """Convert old weights and say where the bundle is."""
    tasks = _tasks()
    if task not in tasks:
        raise UnknownTask(f"There is no task {task!r}.")
    with lab_extra("models convert"):
        from radlens.lab.convert import convert
    folder = convert(weights, arch=arch, task=tasks[task], out=out)
    click.echo(f"The bundle is ready: {folder}\n{_next(folder)}")


def _next(bundle: Path) -> str:
    return f"To register it: radlens models add {quote(str(bundle))}"


def _tasks() -> dict[str, Task]:
    return cards_of(settings())
