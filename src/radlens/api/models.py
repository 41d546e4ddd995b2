"""REST: the versions of each task's model, and which of them answers."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Body, Form, Query, Response, UploadFile

from radlens.api.callers import Asking
from radlens.api.errors import declared
from radlens.api.trials import FAILURES, Flag, Reason
from radlens.domain.archive import parts_of
from radlens.domain.errors import BadInput, Unavailable
from radlens.ports import Site
from radlens.usecases.activate import activate, approve, roll_back
from radlens.usecases.compare import compare
from radlens.usecases.export_model import export_model
from radlens.usecases.register import register
from radlens.usecases.retire import retire
from radlens.usecases.trace import trace
from radlens.usecases.verify_model import verify_model
from radlens.wire_models import (
    ComparisonJson,
    MoveJson,
    ShownVersionJson,
    VerifiedVersionJson,
    VersionJson,
    comparison_json,
    move_json,
    shown_json,
    verified_json,
    version_json,
)

Only = Annotated[str, Body(max_length=500, embed=True)]
Task = Annotated[str | None, Query(max_length=100)]


def models(site: Site) -> APIRouter:
    """The routes of one site; a version goes by its digest, or the beginning of it."""
    router = APIRouter()
    _reading(router, site)
    _deciding(router, site)

    @router.post("/versions", status_code=201, responses=FAILURES)
    def post_version(
        asking: Asking, file: UploadFile, reason: Annotated[str, Form(max_length=500)] = ""
    ) -> VersionJson:
        """Register a zipped bundle as a candidate: checked, loaded and proven first."""
        archive = file.file.read()
        by = asking.actor
        return version_json(register(site, lambda: parts_of(archive), by=by, reason=reason))

    @router.get(
        "/versions/{version}/bundle.zip",
        response_class=Response,
        responses={200: {"content": {"application/zip": {}}}, **FAILURES},
    )
    def get_bundle(asking: Asking, version: str) -> Response:
        """Its bundle as a zip, which registers it elsewhere."""
        found, archive = export_model(site, version, by=asking.actor)
        name = f'attachment; filename="{found.task}-{found.version}.zip"'
        headers = {"Content-Disposition": name}
        return Response(archive, media_type="application/zip", headers=headers)

    @router.post("/versions/{version}/verify", responses=FAILURES)
    def post_verify(asking: Asking, version: str) -> VerifiedVersionJson:
        """Whether each part still fits its digest, and the golden answer is what it was."""
        return verified_json(verify_model(site, version, by=asking.actor))

    return router


def _reading(router: APIRouter, site: Site) -> None:
    @router.get("/versions", responses=declared(BadInput, Unavailable))
    def list_versions(task: Task = None) -> list[VersionJson]:
        """Every version of a task or of all, the newest first."""
        return [version_json(version) for version in site.registry.versions(task=task)]

    @router.get("/versions/{version}", responses=FAILURES)
    def get_version(version: str) -> ShownVersionJson:
        """One version with its parts and its way so far."""
        found = site.registry.get(version)
        return shown_json(found, site.registry.moves(found.task))

    @router.get("/versions/{version}/comparison", responses=FAILURES)
    def get_comparison(
        version: str, other: Annotated[str, Query(min_length=1, max_length=200)]
    ) -> ComparisonJson:
        """It and another version of its task: the figures of each, and those of both together."""
        return comparison_json(compare(site, version, other))

    @router.get("/tasks/{task}/history", responses=declared(BadInput, Unavailable))
    def get_history(task: str, at: datetime | None = None) -> list[MoveJson]:
        """What became of a task's versions, oldest first; or what was live ``at`` a time, if any.

        A time without a zone is UTC.
        """
        if at and at.utcoffset() is None:
            at = at.replace(tzinfo=UTC)
        return [move_json(step) for step in trace(site, task, at=at)]


def _deciding(router: APIRouter, site: Site) -> None:
    @router.post("/versions/{version}/activate", responses=FAILURES)
    def post_activate(
        asking: Asking,
        version: str,
        reason: Reason = "",
        override: Flag = False,  # noqa: FBT002 (a field of the body)
        match: Flag = False,  # noqa: FBT002 (a field of the body)
    ) -> VersionJson:
        """Let it answer from now on, once it passes the gate; the one before is retired."""
        by = asking.actor
        return version_json(
            activate(site, version, by=by, reason=reason, override=override, match=match)
        )

    @router.post("/versions/{version}/approve", responses=FAILURES)
    def post_approve(asking: Asking, version: str, reason: Only = "") -> VersionJson:
        """Approve of its next activation, which is then for another account to make."""
        return version_json(approve(site, version, by=asking.actor, reason=reason))

    @router.post("/versions/{version}/retire", responses=FAILURES)
    def post_retire(
        asking: Asking,
        version: str,
        reason: Reason = "",
        out_of_service: Flag = False,  # noqa: FBT002 (a field of the body)
    ) -> VersionJson:
        """Say that it is not to be used any more; a live one only ``out_of_service``."""
        by = asking.actor
        return version_json(
            retire(site, version, by=by, reason=reason, out_of_service=out_of_service)
        )

    @router.post("/tasks/{task}/rollback", responses=FAILURES)
    def post_rollback(asking: Asking, task: str, reason: Only = "") -> VersionJson:
        """Let the version answer again that was live before."""
        return version_json(roll_back(site, task, by=asking.actor, reason=reason))
