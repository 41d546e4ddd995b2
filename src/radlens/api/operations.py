"""What whoever runs a site asks of it: is it alive, is it ready, what does it count."""

import logging
from collections.abc import Iterator, Mapping
from threading import Lock
from time import monotonic

from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from radlens.api.errors import answer_errors, declared
from radlens.domain.errors import RadLensError, Unavailable
from radlens.domain.job import OPEN
from radlens.logs import fields
from radlens.ports import Site
from radlens.usecases.jobs import queue_length
from radlens.usecases.ready import unready
from radlens.wire import FailureJson, error_json

log = logging.getLogger("radlens.ready")
# Strangers may ask: however often they do, the site is examined no oftener than this.
FRESH_S = 2.0


def create_operations(site: Site) -> FastAPI:
    """Liveness, readiness and metrics alone, where orchestrators look for them: at the root."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(operations(site))
    answer_errors(app)
    return app


def operations(site: Site) -> APIRouter:
    """The routes of both places: at the root and in the API."""
    router = APIRouter()
    readiness = _Readiness(site)
    own = CollectorRegistry(auto_describe=False)
    own.register(_Present(site))

    @router.get("/livez")
    async def livez() -> dict[str, str]:
        """The process answers."""
        return {"status": "alive"}

    @router.get("/readyz", response_model=dict[str, str], responses=declared(Unavailable))
    def readyz() -> Response:
        """Database and objects can be written, and every live model gave its golden answer."""
        if not (found := readiness.now()):
            return JSONResponse({"status": "ready"} | _behind(site) | _queue(site))
        error = Unavailable(
            f"Not ready: {', '.join(found)}.", hint="The server's log has the details."
        )
        return JSONResponse(FailureJson(error=error_json(error)), 503)

    @router.get("/metrics", response_class=Response)
    def metrics() -> Response:
        """Counts and times for Prometheus."""
        text = generate_latest() + generate_latest(own)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    return router


def _behind(site: Site) -> dict[str, str]:
    """The tasks whose live model does not load here, so that the one before it still answers."""
    tasks = [version.task for version, _ in site.live.behind()]
    return {"behind": f"an earlier model answers for {', '.join(tasks)}"} if tasks else {}


def _queue(site: Site) -> dict[str, str]:
    """How much long work there is, which stands in no reader's way."""
    queued, run = queue_length(site)
    return {"jobs": f"{queued} queued, {run} running"} if queued or run else {}


class _Readiness:
    """The reasons against sending anything here, examined anew when they are old."""

    def __init__(self, site: Site) -> None:
        self._site, self._lock = site, Lock()
        self._found: Mapping[str, RadLensError] = {}
        self._examined = -FRESH_S

    def now(self) -> list[str]:
        if self._site.line.closed:
            return ["stopping"]
        with self._lock:
            if monotonic() - self._examined >= FRESH_S:
                self._examine()
            return list(self._found)

    def _examine(self) -> None:
        before, self._found = self._found.keys(), unready(self._site)
        self._examined = monotonic()
        for reason in self._found.keys() - before:
            error = self._found[reason]
            log.warning(error.message, extra=fields(reason=reason, kind=error.kind))
        for reason in before - self._found.keys():
            log.info("well again", extra=fields(reason=reason))


class _Present:
    """What is true at this moment, told when it is asked for."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def collect(self) -> Iterator[GaugeMetricFamily]:
        line = self._site.line
        yield GaugeMetricFamily(
            "radlens_predictions_waiting", "Predictions that wait for a model", line.waiting
        )
        yield GaugeMetricFamily(
            "radlens_predictions_inside", "Predictions under way or waiting", line.inside
        )
        yield GaugeMetricFamily(
            "radlens_audit_entries", "Entries of the audit log", self._site.trail.ends()[0]
        )
        jobs = GaugeMetricFamily("radlens_jobs", "Long work by its state", labels=["state"])
        for state, number in zip(OPEN, queue_length(self._site), strict=True):
            jobs.add_metric([state], number)
        yield jobs
        names = ["task", "version", "digest"]
        models = GaugeMetricFamily("radlens_live_model", "The live model of a task", labels=names)
        for task in self._site.tasks:
            try:
                ref = self._site.live.current(task).ref
            except RadLensError:
                continue  # a task without a model has no line; /readyz says whether that is wrong
            models.add_metric([task, ref.version, ref.digest], 1)
        yield models
