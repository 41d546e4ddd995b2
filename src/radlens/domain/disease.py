"""A disease that a site adds to a task: what is asked for, and the entry of how far it is."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from radlens.domain.errors import BadJob, BadOrder, NoSuchItem
from radlens.domain.ledger import Item, Kind, State
from radlens.domain.synthesis import LEAST, Order, check_order, check_wish
from radlens.domain.task import Label, Mode, Task, Urgency

# What an addition does, one after the other, each with a record of its own.
STEPS = (
    "images",
    "beside",
    "scan",
    "generator",
    "synthetic",
    "assessment",
    "release",
    "training",
    "evaluation",
    "candidate",
)


@dataclass(frozen=True)
class Wish:
    """A ``disease`` for a ``task``, and its ``images``: a dataset on record that shows it.

    ``title``, ``meaning`` and ``urgency`` are for the task's card. ``prompt`` describes what it
    looks like, ``n`` is how many synthetic images are drawn, ``generator`` what learns to draw
    them. ``data`` is the dataset of the task's other classes, by name or id; "" is the one that
    the live version learned from. ``others_without`` states that no image of it shows the disease:
    where findings stand beside each other nothing else can tell.
    """

    task: str
    disease: str
    images: str
    title: str
    meaning: str
    urgency: str
    prompt: str = ""
    n: int = 300
    generator: str = "compact"
    data: str = ""
    seed: int = 1
    others_without: bool = False

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of a job of kind ``disease``."""
        return asdict(self)

    @property
    def label(self) -> Label:
        """What the task's card gets."""
        return Label(self.disease, self.title, self.meaning, Urgency(self.urgency))

    def check(self, card: Task) -> None:
        """Raise what a card cannot have and no generator can do: BadCard, Conflict, BadOrder."""
        card.extended(self.label)
        check_wish(self.disease, self.prompt, self.seed)
        check_order(Order(self.disease, self.n, seed=self.seed))
        if self.n < LEAST:
            raise BadOrder(
                f"{self.n} synthetic images are too few to be measured.",
                hint=f"Ask for {LEAST} or more; 300 are enough to show that none is a copy.",
            )
        if card.mode is Mode.MULTI_LABEL and not self.others_without:
            raise BadOrder(
                f"In {card.name} findings stand beside each other, and nobody knows of its images "
                f"whether they show {self.disease}.",
                hint="If you know that none does, state it (`--others-without`); if not, import a "
                "dataset that says so of each image, and train on it.",
            )

    @staticmethod
    def of(arguments: Mapping[str, Any]) -> "Wish":
        """What a job's arguments ask for; raises BadJob where one is missing, unknown or wrong."""
        kinds = {each.name: each.type for each in fields(Wish)}
        if unknown := sorted(arguments.keys() - kinds.keys()):
            raise BadJob(f"A disease is added without the argument {unknown[0][:80]!r}.")
        for name, value in arguments.items():
            if type(value) is not kinds[name]:
                raise BadJob(f"The argument {name} of a disease cannot be {str(value)[:80]!r}.")
        try:
            wish = Wish(**arguments)
        except TypeError as error:
            raise BadJob(
                "A disease is added by its task, name, images, title, meaning and urgency."
            ) from error
        if wish.urgency not in set(Urgency):
            raise BadJob(
                f"The urgency of a disease cannot be {wish.urgency[:80]!r}.",
                hint=f"It is one of {', '.join(Urgency)}.",
            )
        return wish


@dataclass(frozen=True)
class Step:
    """One of ``STEPS`` that is done: the id or digest of its ``record``, and a plain sentence."""

    name: str
    record: str
    said: str


@dataclass(frozen=True)
class Disease:
    """One entry of kind DISEASE: what was asked for, and the steps that are done.

    ``before`` are the labels of the card when it was begun.
    """

    id: str
    time: datetime
    wish: Wish
    before: tuple[str, ...]
    state: State = State.RUNNING
    steps: tuple[Step, ...] = field(default=())
    error: str = ""

    def record(self, step: str) -> str:
        """The record of a step; raises NoSuchItem where it is not done."""
        for each in self.steps:
            if each.name == step:
                return each.record
        raise NoSuchItem(f"The step {step} of {self.wish.disease} is not done.")

    def done(self, step: Step) -> "Disease":
        """The entry with a step more."""
        return replace(self, steps=(*self.steps, step))

    def item(self) -> Item:
        """The entry as the ledger keeps it."""
        body = {
            "wish": asdict(self.wish),
            "before": list(self.before),
            "steps": [asdict(step) for step in self.steps],
            "error": self.error,
        }
        parents = tuple(dict.fromkeys((self.wish.images, *(s.record for s in self.steps))))
        return Item(
            self.id, Kind.DISEASE, self.wish.disease, self.time, self.state, body, parents, {}
        )

    @staticmethod
    def of(item: Item) -> "Disease":
        """The addition of an entry; raises NoSuchItem where it is of another kind."""
        if item.kind is not Kind.DISEASE:
            raise NoSuchItem(f"{item.id[:12]} is a {item.kind}, and adds no disease.")
        body = item.body
        return Disease(
            item.id,
            item.time,
            Wish(**body["wish"]),
            tuple(body["before"]),
            item.state,
            tuple(Step(**step) for step in body["steps"]),
            body["error"],
        )
