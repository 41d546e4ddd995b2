"""An experiment in steps: the same data, one thing changed at a time, several seeds."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from radlens.domain.errors import NoSuchItem
from radlens.domain.evaluation import Measure
from radlens.domain.ledger import Item, Kind, State

# What the entry itself holds; everything else is its body.
OF_ENTRY = ("id", "name", "time", "state", "parents", "files")


class Verdict(StrEnum):
    """What the interval of a step's difference says."""

    HELPED = "helped"
    NOT = "did not help"
    HARMED = "harmed"

    @staticmethod
    def of(difference: Measure) -> "Verdict":
        """Helped or harmed only where the whole interval is on one side of zero."""
        if difference.low > 0:
            return Verdict.HELPED
        return Verdict.HARMED if difference.high < 0 else Verdict.NOT


@dataclass(frozen=True)
class Arm:
    """One training: a rung, a number of images per class, a seed.

    ``accuracy`` is on the test split; ``answers`` the object with its logits there, (n, labels) in
    NumPy's format; ``minutes`` by the clock, ``processor_minutes`` of computing.
    """

    rung: str
    per_class: int
    seed: int
    accuracy: float
    minutes: float
    processor_minutes: float
    answers: str
    weights: str
    code: str

    @property
    def key(self) -> tuple[str, int, int]:
        return self.rung, self.per_class, self.seed


@dataclass(frozen=True)
class Level:
    """What one rung reached with so many images per class; minutes are the mean of an arm."""

    rung: str
    per_class: int
    accuracy: Measure
    by_seed: tuple[float, ...]
    minutes: float
    processor_minutes: float


@dataclass(frozen=True)
class Effect:
    """A paired difference, and what its interval says."""

    difference: Measure
    verdict: Verdict

    @staticmethod
    def of(difference: Measure) -> "Effect":
        return Effect(difference, Verdict.of(difference))

    @staticmethod
    def read(body: Mapping[str, Any]) -> "Effect":
        return Effect(Measure(**body["difference"]), Verdict(body["verdict"]))


@dataclass(frozen=True)
class Step:
    """What a rung changed against the one before, on the same subsets, seeds and test cases.

    ``classes`` has the same of the sensitivity for each class; studies of before 0.2 lack it.
    """

    before: str
    after: str
    per_class: int
    difference: Measure
    verdict: Verdict
    classes: Mapping[str, Effect] = field(default_factory=dict)


@dataclass(frozen=True)
class Study:
    """One entry of kind STUDY.

    ``recipe`` is its TOML text, ``dataset`` the id of the data's version; ``arms_planned`` how
    many trainings it takes. ``claims`` are others' figures, with their origin, measured nowhere
    here. ``levels`` and ``steps`` are there once every arm is, and ``utility``: what the synthetic
    images of a dataset, then among the parents, did to each of their classes.
    """

    id: str
    name: str
    time: datetime
    recipe: str
    dataset: str
    arms_planned: int
    test: Mapping[str, int]
    environment: Mapping[str, str]
    claims: tuple[Mapping[str, Any], ...] = ()
    state: State = State.RUNNING
    parents: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    arms: tuple[Arm, ...] = ()
    levels: tuple[Level, ...] = ()
    steps: tuple[Step, ...] = ()
    utility: Mapping[str, Effect] = field(default_factory=dict)
    error: str = ""

    def item(self) -> Item:
        """The entry as the ledger keeps it."""
        body = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in OF_ENTRY}
        for name in ("arms", "levels", "steps"):
            body[name] = [asdict(entry) for entry in body[name]]
        body["utility"] = {label: asdict(effect) for label, effect in self.utility.items()}
        body["claims"] = [dict(claim) for claim in self.claims]
        return Item(
            self.id, Kind.STUDY, self.name, self.time, self.state, body, self.parents, self.files
        )

    @staticmethod
    def of(item: Item) -> "Study":
        """The study of an entry; raises NoSuchItem where it is of another kind."""
        if item.kind is not Kind.STUDY:
            raise NoSuchItem(f"{item.id[:12]} is a {item.kind}, not a study.")
        entry, body = {name: getattr(item, name) for name in OF_ENTRY}, dict(item.body)
        body["claims"] = tuple(body["claims"])
        body["arms"] = tuple(Arm(**arm) for arm in body["arms"])
        body["levels"] = tuple(_level(level) for level in body["levels"])
        body["steps"] = tuple(_step(step) for step in body["steps"])
        body["utility"] = _effects(body.get("utility", {}))
        return Study(**entry, **body)


def _level(body: Mapping[str, Any]) -> Level:
    read = {"accuracy": Measure(**body["accuracy"]), "by_seed": tuple(body["by_seed"])}
    return Level(**{**body, **read})


def _step(body: Mapping[str, Any]) -> Step:
    whole, classes = Effect.read(body), _effects(body.get("classes", {}))
    return Step(**{**body, **vars(whole), "classes": classes})


def _effects(body: Mapping[str, Any]) -> dict[str, Effect]:
    return {label: Effect.read(effect) for label, effect in body.items()}
