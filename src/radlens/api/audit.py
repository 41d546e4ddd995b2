"""The audit log over REST: pages of it, all of it, and whether it verifies."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from radlens.api.callers import Asking
from radlens.api.errors import declared
from radlens.domain.audit import Outcome, Wanted
from radlens.domain.errors import BadInput, Corrupted, Unavailable
from radlens.ports import Site
from radlens.usecases.consult import consult, export
from radlens.usecases.verify import verify_and_note
from radlens.wire_audit import (
    ENDINGS,
    MEDIA,
    AuditPageJson,
    Form,
    VerificationJson,
    page_json,
    verification_json,
    written,
)

Word = Annotated[str | None, Query(max_length=200)]
ASKED = declared(BadInput, Corrupted, Unavailable)


def asked(
    verb: Word = None,
    actor: Word = None,
    subject: Word = None,
    outcome: Outcome | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Wanted:
    """What is asked for; a time without a zone is UTC, ``since`` included and ``until`` not."""
    return Wanted(verb, actor, subject, outcome, _zoned(since), _zoned(until))


Filters = Annotated[Wanted, Depends(asked)]


def audit(site: Site) -> APIRouter:
    """Routes of the audit log."""
    router = APIRouter()

    @router.get("/audit", responses=ASKED)
    def list_audit(
        asking: Asking,
        wanted: Filters,
        limit: Annotated[int, Query(ge=1, le=1000)] = 50,
        before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    ) -> AuditPageJson:
        """Entries, newest first; ``before`` is the ``next`` of the page before."""
        found = consult(site, wanted, limit=limit, before=before, by=asking.actor)
        return page_json(found, limit)

    @router.get(
        "/audit/export",
        response_class=StreamingResponse,
        responses={200: {"content": {media: {} for media in MEDIA.values()}}, **ASKED},
    )
    def export_audit(
        asking: Asking,
        wanted: Filters,
        format: Form = "jsonl",  # noqa: A002
    ) -> StreamingResponse:
        """Every entry that fits, oldest first, as JSON lines, CSV or a FHIR bundle."""
        lines = written(export(site, wanted, form=format, by=asking.actor), format)
        name = f'attachment; filename="radlens-audit.{ENDINGS[format]}"'
        headers = {"Content-Disposition": name}
        return StreamingResponse(lines, media_type=MEDIA[format], headers=headers)

    @router.post("/audit/verify", responses=declared(Unavailable))
    def verify_audit(asking: Asking) -> VerificationJson:
        """Whether every entry stands in its place as signed, and every prediction as recorded."""
        try:
            return verification_json(verify_and_note(site, by=asking.actor))
        except Corrupted as error:
            return verification_json(error)

    return router


def _zoned(time: datetime | None) -> datetime | None:
    return time.replace(tzinfo=UTC) if time and time.utcoffset() is None else time
