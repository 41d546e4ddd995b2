"""A log in which each entry holds the digest of the one before it."""

import json
from collections.abc import Iterable, Iterator, Mapping
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
    CLAIM_CASE = "claim-case"
    RELEASE_CASE = "release-case"
    REVIEW = "review"
    UNDO_REVIEW = "undo-review"
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
    EXTEND_TASK = "extend-task"
    ADD_DATASET = "add-dataset"
    EXPORT_DATASET = "export-dataset"
    VERIFY_AUDIT = "verify-audit"
    EXPORT_AUDIT = "export-audit"
    VIEW_AUDIT = "view-audit"
    QUEUE_JOB = "queue-job"
    CANCEL_JOB = "cancel-job"
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


SYSTEM = Actor("radlens", "server")  # what the program does of itself


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


@dataclass(frozen=True)
class Wanted:
    """Which entries are asked for: those that fit everything that is not None.

    ``since`` is included, ``until`` is not; both say their zone.
    """

    verb: str | None = None
    actor: str | None = None
    subject: str | None = None
    outcome: Outcome | None = None
    since: datetime | None = None
    until: datetime | None = None

    def fits(self, act: Act) -> bool:
        """Whether an act is asked for."""
        return (
            self.verb in (None, act.verb)
            and self.actor in (None, act.by.name)
            and self.subject in (None, act.subject)
            and self.outcome in (None, act.outcome)
            and (self.since is None or act.time >= self.since)
            and (self.until is None or act.time < self.until)
        )


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


def verify(entries: Iterable[Entry], *, after: int = 0, previous: str = GENESIS) -> int:
    """How many entries follow the entry ``after``, whose digest is ``previous``.

    Raises BrokenChain and names the first that does not fit.
    """
    return sum(1 for _ in linked(entries, after=after, previous=previous))


def linked(entries: Iterable[Entry], *, after: int = 0, previous: str = GENESIS) -> Iterator[Entry]:
    """The entries as they pass, each found in its place; raises BrokenChain at one that is not."""
    for seq, entry in enumerate(entries, start=after + 1):
        if entry != follow(entry.act, seq=seq, previous=previous):
            raise _broken(entry, seq)
        yield entry
        previous = entry.digest


def _broken(entry: Entry, seq: int) -> BrokenChain:
    """Which entry was touched where ``entry`` does not fit at the place ``seq``, and how."""

    def written(place: int) -> bool:
        return follow(entry.act, seq=place, previous=entry.previous).digest == entry.digest

    if entry.seq > seq:
        at, what = seq, "is missing"
    elif written(seq):
        # It stands as it was written, so what stands before it does not.
        at, what = max(seq - 1, 1), "was changed or replaced, and its digest taken again"
    elif written(seq - 1):
        at, what = seq - 1, "was inserted"
    elif written(seq + 1):
        at, what = seq, "is missing or in another place"
    else:
        at, what = seq, "was changed, or is not the one that was written there"
    return BrokenChain(f"The audit log does not verify at entry {at}: it {what}.", entry=at)
