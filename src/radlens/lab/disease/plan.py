"""What adding a disease needs, looked at before anything is on record."""

from dataclasses import dataclass, replace

from radlens.domain.dataset import Dataset
from radlens.domain.disease import Disease, Wish
from radlens.domain.errors import BadDataset, Conflict, NoSuchItem, UnknownTask
from radlens.domain.model import Manifest
from radlens.domain.synthesis import Order
from radlens.domain.task import Task
from radlens.lab.start import live_bundle
from radlens.lab.synth.adapt import Adaptation, base_for
from radlens.lab.synth.images import few
from radlens.ports import Site
from radlens.usecases.datasets import found, named


@dataclass(frozen=True, eq=False)
class Plan:
    """A disease that can be added: the ``few`` images of it, and the dataset ``beside`` them.

    ``card`` is the task's before it; ``site`` is one whose card has the new label already, for
    what is made beforehand. ``live`` is the manifest of the version that answers now.
    """

    wish: Wish
    card: Task
    site: Site
    few: Dataset
    beside: Dataset
    live: Manifest

    @property
    def task(self) -> Task:
        """The card with the new label."""
        return self.site.tasks[self.wish.task]

    def adaptation(self, images: str) -> Adaptation:
        """How a generator learns the disease from a dataset."""
        wish = self.wish
        return Adaptation(
            wish.disease, images, wish.task, wish.prompt, wish.generator, seed=wish.seed
        )

    def order(self, generator: str) -> Order:
        """What a generator is to draw."""
        wish = self.wish
        name = f"{wish.disease}-synthetic"
        return Order(wish.disease, wish.n, generator, seed=wish.seed, name=name)


def plan_for(site: Site, wish: Wish, begun: Disease | None = None) -> Plan:
    """The plan of a wish, or of one that was ``begun``.

    Raises what the user of it can mend: UnknownTask, BadCard, Conflict where the card has such a
    label, BadOrder, BadDataset, NotThisTask, NoSuchItem, NoLiveModel.
    """
    card = _card(site, wish, begun)
    wish.check(card)
    ahead = replace(site, tasks={**site.tasks, wish.task: card.extended(wish.label)})
    base_for(ahead, Adaptation(wish.disease, "", wish.task, wish.prompt, wish.generator, wish.seed))
    live = live_bundle(site, wish.task).manifest
    others = beside(site, wish, live)
    found(site, wish.images)  # a job reads no folder of the worker's machine
    images = few(ahead, wish.images, disease=wish.disease, task=ahead.tasks[wish.task])
    if images.labels != ahead.tasks[wish.task].names:
        raise BadDataset(
            f"{images.name} has the labels {', '.join(images.labels)}.",
            hint=f"Import the images again for {wish.task} as its card is now.",
        )
    return Plan(wish, card, ahead, images, others, live)


def _card(site: Site, wish: Wish, begun: Disease | None) -> Task:
    """The card before the disease; what was begun goes on where its label is there already."""
    if wish.task not in site.tasks:
        raise UnknownTask(f"There is no task {wish.task[:80]!r}.")
    card = site.tasks[wish.task]
    if begun and card.names == (*begun.before, wish.disease):
        return replace(card, labels=card.labels[:-1], editions=card.editions[:-1])
    if begun and card.names != begun.before:
        raise Conflict(
            f"The card of {card.name} has got other labels meanwhile.",
            hint="Add the disease again.",
        )
    return card


def beside(site: Site, wish: Wish, live: Manifest) -> Dataset:
    """The dataset of the task's other classes; raises NoSuchItem, BadDataset."""
    if wish.data:
        other = found(site, wish.data)
    else:
        data = live.provenance.get("dataset") or {}
        learned = named(site, str(data.get("sha256", "")) or "-")
        if learned is None:
            told = (
                f"{data['name']} ({data['sha256'][:12]})" if data else "data that it does not name"
            )
            raise NoSuchItem(
                f"The live version {live.version} learned from {told}, which is not on this site.",
                hint="Import it with `radlens data import` and split it as it was, or name another "
                "dataset of the task's classes with --data.",
            )
        other = learned
    known = tuple(other.labels)
    if other.task != wish.task or known != site.tasks[wish.task].names[: len(known)]:
        raise BadDataset(f"The dataset {other.name} is of {other.task} ({', '.join(known)}).")
    return other
