"""A log in which each entry holds the digest of the one before it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from radlens.domain.errors import BrokenChain

GENESIS = "0" * 64


@dataclass(frozen=True)
class Actor:
    """Who acts and through which door (``cli``, ``api``, ``page``); never a patient."""

    name: str
    via: str


@dataclass(frozen=True)
class Act:
    """Something worth an audit entry, before it has its place in the chain."""

    time: datetime
    by: Actor
    verb: str
    subject: str
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """An act at its place: ``digest`` covers everything else, ``previous`` included."""

    seq: int
    act: Act
    previous: str
    digest: str


def follow(act: Act, *, seq: int, previous: str) -> Entry:
    """The entry of an act that comes after the entry whose digest is ``previous``."""
    body = {
        "seq": seq,
        "time": act.time.isoformat(),
        "by": [act.by.name, act.by.via],
        "verb": act.verb,
        "subject": act.subject,
        "detail": act.detail,
        "previous": previous,
    }
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return Entry(seq, act, previous, sha256(canonical.encode()).hexdigest())


def verify(entries: Iterable[Entry]) -> int:
    """How many entries the chain has; raises BrokenChain and names the first that does not fit."""
    previous, count = GENESIS, 0
    for count, entry in enumerate(entries, start=1):
        if entry != follow(entry.act, seq=count, previous=previous):
            raise BrokenChain(f"The audit log does not verify at entry {count}.")
        previous = entry.digest
    return count
