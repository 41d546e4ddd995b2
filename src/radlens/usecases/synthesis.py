"""Synthesis is asked for: a disease to be learned, images to be drawn, drawn images to be assessed.

A worker does it. What a worker would refuse for what it was asked is refused here at once.
"""

from collections.abc import Mapping
from dataclasses import asdict

from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.dataset import HELD_OUT, Dataset
from radlens.domain.errors import BadDataset, BadOrder, Conflict, NoSuchItem, UnknownTask
from radlens.domain.job import Job, JobKind
from radlens.domain.ledger import Item, Kind
from radlens.domain.synthesis import Order, Wish, check_order, check_wish
from radlens.ports import Site
from radlens.usecases.attempt import attempted
from radlens.usecases.datasets import found
from radlens.usecases.disease_images import Sent, take
from radlens.usecases.generators import drawing, learning
from radlens.usecases.jobs import enqueue_once
from radlens.usecases.release import check_released

SHEET = "neighbours.png"


def queue_adapt(site: Site, wish: Wish, images: Sent | Dataset, *, by: Actor) -> Job:
    """Put the images on record, unless they are a dataset already, and have the disease learned.

    Raises BadOrder, UnknownTask, NoSuchItem, Conflict and what ``take`` raises.
    """
    with attempted(site, Verb.QUEUE_JOB, JobKind.ADAPT, by=by):
        check_wish(wish.disease, wish.prompt, wish.seed)
        if wish.task not in site.tasks:
            raise UnknownTask(f"There is no task {wish.task[:100]!r}.")
        base = learning(site, wish.task, wish.generator)
        if wish.disease in base.labels:
            raise Conflict(
                f"The generator {base.name} draws {wish.disease!r} already.",
                hint="Choose another name for the new disease.",
            )
    task = site.tasks[wish.task]
    dataset = (
        images
        if isinstance(images, Dataset)
        else take(site, images, disease=wish.disease, task=task, by=by)
    )
    arguments = asdict(wish) | {"generator": base.digest, "dataset": dataset.id}
    return enqueue_once(site, JobKind.ADAPT, arguments, by=by)


def queue_generate(site: Site, order: Order, *, by: Actor) -> Job:
    """Have images drawn into a dataset; raises BadOrder, NoSuchItem."""
    with attempted(site, Verb.QUEUE_JOB, JobKind.GENERATE, by=by):
        check_order(order)
        known = drawing(site, order.disease, order.generator, order.task)
    arguments = asdict(order) | {"generator": known.digest}
    return enqueue_once(site, JobKind.GENERATE, arguments, by=by)


def queue_assess(site: Site, reference: str, against: str, *, seed: int = 1, by: Actor) -> Job:
    """Have the synthetic images of a dataset held against a real one, both by name or id.

    Raises NoSuchItem, BadDataset.
    """
    with attempted(site, Verb.QUEUE_JOB, JobKind.ASSESS, by=by):
        made, real = found(site, reference), found(site, against)
        if not any(image.synthetic for image in made.images):
            raise BadDataset(f"{made.name} has no synthetic image.", hint="Name one that has some.")
        if (made.task, made.labels) != (real.task, real.labels) or not any(real.of(*HELD_OUT)):
            raise BadDataset(
                f"{made.name} cannot be held against {real.name}.",
                hint="It takes real images of the same task and labels, some of them held out.",
            )
    arguments = {"dataset": made.id, "against": real.id, "seed": seed}
    return enqueue_once(site, JobKind.ASSESS, arguments, by=by)


def queue_training(
    site: Site, recipe: Mapping[str, str], made: str, real: str, *, by: Actor
) -> Job:
    """Have a model trained on a real dataset and, in train, on released synthetic images.

    ``recipe`` are the arguments of a training that name it. Raises NoSuchItem, BadOrder where the
    datasets, by name or id, are of two tasks, BadDataset, or Conflict where a class is blocked.
    """
    with attempted(site, Verb.QUEUE_JOB, JobKind.TRAIN, by=by):
        drawn, among = found(site, made), found(site, real)
        check_one_task(drawn, among)
        check_released(site, drawn)
    arguments = {**recipe, "data": among.id, "synthetic": drawn.id}
    return enqueue_once(site, JobKind.TRAIN, arguments, by=by)


def check_one_task(made: Dataset, real: Dataset) -> None:
    """Raise BadOrder where two datasets are of two tasks."""
    if made.task != real.task:
        raise BadOrder(
            f"{made.name} is of {made.task}, and {real.name} of {real.task}.",
            hint="Combine datasets of one task.",
        )


def assessments(site: Site, dataset: str | None = None) -> list[Item]:
    """What was measured of synthetic datasets, or of the one of this id; the newest first."""
    items = site.ledger.items(Kind.ASSESSMENT)
    return [item for item in items if dataset in (None, item.parents[0])]


def neighbours(site: Site, assessment: str, *, by: Actor) -> bytes:
    """The sheet of an assessment (PNG), which shows real images: the log tells who looks.

    Raises NoSuchItem.
    """
    item = site.ledger.get(assessment)
    if item.kind is not Kind.ASSESSMENT:
        raise NoSuchItem(f"There is no assessment {assessment[:100]!r}.")
    site.trail.note(Act(site.clock(), by, Verb.VIEW_IMAGE, item.parents[1], {"sheet": item.id}))
    return site.blobs.get(item.files[SHEET])


def take_along(site: Site, dataset: Dataset, real: Dataset | None, *, by: Actor) -> None:
    """Put on record that somebody takes a dataset along; to be called first."""
    detail = {"images": len(dataset.images), "with": real.id if real else ""}
    site.trail.note(Act(site.clock(), by, Verb.EXPORT_DATASET, dataset.id, detail))
