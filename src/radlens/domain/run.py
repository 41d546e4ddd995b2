"""A training run: all that is needed to repeat it, how far it is, and what came of it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, ClassVar, Self

from radlens.domain.errors import NoSuchItem
from radlens.domain.ledger import Item, Kind, State

# What the entry itself holds; everything else is its body.
OF_ENTRY = ("id", "name", "time", "state", "parents", "files")


@dataclass(frozen=True)
class Run:
    """One entry of kind RUN, or of the kind that a subclass names.

    ``recipe`` is its TOML text, ``dataset`` the id of the data's version. ``code`` (version and
    SHA-256 of the sources) and ``environment`` are what trained; ``finished_by`` what calibrated,
    measured and exported, if that is done. ``curve`` has one row an epoch (epoch from 0, loss,
    validation, images, seconds); ``progress`` says step, steps, images_per_s, left_s (if no epoch
    is saved by early stopping), memory_bytes (the most that its process held) and the time it was
    written. ``weights`` is the SHA-256 over names and values of the network that came out.
    ``reproduces`` is the run that this one repeats, ``job`` the one that trained it, if any.
    ``files`` are objects: curve, weights, start, and the bundle's parts.
    """

    kind: ClassVar[Kind] = Kind.RUN

    id: str
    name: str
    time: datetime
    task: str
    architecture: str
    recipe: str
    seed: int
    dataset: str
    code: Mapping[str, str]
    environment: Mapping[str, str]
    state: State = State.RUNNING
    parents: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    curve: tuple[Mapping[str, float], ...] = ()
    progress: Mapping[str, Any] = field(default_factory=dict)
    weights: str = ""
    version: str = ""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    finished_by: Mapping[str, Any] = field(default_factory=dict)
    reproduces: str = ""
    job: str = ""
    error: str = ""

    @property
    def best(self) -> float | None:
        """The best validation score so far."""
        return max((row["validation"] for row in self.curve), default=None)

    @property
    def best_epoch(self) -> int | None:
        """The first epoch, counted from 0, that reached it."""
        best = self.best
        return next((n for n, row in enumerate(self.curve) if row["validation"] == best), None)

    @property
    def seconds(self) -> float:
        """How long its epochs took together, each with its validation."""
        return sum(row["seconds"] for row in self.curve)

    def item(self) -> Item:
        """The entry as the ledger keeps it."""
        body = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in OF_ENTRY}
        body["curve"] = [dict(row) for row in self.curve]
        return Item(
            self.id, self.kind, self.name, self.time, self.state, body, self.parents, self.files
        )

    @classmethod
    def of(cls, item: Item) -> Self:
        """The run of an entry; raises NoSuchItem where it is of another kind."""
        if item.kind is not cls.kind:
            raise NoSuchItem(f"{item.id[:12]} is a {item.kind}, not a {cls.kind}.")
        entry = {name: getattr(item, name) for name in OF_ENTRY}
        body = dict(item.body)
        return cls(**entry, **body | {"curve": tuple(body["curve"])})


def differences(*runs: Run) -> dict[str, tuple[object, ...]]:
    """What may explain why runs differ, a value for each: code, environment, data, recipe."""
    sides = [_facts(run) for run in runs]
    names = dict.fromkeys(name for facts in sides for name in facts)
    rows = {name: tuple(facts.get(name) for facts in sides) for name in names}
    return {name: row for name, row in rows.items() if any(value != row[0] for value in row)}


def _facts(run: Run) -> dict[str, object]:
    facts: dict[str, object] = {"dataset": run.dataset[:12], "architecture": run.architecture}
    facts |= {f"code {name}": value[:16] for name, value in run.code.items()}
    return facts | dict(run.environment) | _flat(tomllib.loads(run.recipe))


def _flat(entries: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in entries.items():
        inner = _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {}
        flat |= inner or {f"{prefix}{name}": value}
    return flat
