"""What ``radlens synth`` does with ``--queue``: a worker does the work, and the lab is its own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from radlens.domain.audit import Actor
from radlens.domain.job import Job
from radlens.domain.synthesis import Order, Wish
from radlens.ports import Site
from radlens.usecases.datasets import found
from radlens.usecases.disease_images import sent_from
from radlens.usecases.synthesis import queue_adapt, queue_assess, queue_generate


def queue_adaptation(
    site: Site, *, disease: str, images: str, wish: Mapping[str, Any], by: Actor
) -> None:
    """Put the images on record, queue the learning, and say how to watch it."""
    folder = Path(images)
    few = sent_from(folder) if folder.is_dir() else found(site, images)
    _say(queue_adapt(site, Wish(disease=disease, **wish), few, by=by))


def queue_generation(site: Site, order: Mapping[str, Any], *, by: Actor) -> None:
    """Queue the drawing, and say how to watch it."""
    _say(queue_generate(site, Order(**order), by=by))


def queue_assessment(site: Site, dataset: str, *, against: str, seed: int, by: Actor) -> None:
    """Queue the measuring, and say how to watch it."""
    _say(queue_assess(site, dataset, against, seed=seed, by=by))


def _say(job: Job) -> None:
    click.echo(f"Queued as {job.id[:12]}.\nTo watch it: radlens jobs watch {job.id[:12]}")
