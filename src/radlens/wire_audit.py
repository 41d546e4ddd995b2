"""The shapes in which the audit log leaves: JSON, JSON lines, CSV, FHIR."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Literal, get_args

from typing_extensions import TypedDict  # pydantic cannot read typing.TypedDict before 3.12

from radlens.domain.audit import Entry
from radlens.domain.errors import BrokenChain, RadLensError
from radlens.reports.audit_csv import csv_lines
from radlens.reports.audit_fhir import fhir_lines
from radlens.usecases.verify import Verified
from radlens.wire import ErrorJson, error_json

Form = Literal["jsonl", "csv", "fhir"]
FORMS: tuple[Form, ...] = get_args(Form)
MEDIA: dict[Form, str] = {
    "jsonl": "application/jsonl",
    "csv": "text/csv; charset=utf-8",
    "fhir": "application/fhir+json",
}
ENDINGS: dict[Form, str] = {"jsonl": "jsonl", "csv": "csv", "fhir": "fhir.json"}


class EntryJson(TypedDict):
    """One entry: who, when, what, from where, how it ended, and its place in the chain."""

    seq: int
    time: str
    actor: str
    via: str
    origin: str
    verb: str
    subject: str
    outcome: str
    detail: dict[str, Any]
    previous: str
    digest: str


class AuditPageJson(TypedDict):
    """Entries, newest first; ``next`` is what ``before`` has to be for the page after."""

    entries: list[EntryJson]
    next: int | None


class VerificationJson(TypedDict):
    """``intact`` or not; ``entry`` is the first that was touched, where one is known.

    ``sealed`` is the entry up to which signatures vouch, ``keys`` are those that signed.
    """

    intact: bool
    entries: int | None
    sealed: int | None
    keys: list[str]
    notes: list[str]
    entry: int | None
    error: ErrorJson | None


def entry_json(entry: Entry) -> EntryJson:
    act, by = entry.act, entry.act.by
    return EntryJson(
        seq=entry.seq,
        time=act.time.isoformat(),
        actor=by.name,
        via=by.via,
        origin=by.origin,
        verb=act.verb,
        subject=act.subject,
        outcome=act.outcome,
        detail=dict(act.detail),
        previous=entry.previous,
        digest=entry.digest,
    )


def page_json(entries: list[Entry], limit: int) -> AuditPageJson:
    more = entries[-1].seq if len(entries) == limit and entries[-1].seq > 1 else None
    return AuditPageJson(entries=[entry_json(entry) for entry in entries], next=more)


def verification_json(found: Verified | RadLensError) -> VerificationJson:
    if isinstance(found, Verified):
        return VerificationJson(
            intact=True,
            entries=found.entries,
            sealed=found.sealed,
            keys=list(found.keys),
            notes=list(found.notes),
            entry=None,
            error=None,
        )
    at = found.entry if isinstance(found, BrokenChain) else None
    error = error_json(found)
    return VerificationJson(
        intact=False, entries=None, sealed=None, keys=[], notes=[], entry=at, error=error
    )


def written(entries: Iterable[Entry], form: Form) -> Iterator[str]:
    """The entries in one of the forms, piece by piece."""
    if form == "jsonl":
        return (json.dumps(entry_json(entry), ensure_ascii=False) + "\n" for entry in entries)
    return csv_lines(entries) if form == "csv" else fhir_lines(entries)
