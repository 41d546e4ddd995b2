"""A task as data: what is looked for, in which order, in plain words."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from radlens.domain.errors import BadCard, NoSuchLabel
from radlens.domain.promotion import Criteria


class Mode(StrEnum):
    """``multi-class``: exactly one label is the answer. ``multi-label``: each on its own."""

    MULTI_CLASS = "multi-class"
    MULTI_LABEL = "multi-label"


class Urgency(StrEnum):
    """How soon a human should look; written on the card for every label, never a default."""

    CRITICAL = "critical"
    MODERATE = "moderate"
    ROUTINE = "routine"


@dataclass(frozen=True)
class Code:
    """A term of a terminology: ``system`` is a URI or its usual short name."""

    system: str
    value: str
    meaning: str


@dataclass(frozen=True)
class Label:
    """One thing that is looked for. ``abnormal`` is false for a class such as "no tumour"."""

    name: str
    title: str
    meaning: str
    urgency: Urgency
    abnormal: bool = True
    codes: tuple[Code, ...] = ()


@dataclass(frozen=True)
class Task:
    """A task card; ``labels`` are in the order of the network's outputs.

    ``modalities`` and ``body_parts`` are DICOM's terms for what may be read; no body part named:
    any. ``promotion`` is what a version has to reach before it may answer.
    """

    name: str
    title: str
    mode: Mode
    labels: tuple[Label, ...]
    modalities: tuple[str, ...]
    architecture: str
    intended_use: str
    demonstration: bool
    body_parts: tuple[str, ...] = ()
    promotion: Criteria = field(default_factory=Criteria)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(label.name for label in self.labels)

    def label(self, name: str) -> Label:
        for label in self.labels:
            if label.name == name:
                return label
        raise NoSuchLabel(f"The task {self.name} has no label {name!r}.")

    @staticmethod
    def from_toml(text: str) -> "Task":
        """Read a task card; raises BadCard where an entry is missing, unknown or twice."""
        try:
            card = tomllib.loads(text)
            labels = tuple(_label(entry) for entry in card.pop("labels"))
            task = Task(
                mode=Mode(card.pop("mode")),
                labels=labels,
                modalities=tuple(card.pop("modalities")),
                body_parts=tuple(card.pop("body_parts", ())),
                promotion=Criteria(**card.pop("promotion", {})),
                **card,
            )
        except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
            raise BadCard(f"The task card cannot be read: {error}.") from error
        if len(set(task.names)) != len(task.names) or len(task.names) < 2:
            raise BadCard(f"The card of {task.name} needs two or more labels, each named once.")
        return task


def _label(entry: Mapping[str, Any]) -> Label:
    fields = dict(entry)
    codes = tuple(Code(**code) for code in fields.pop("codes", ()))
    return Label(urgency=Urgency(fields.pop("urgency")), codes=codes, **fields)
