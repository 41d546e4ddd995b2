"""What an older chest application left in its two tables, as versions and audit entries.

Its rows stay where they are. Values come as JSON text, for they may be of any shape: what cannot
be understood is kept as the text that it is.
"""

import json
from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from math import isfinite
from typing import Any

from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.registry import Stage, Version

TASK = "chest-xray"
SOURCE = "legacy"
STATEMENT = (
    "An older application left this version behind. What it states of itself was not measured "
    "here. To use its weights: `radlens models convert`, then `radlens models add`."
)
DEPTH = 50  # nesting that is still read; deeper is kept as text
DIGITS = 300  # of a whole number, likewise


@dataclass(frozen=True)
class OldModel:
    """A row of ``models``: ``row`` is all of it as JSON text, the rest its values as JSON text."""

    id: int
    row: str
    name: str
    created_at: str | None
    storage_path: str | None
    is_active: str | None
    accuracy_auroc: str | None
    class_names: str | None


@dataclass(frozen=True)
class OldPrediction:
    """A row of ``predictions``, likewise; without its link, which may hold a patient's name."""

    id: int
    row: str
    model_id: int | None
    created_at: str | None
    results: str | None


@dataclass(frozen=True)
class Left:
    """How many rows of an older application were not taken over yet."""

    models: int = 0
    predictions: int = 0


@dataclass(frozen=True)
class Taken:
    """How many rows were taken over, and what of them was odd and is kept as it is."""

    models: int = 0
    predictions: int = 0
    renamed: int = 0
    without_model: int = 0
    without_results: int = 0
    unreadable: int = 0


def version_of(old: OldModel, *, taken: Container[str], time: datetime, by: Actor) -> Version:
    """The retired version of a row, under its own name unless that is taken."""
    facts = {
        "statement": STATEMENT,
        "legacy_id": old.id,
        "created_at": value_of(old.created_at),
        "accuracy_auroc": value_of(old.accuracy_auroc),
        "class_names": inner(value_of(old.class_names)),
        "storage_path": value_of(old.storage_path),
        "was_active": value_of(old.is_active),
    }
    name = _free(old.name or f"{SOURCE}-{old.id}", old.id, taken)
    return Version(digest_of(old.row), TASK, name, Stage.RETIRED, SOURCE, time, by, {}, facts)


def model_act(version: Version) -> Act:
    """The audit entry of a model that was taken over."""
    detail = {"task": version.task, "version": version.version, "row": version.digest}
    subject = f"legacy-model-{version.facts['legacy_id']}"
    return Act(version.time, version.by, Verb.TAKE_OVER, subject, detail)


def prediction_act(old: OldPrediction, model: str | None, *, time: datetime, by: Actor) -> Act:
    """The audit entry of a prediction that was taken over; ``model`` is the version's digest."""
    detail = {
        "created_at": value_of(old.created_at),
        "model": model,
        "model_id": old.model_id,
        "results": inner(value_of(old.results)),
        "row": digest_of(old.row),
    }
    return Act(time, by, Verb.TAKE_OVER, f"legacy-prediction-{old.id}", detail)


def digest_of(row: str) -> str:
    """The SHA-256 of a row, as the database itself finds it from the same JSON text."""
    return sha256(row.encode()).hexdigest()


def inner(value: Any) -> Any:
    """The object or list that a text holds as JSON; any other value as it is."""
    found = value_of(value) if isinstance(value, str) else value
    return found if isinstance(found, dict | list) else value


def value_of(text: str | None) -> Any:
    """The value of JSON text; the text itself where no value can be kept exactly enough."""
    if text is None:
        return None
    try:
        value = json.loads(text, parse_float=_float, parse_int=_int, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return text
    return value if _shallow(value, DEPTH) else text


def notice(left: Left | None) -> str:
    """What to say of rows that wait; empty where none do."""
    if left is None or left == Left():
        return ""
    return (
        f"{left.models} models and {left.predictions} predictions of an older chest application "
        "wait in this database. To take them over, and close its tables to the public key: "
        "radlens upgrade"
    )


def _free(name: str, old_id: int, taken: Container[str]) -> str:
    free = name
    while free in taken:
        free += f"-{SOURCE}-{old_id}"
    return free


def _float(text: str) -> float | str:
    number = float(text)
    return number if isfinite(number) else text


def _int(text: str) -> int | str:
    return int(text) if len(text) <= DIGITS else text


def _refuse(text: str) -> float:
    raise ValueError(f"{text} is not JSON.")


def _shallow(value: Any, left: int) -> bool:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return left > 0 and all(_shallow(part, left - 1) for part in parts)
