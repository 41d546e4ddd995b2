"""What was found out and measured, each thing one entry that cites what it came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What an entry of the ledger tells of."""

    DATASET = "dataset"
    SCAN = "scan"
    RUN = "run"
    EVALUATION = "evaluation"
    COMPARISON = "comparison"
    STUDY = "study"
    ASSESSMENT = "assessment"
    CARD = "card"  # a label that the site added to a task card
    TIMING = "timing"
    GENERATOR = "generator"
    GENERATION = "generation"
    DISEASE = "disease"  # one that is added to a task, step by step


class State(StrEnum):
    """How far it got. Only a running entry may still change."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Item:
    """One entry: ``body`` is plain JSON, ``files`` names objects by their SHA-256.

    A dataset's ``id`` is the digest of its content, so that the same data is one entry; any other
    id is drawn. ``parents`` are the ids of entries, or digests of bundles, that it was made from.
    ``time`` is when it began.
    """

    id: str
    kind: Kind
    name: str
    time: datetime
    state: State
    body: Mapping[str, Any]
    parents: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
