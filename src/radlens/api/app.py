"""The REST API: thin spellings of the use-cases."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from time import perf_counter
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, FastAPI, Form, Header, Query, Response, UploadFile
from starlette.formparsers import MultiPartParser
from starlette.types import Scope

from radlens.api.accounts import accounts
from radlens.api.audit import audit
from radlens.api.callers import CALLER, Asking
from radlens.api.diseases import DISEASE, adding
from radlens.api.errors import answer_errors, declared
from radlens.api.jobs import jobs
from radlens.api.limits import BodyLimit, Bound, route
from radlens.api.models import models
from radlens.api.operations import operations
from radlens.api.reviews import reviews
from radlens.api.synthesis import IMAGES, synthesis
from radlens.api.trials import trials
from radlens.domain.audit import Verb
from radlens.domain.errors import (
    BadInput,
    Conflict,
    Corrupted,
    NotFound,
    NotSignedIn,
    RadLensError,
    Refused,
    TooManyAtOnce,
    Unavailable,
)
from radlens.metrics import answered
from radlens.ports import Site
from radlens.usecases.attempt import attempted
from radlens.usecases.disclose import disclose, image, look
from radlens.usecases.erase import erase
from radlens.usecases.history import history
from radlens.usecases.models import live_models
from radlens.usecases.predict import predict
from radlens.usecases.refuse import refuse
from radlens.wire import (
    PredictionJson,
    RecordJson,
    prediction_json,
    record_json,
)
from radlens.wire_tasks import LiveModelJson, TaskJson, live_json, task_json

# What the gatekeeper answers for every route, before the route is asked.
GUARDED = declared(NotSignedIn, Refused)
UPLOAD = "POST /v1/predictions"
KEPT = declared(BadInput, NotFound, Corrupted, Unavailable)


def create_api(site: Site) -> FastAPI:
    """The versioned API, to be mounted at /api: its own paths start with /v1."""
    bounds = site.bounds
    most = (bounds.upload_bytes, bounds.bundle_bytes, bounds.arriving_bytes)
    # An upload must never touch a temporary file: it may hold patient data.
    MultiPartParser.spool_max_size = max(most) + 1
    app = FastAPI(
        title="RadLens",
        version="1",
        description="One image in; findings, calibrated confidence, evidence and a record out.",
        openapi_url="/v1/openapi.json",
        docs_url=None,  # the interactive pages load their scripts from other hosts
        redoc_url=None,
    )
    app.include_router(_predictions(site), prefix="/v1", tags=["predictions"], responses=GUARDED)
    app.include_router(_site(site), prefix="/v1", tags=["site"], responses=GUARDED)
    app.include_router(models(site), prefix="/v1", tags=["models"], responses=GUARDED)
    app.include_router(trials(site), prefix="/v1", tags=["models"], responses=GUARDED)
    app.include_router(reviews(site), prefix="/v1", tags=["worklist"], responses=GUARDED)
    app.include_router(jobs(site), prefix="/v1", tags=["jobs"], responses=GUARDED)
    app.include_router(synthesis(site), prefix="/v1", tags=["synthesis"], responses=GUARDED)
    app.include_router(adding(site), prefix="/v1", tags=["diseases"], responses=GUARDED)
    app.include_router(accounts(site), prefix="/v1", tags=["accounts"], responses=GUARDED)
    app.include_router(audit(site), prefix="/v1", tags=["audit"], responses=GUARDED)
    app.include_router(operations(site), prefix="/v1", tags=["operations"], responses=GUARDED)
    app.add_middleware(
        BodyLimit,
        usual=Bound(bounds.upload_bytes, bounds.arriving_bytes, _upload_refused(site)),
        own={
            "POST /v1/versions": Bound(bounds.bundle_bytes, 0, _too_large(site, Verb.ADD_MODEL)),
            IMAGES: Bound(bounds.arriving_bytes, 0, _too_large(site, Verb.ADD_DATASET)),
            DISEASE: Bound(bounds.arriving_bytes, 0, _too_large(site, Verb.ADD_DATASET)),
        },
    )
    answer_errors(app)
    return app


def _too_large(site: Site, verb: Verb) -> Callable[[Scope, RadLensError], None]:
    def note(scope: Scope, error: RadLensError) -> None:
        with suppress(type(error)), attempted(site, verb, "", by=scope[CALLER].actor):
            raise error

    return note


def _upload_refused(site: Site) -> Callable[[Scope, RadLensError], None]:
    def note(scope: Scope, error: RadLensError) -> None:
        # No room for it just now is no refusal: the client comes again.
        if isinstance(error, BadInput) and route(scope) == UPLOAD:
            refuse(site, error, task="", by=scope[CALLER].actor)

    return note


def _predictions(site: Site) -> APIRouter:
    router = APIRouter()
    # Twice as many as there are workers: some decode or commit while the others read.
    slots = CapacityLimiter(2 * site.workers)

    @router.post(
        "/predictions",
        status_code=201,
        responses=declared(BadInput, Conflict, TooManyAtOnce, Unavailable),
    )
    async def create_prediction(
        asking: Asking,
        file: UploadFile,
        task: Annotated[str, Form(max_length=100)],
        idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
    ) -> PredictionJson:
        """Read one image; the same Idempotency-Key again gives the same prediction."""
        upload = await file.read()
        reading = partial(predict, site, upload, task=task, by=asking.actor, key=idempotency_key)
        began = perf_counter()
        with site.line.place(asking.actor.name):
            prediction = await to_thread.run_sync(reading, limiter=slots)
        answered(prediction.model.task, perf_counter() - began)
        return prediction_json(prediction, file.filename)

    @router.get("/predictions", responses=declared(BadInput, NotFound, Unavailable))
    def list_predictions(
        asking: Asking, limit: Annotated[int, Query(ge=1, le=1000)] = 50, before: str | None = None
    ) -> list[RecordJson]:
        """What is on record, the newest first; ``before`` is the id to go on from."""
        return [
            record_json(found)
            for found in history(site, limit=limit, before=before, by=asking.actor)
        ]

    @router.get("/predictions/{prediction_id}", responses=KEPT)
    def get_prediction(asking: Asking, prediction_id: str) -> RecordJson:
        """One prediction from the records."""
        return record_json(look(site, prediction_id, by=asking.actor))

    @router.delete(
        "/predictions/{prediction_id}/image",
        status_code=204,
        responses=declared(BadInput, NotFound, Unavailable),
    )
    def erase_image(
        asking: Asking, prediction_id: str, reason: Annotated[str, Query(max_length=200)]
    ) -> None:
        """Destroy the image and the evidence of every prediction of this image."""
        image_digest = site.records.get(prediction_id).image.digest
        erase(site, image_digest, reason=reason, by=asking.actor)

    @router.get(
        "/predictions/{prediction_id}/image.png",
        response_class=Response,
        responses={200: {"content": {"image/png": {}}}, **KEPT},
    )
    def get_image(asking: Asking, prediction_id: str) -> Response:
        """The image as it is stored: its pixels and nothing else, 8 or 16 bits."""
        return Response(image(site, prediction_id, by=asking.actor), media_type="image/png")

    @router.get(
        "/predictions/{prediction_id}/heatmaps/{label}.png",
        response_class=Response,
        responses={200: {"content": {"image/png": {}}}, **KEPT},
    )
    def get_heatmap(
        asking: Asking,
        prediction_id: str,
        label: str,
        opacity: Annotated[float, Query(ge=0, le=1, allow_inf_nan=False)] = 0.5,
    ) -> Response:
        """The image with the label's evidence laid over it."""
        from radlens.imaging.overlay import overlay, to_png

        recalled = disclose(site, prediction_id, Verb.VIEW_HEATMAP, by=asking.actor, label=label)
        picture = overlay(recalled.scan, recalled.heatmap(label), opacity=opacity)
        return Response(to_png(picture), media_type="image/png")

    @router.get(
        "/predictions/{prediction_id}/report.pdf",
        response_class=Response,
        responses={200: {"content": {"application/pdf": {}}}, **KEPT},
    )
    def get_report(asking: Asking, prediction_id: str) -> Response:
        """The report, fit to be filed."""
        from radlens.reports.pdf import pdf

        recalled = disclose(site, prediction_id, Verb.DOWNLOAD_REPORT, by=asking.actor)
        card = site.tasks[recalled.prediction.model.task]
        content = pdf(
            recalled.prediction,
            task=card,
            scan=recalled.scan,
            evidence=recalled.evidence,
            said=recalled.said,
        )
        return Response(content, media_type="application/pdf")

    return router


def _site(site: Site) -> APIRouter:
    router = APIRouter()

    @router.get("/tasks")
    def list_tasks() -> list[TaskJson]:
        """The task cards of this site."""
        return [task_json(task) for task in site.tasks.values()]

    @router.get("/models")
    def list_models() -> list[LiveModelJson]:
        """The live model of each task, or why there is none."""
        return [live_json(task, live) for task, live in live_models(site).items()]

    return router
