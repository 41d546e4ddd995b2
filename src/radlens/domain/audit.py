"""A log in which each entry holds the digest of the one before it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from radlens.domain.errors import BrokenChain

GENESIS = "0" * 64


class Verb(StrEnum):
    """The acts that matter; what has no verb here is not in the log."""

    SET_UP = "set-up"
    SIGN_IN = "sign-in"
    SIGN_OUT = "sign-out"
    REVOKE_SESSION = "revoke-session"
    ADD_USER = "add-user"
    CHANGE_USER = "change-user"
    CHANGE_PASSWORD = "change-password"  # noqa: S105 (the name of an act)
    ADD_KEY = "add-key"
    REVOKE_KEY = "revoke-key"
    ENTER = "enter"
    PREDICT = "predict"
    VIEW = "view"
    VIEW_IMAGE = "view-image"
    VIEW_HEATMAP = "view-heatmap"
    DOWNLOAD_REPORT = "download-report"
    DOWNLOAD_ANSWER = "download-answer"
    REVIEW = "review"
    ERASE = "erase"
    ADD_MODEL = "add-model"
    APPROVE_MODEL = "approve-model"
    ACTIVATE_MODEL = "activate-model"
    ROLL_BACK_MODEL = "roll-back-model"
    STAGE_MODEL = "stage-model"
    STOP_CANARY = "stop-canary"
    RETIRE_MODEL = "retire-model"
    VERIFY_MODEL = "verify-model"
    EXPORT_MODEL = "export-model"
    LOAD_MODEL = "load-model"
    OVERRIDE_GATE = "override-gate"
    VERIFY_AUDIT = "verify-audit"
    EXPORT_AUDIT = "export-audit"
    VIEW_AUDIT = "view-audit"
    CHANGE_SETTINGS = "change-settings"
    BACK_UP = "back-up"
    RESTORE = "restore"
    MIGRATE = "migrate"
    TAKE_OVER = "take-over"  # of an older application's record


class Outcome(StrEnum):
    """How an act ended."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True)
class Actor:
    """Who acts, through which door (``cli``, ``api``, ``page``), and from which address.

    Never a patient.
    """

    name: str
    via: str
    origin: str = ""


@dataclass(frozen=True)
class Act:
    """Something worth an audit entry, before it has its place in the chain.

    ``subject`` is what was acted on, by its id or digest; ``detail`` plain JSON without patient
    data.
    """

    time: datetime
    by: Actor
    verb: str
    subject: str
    detail: Mapping[str, Any]
    outcome: Outcome = Outcome.DONE


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
    # Left out where they hold nothing, so that entries of earlier versions keep their digests.
    if act.by.origin:
        body["origin"] = act.by.origin
    if act.outcome is not Outcome.DONE:
        body["outcome"] = act.outcome
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
