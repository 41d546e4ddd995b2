"""Diseases that a site adds to its tasks: asked for, and looked up; a worker does the work."""

from dataclasses import replace

from radlens.domain.audit import Actor, Verb
from radlens.domain.dataset import Dataset
from radlens.domain.disease import Disease, Wish
from radlens.domain.errors import UnknownTask
from radlens.domain.job import Job, JobKind
from radlens.domain.ledger import Kind, State
from radlens.ports import Site
from radlens.usecases.attempt import attempted
from radlens.usecases.disease_images import Sent, take
from radlens.usecases.generators import learning
from radlens.usecases.jobs import enqueue_once


def ask_for(site: Site, wish: Wish, images: Sent | Dataset, *, by: Actor) -> Job:
    """Put the images on record, unless they are a dataset already, and have the disease added.

    Raises UnknownTask, BadCard, BadOrder, NoSuchItem, Conflict and what ``take`` raises.
    """
    with attempted(site, Verb.QUEUE_JOB, JobKind.DISEASE, by=by):
        if wish.task not in site.tasks:
            raise UnknownTask(f"There is no task {wish.task[:100]!r}.")
        task = site.tasks[wish.task]
        if not _open(site, wish):  # of one that is, the card may have the label already
            wish.check(task)
        base = learning(site, wish.task, wish.generator)
    dataset = (
        images
        if isinstance(images, Dataset)
        else take(site, images, disease=wish.disease, task=task, by=by)
    )
    asked = replace(wish, images=dataset.id, generator=base.digest)
    return enqueue_once(site, JobKind.DISEASE, asked.arguments, by=by)


def _open(site: Site, wish: Wish) -> bool:
    """Whether this disease is being added to this task, or was when it was stopped."""
    items = site.ledger.items(Kind.DISEASE, name=wish.disease)
    found = (Disease.of(item) for item in items if item.state is State.RUNNING)
    return any(before.wish.task == wish.task for before in found)


def diseases(site: Site) -> list[Disease]:
    """Every addition on record, the newest first."""
    return [Disease.of(item) for item in site.ledger.items(Kind.DISEASE)]


def disease(site: Site, reference: str) -> Disease:
    """One by its name (the newest), its id or the beginning of it; raises NoSuchItem."""
    if named := site.ledger.items(Kind.DISEASE, name=reference, limit=1):
        return Disease.of(named[0])
    return Disease.of(site.ledger.get(reference))
