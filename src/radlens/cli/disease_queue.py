"""What ``radlens disease add --queue`` does: a worker does the work, and the lab is its own."""

from collections.abc import Mapping
from pathlib import Path

import click

from radlens.domain.audit import Actor
from radlens.domain.disease import Wish
from radlens.ports import Site
from radlens.usecases.datasets import found
from radlens.usecases.disease_images import sent_from
from radlens.usecases.diseases import ask_for


def queue_it(
    site: Site, name: str, images: str, asked: Mapping[str, str | int], *, by: Actor
) -> None:
    """Put the images on record, queue the addition, and say how to watch it."""
    wish = Wish.of({"disease": name, "images": images, **asked})
    folder = Path(images)
    few = sent_from(folder) if folder.is_dir() else found(site, images)
    job = ask_for(site, wish, few, by=by)
    click.echo(
        f"Queued as {job.id[:12]}; what comes out will be a candidate in the registry.\n"
        f"To watch it: radlens jobs watch {job.id[:12]}"
    )
