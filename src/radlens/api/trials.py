"""REST: a version's way to being live."""

from typing import Annotated

from fastapi import APIRouter, Body, Query

from radlens.api.callers import Asking
from radlens.api.errors import declared
from radlens.domain.errors import BadInput, Conflict, Corrupted, NotFound, Unavailable
from radlens.ports import Site
from radlens.usecases.agreement import agreement
from radlens.usecases.gate import ruling
from radlens.usecases.preview import preview
from radlens.usecases.trial import LARGEST_SHARE, Terms, canary, shadow, withdraw
from radlens.wire_models import VersionJson, version_json
from radlens.wire_trials import (
    GateJson,
    PreviewJson,
    TrialJson,
    gate_json,
    preview_json,
    trial_json,
)

FAILURES = declared(BadInput, NotFound, Conflict, Corrupted, Unavailable)
Reason = Annotated[str, Body(max_length=500)]
Flag = Annotated[bool, Body()]


def trials(site: Site) -> APIRouter:
    """The routes of one site; a version goes by its digest, or the beginning of it."""
    router = APIRouter(prefix="/versions/{version}")

    @router.get("/gate", responses=FAILURES)
    def get_gate(version: str) -> GateJson:
        """Whether it would pass the gate of its task, and on which records that rests."""
        return gate_json(ruling(site, version))

    @router.get("/preview", responses=FAILURES)
    def get_preview(
        version: str,
        last: Annotated[int, Query(ge=1, le=1000)] = 100,
        match: bool = False,  # noqa: FBT001, FBT002 (a query parameter)
    ) -> PreviewJson:
        """Which alarms would change on the last recorded images; nothing is put on record."""
        return preview_json(preview(site, version, last=last, match=match))

    @router.get("/agreement", responses=FAILURES)
    def get_agreement(
        version: str, last: Annotated[int, Query(ge=1, le=10_000)] = 1000
    ) -> TrialJson:
        """How it and the live version agree so far."""
        return trial_json(agreement(site, version, last=last))

    @router.post("/shadow", responses=FAILURES)
    def post_shadow(
        asking: Asking, version: str, reason: Annotated[Reason, Body(embed=True)] = ""
    ) -> VersionJson:
        """Let it read what the live version answers; nobody sees what it says."""
        return version_json(shadow(site, version, by=asking.actor, reason=reason))

    @router.post("/canary", responses=FAILURES)
    def post_canary(
        asking: Asking,
        version: str,
        share: Annotated[float, Body(gt=0, le=LARGEST_SHARE)],
        reason: Reason = "",
        override: Flag = False,  # noqa: FBT002 (a field of the body)
        match: Flag = False,  # noqa: FBT002 (a field of the body)
    ) -> VersionJson:
        """Let it answer for a share of the images, once it passes the gate of its task."""
        terms = Terms(reason, override, match)
        return version_json(canary(site, version, share, by=asking.actor, terms=terms))

    @router.post("/withdraw", responses=FAILURES)
    def post_withdraw(
        asking: Asking, version: str, reason: Annotated[Reason, Body(embed=True)] = ""
    ) -> VersionJson:
        """End its trial: it is a candidate again."""
        return version_json(withdraw(site, version, by=asking.actor, reason=reason))

    return router
