"""What ``radlens data phantom`` does; imports the lab."""

from collections.abc import Mapping
from pathlib import Path

import click

from radlens.cli.say import lab_extra
from radlens.domain.errors import UnknownTask
from radlens.domain.task import Task

with lab_extra("data phantom"):
    from radlens.lab.phantom_folder import BASE_TASK, phantoms, write
    from radlens.lab.progress import bar, progress


def draw_phantoms(
    tasks: Mapping[str, Task], task: str, out: Path, *, number: int, seed: int, base: Path | None
) -> None:
    """Draw a set of phantoms into a folder and say how many there are."""
    if task not in tasks:
        raise UnknownTask(f"There is no task {task!r}.")
    with progress() as bars:
        on = None if base is None else (base, tasks[BASE_TASK])
        made = phantoms(tasks[task], n=number, seed=seed, base=on, seen=bar(bars, "locating"))
        count = write(made, out, tasks[task], seen=bar(bars, "drawing"), of=number)
    click.echo(f"{count} images are in {out}; `radlens data import` reads them.")
