"""What ``radlens disease add`` does once a site is open; imports the lab."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from hashlib import sha256
from shutil import rmtree

import click

from radlens.bootstrap import settings
from radlens.cli.disease_words import say
from radlens.cli.say import lab_extra
from radlens.domain.audit import Actor
from radlens.domain.disease import Wish
from radlens.domain.errors import UnknownTask
from radlens.ports import Site
from radlens.usecases.datasets import register

with lab_extra("disease add", extra="lab,synth"):
    from radlens.lab.disease.add import add_disease
    from radlens.lab.progress import bar, progress
    from radlens.lab.synth.images import few


def add_here(
    site: Site, name: str, images: str, asked: Mapping[str, str | int], *, by: Actor
) -> None:
    """Add it in this process, and say what each step came to."""
    wish = Wish.of({"disease": name, "images": images, **asked})
    if wish.task not in site.tasks:
        raise UnknownTask(f"There is no task {wish.task!r}.")
    card = site.tasks[wish.task]
    dataset = few(site, images, disease=name, task=card)
    wish = replace(wish, images=register(site, dataset).id)
    folder = settings().home / "diseases" / sha256(repr(wish).encode()).hexdigest()[:16]
    with progress() as bars:
        added = add_disease(site, wish, out=folder, by=by, told=partial(bar, bars))
    rmtree(folder, ignore_errors=True)
    say(added)
    version = site.registry.get(added.record("candidate"))
    click.echo(
        f"What the gate says: radlens models gate {version.version}\n"
        f"To let it answer: radlens models activate {version.version}"
    )
