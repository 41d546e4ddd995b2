"""A task as data: what is looked for, in which order, in plain words."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from radlens.domain.criteria import Criteria
from radlens.domain.errors import BadCard, Conflict, NoSuchLabel

LABEL = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
MOST_LABELS = 64
LONGEST = (100, 500)  # characters of a title and of a meaning


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
    any. ``promotion`` is what a version has to reach before it may answer. ``editions`` counts the
    labels that the card had before each label that this site added; models of them stay good.
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
    editions: tuple[int, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(label.name for label in self.labels)

    def knows(self, names: tuple[str, ...]) -> bool:
        """Whether these are the labels, in order, of this card or of an earlier edition."""
        return names in (self.names, *(self.names[:count] for count in self.editions))

    def extended(self, label: Label) -> "Task":
        """The card's next edition, with one label more at its end.

        Raises Conflict where it has a label of that name or title, BadCard where the label cannot
        be one.
        """
        if not LABEL.fullmatch(label.name):
            raise BadCard(
                f"A label cannot be called {label.name[:64]!r}.",
                hint="A name has letters, digits and _ alone, 64 at most, and a letter first.",
            )
        if not label.title.strip() or not label.meaning.strip():
            raise BadCard("A label needs a title and what it means, in plain words.")
        if len(label.title) > LONGEST[0] or len(label.meaning) > LONGEST[1]:
            raise BadCard(
                f"A title has {LONGEST[0]} characters at most, a meaning {LONGEST[1]}.",
            )
        same = [known for known in self.labels if _alike(known, label)]
        if same:
            raise Conflict(
                f"The card of {self.name} has the label {same[0].name} already.",
                hint="Choose another name for the new disease.",
            )
        if len(self.labels) >= MOST_LABELS:
            raise BadCard(f"The card of {self.name} is full: {MOST_LABELS} labels.")
        editions = (*self.editions, len(self.labels))
        return replace(self, labels=(*self.labels, label), editions=editions)

    def label(self, name: str) -> Label:
        for label in self.labels:
            if label.name == name:
                return label
        raise NoSuchLabel(f"The task {self.name} has no label {name!r}.")

    def told_in(self, words: str) -> "Task":
        """The card in another language; ``words`` are TOML: ``title``, ``intended_use`` and a table
        ``[labels.NAME]`` with ``title`` and ``meaning``, each of them if it is known.

        Names, order and codes stay. Raises BadCard for an entry that the card has not.
        """
        try:
            told = tomllib.loads(words)
            of_labels = {name: dict(entry) for name, entry in told.pop("labels", {}).items()}
        except (tomllib.TOMLDecodeError, AttributeError, TypeError, ValueError) as error:
            raise BadCard(f"The words for {self.name} cannot be read: {error}.") from error
        _only_words(self.name, told, ("title", "intended_use"))
        for name, entry in of_labels.items():
            _only_words(f"{self.name}, {name}", entry, ("title", "meaning"))
        if unknown := of_labels.keys() - {*self.names}:
            raise BadCard(f"The card of {self.name} has no label {min(unknown)!r}.")
        labels = tuple(replace(label, **of_labels.get(label.name, {})) for label in self.labels)
        return replace(self, labels=labels, **told)

    @staticmethod
    def from_toml(text: str) -> "Task":
        """Read a task card; raises BadCard where an entry is missing, unknown or twice."""
        try:
            card = tomllib.loads(text)
            labels = tuple(label_of(entry) for entry in card.pop("labels"))
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


def label_of(entry: Mapping[str, Any]) -> Label:
    """A label from a card's entry; raises KeyError, TypeError or ValueError for anything else."""
    fields = dict(entry)
    codes = tuple(Code(**code) for code in fields.pop("codes", ()))
    return Label(urgency=Urgency(fields.pop("urgency")), codes=codes, **fields)


def _only_words(of: str, words: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name, word in words.items():
        if name not in known or not isinstance(word, str) or not word.strip():
            raise BadCard(f"The words for {of} cannot have {name} = {word!r}.")


def _alike(one: Label, other: Label) -> bool:
    return other.name.casefold() == one.name.casefold() or (
        other.title.strip().casefold() == one.title.casefold()
    )
