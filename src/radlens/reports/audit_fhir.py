"""Audit entries as a FHIR R4 Bundle of AuditEvents (hl7.org/fhir/R4/auditevent.html)."""

import json
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from radlens.domain.audit import Entry, Outcome, Verb

DCM = "http://dicom.nema.org/resources/ontology/DCM"
SOURCE = "http://terminology.hl7.org/CodeSystem/security-source-type"
# DICOM PS3.16, context group 400: what kind of event it is. All others are application activity.
KINDS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(
        (Verb.SIGN_IN, Verb.SIGN_OUT, Verb.SET_UP, Verb.ENTER, Verb.REVOKE_SESSION),
        ("110114", "User Authentication"),
    ),
    **dict.fromkeys(
        (Verb.ADD_USER, Verb.CHANGE_USER, Verb.CHANGE_PASSWORD, Verb.ADD_KEY, Verb.REVOKE_KEY),
        ("110113", "Security Alert"),
    ),
    **dict.fromkeys(
        (Verb.VIEW, Verb.VIEW_IMAGE, Verb.VIEW_HEATMAP, Verb.PREDICT, Verb.ERASE, Verb.REVIEW),
        ("110103", "DICOM Instances Accessed"),
    ),
    **dict.fromkeys(
        (Verb.DOWNLOAD_REPORT, Verb.DOWNLOAD_ANSWER, Verb.EXPORT_DATASET), ("110106", "Export")
    ),
    **dict.fromkeys(
        (Verb.VIEW_AUDIT, Verb.VERIFY_AUDIT, Verb.EXPORT_AUDIT), ("110101", "Audit Log Used")
    ),
}
ACTIVITY = ("110100", "Application Activity")
# http://hl7.org/fhir/audit-event-outcome
OUTCOMES = {Outcome.DONE: "0", Outcome.REFUSED: "4", Outcome.FAILED: "8"}


def fhir_lines(entries: Iterable[Entry]) -> Iterator[str]:
    """One Bundle, written as it is read, so that a long log needs no memory."""
    yield '{"resourceType": "Bundle", "type": "collection"'
    between = ', "entry": [\n'
    for entry in entries:
        yield between + json.dumps(_bundled(entry), ensure_ascii=False)
        between = ",\n"
    yield "}\n" if between.startswith(", ") else "\n]}\n"


def audit_event(entry: Entry) -> dict[str, Any]:
    """One entry as an AuditEvent; its place and digests are details of its entity."""
    act = entry.act
    code, display = KINDS.get(act.verb, ACTIVITY)
    return {
        "resourceType": "AuditEvent",
        "id": f"radlens-{entry.seq}",
        "type": {"system": DCM, "code": code, "display": display},
        "subtype": [{"system": "urn:radlens:verb", "code": act.verb}],
        "action": _action(act.verb),
        "recorded": act.time.isoformat(timespec="milliseconds"),
        "outcome": OUTCOMES[act.outcome],
        "agent": [_agent(entry)],
        "source": {
            "observer": {"display": "RadLens"},
            "type": [{"system": SOURCE, "code": "4", "display": "Application Server"}],
        },
        "entity": [_entity(entry)],
    }


def _bundled(entry: Entry) -> dict[str, Any]:
    return {"fullUrl": UUID(entry.digest[:32]).urn, "resource": audit_event(entry)}


def _action(verb: str) -> str:
    """C, R, U, D or E, http://hl7.org/fhir/audit-event-action."""
    first = verb.partition("-")[0]
    letters = {"add": "C", "predict": "C", "view": "R", "download": "R", "export": "R"}
    return letters.get(first) or {"change": "U", "erase": "D", "revoke": "D"}.get(first, "E")


def _agent(entry: Entry) -> dict[str, Any]:
    by = entry.act.by
    agent: dict[str, Any] = {"altId": by.name, "name": by.name, "requestor": True}
    if by.origin:
        agent["network"] = {"address": by.origin, "type": "2"}  # an IP address
    return agent


def _entity(entry: Entry) -> dict[str, Any]:
    told = {
        "seq": str(entry.seq),
        "via": entry.act.by.via,
        "detail": json.dumps(entry.act.detail, ensure_ascii=False),
        "previous": entry.previous,
        "digest": entry.digest,
    }
    entity: dict[str, Any] = {
        "detail": [{"type": name, "valueString": text} for name, text in told.items() if text]
    }
    if entry.act.subject:
        identifier = {"system": "urn:radlens:subject", "value": entry.act.subject}
        entity = {"what": {"identifier": identifier}} | entity
    return entity
