"""REST: synthetic images. A worker draws and measures; what is asked for here is queued for it."""

from typing import Annotated

from fastapi import APIRouter, Body, Form, Query, Response, UploadFile

from radlens.api.callers import Asking
from radlens.api.errors import declared
from radlens.api.uploads import sent
from radlens.domain.errors import BadInput, Conflict, Corrupted, NotFound, Unavailable
from radlens.domain.synthesis import Order, Wish
from radlens.ports import Site
from radlens.usecases.datasets import found
from radlens.usecases.generators import COMPACT, generators
from radlens.usecases.release import releases
from radlens.usecases.synthesis import (
    assessments,
    neighbours,
    queue_adapt,
    queue_assess,
    queue_generate,
    take_along,
)
from radlens.wire_jobs import JobJson, job_json
from radlens.wire_synthesis import (
    AssessmentJson,
    GeneratorJson,
    ReleaseJson,
    assessment_json,
    generator_json,
    release_json,
)

FAILURES = declared(BadInput, NotFound, Conflict, Corrupted, Unavailable)
IMAGES = "POST /v1/synthesis/adaptations"
Name = Annotated[str, Body(max_length=200)]
Number = Annotated[int, Body()]


def synthesis(site: Site) -> APIRouter:
    """The routes of one site; a dataset goes by its name, or the beginning of its id."""
    router = APIRouter(prefix="/synthesis")
    _queueing(router, site)
    _telling(router, site)
    return router


def _queueing(router: APIRouter, site: Site) -> None:
    @router.post("/adaptations", status_code=202, responses=FAILURES)
    def post_adaptation(
        asking: Asking,
        files: list[UploadFile],
        disease: Annotated[str, Form(max_length=200)],
        task: Annotated[str, Form(max_length=100)],
        prompt: Annotated[str, Form()] = "",
        generator: Annotated[str, Form(max_length=200)] = COMPACT,
        seed: Annotated[int, Form()] = 1,
    ) -> JobJson:
        """Have a generator learn a disease from 5 real images of it or more.

        The images go on record as a dataset; the same request again while its job waits or runs
        gives that job.
        """
        wish = Wish(disease, task, prompt, generator, seed)
        return job_json(queue_adapt(site, wish, sent(files), by=asking.actor))

    @router.post("/generations", status_code=202, responses=FAILURES)
    def post_generation(
        asking: Asking,
        disease: Name,
        n: Number,
        generator: Name = "",
        seed: Number = 1,
        guidance: Annotated[float, Body()] = Order.guidance,
        steps: Number = Order.steps,
        name: Name = "",
        task: Name = "",
    ) -> JobJson:
        """Have ``n`` synthetic images of a disease drawn into a dataset."""
        order = Order(disease, n, generator, seed, guidance, steps, name, task)
        return job_json(queue_generate(site, order, by=asking.actor))

    @router.post("/assessments", status_code=202, responses=FAILURES)
    def post_assessment(asking: Asking, dataset: Name, against: Name, seed: Number = 1) -> JobJson:
        """Have synthetic images held against real ones, and copies looked for."""
        job = queue_assess(site, dataset, against, seed=seed, by=asking.actor)
        return job_json(job)


def _telling(router: APIRouter, site: Site) -> None:
    @router.get("/generators", responses=FAILURES)
    def list_generators(
        task: Annotated[str | None, Query(max_length=100)] = None,
    ) -> list[GeneratorJson]:
        """The generators of this site, or those of a task, and what each one draws."""
        return [generator_json(known) for known in generators(site, task)]

    @router.get("/assessments", responses=FAILURES)
    def list_assessments(
        dataset: Annotated[str | None, Query(max_length=200)] = None,
    ) -> list[AssessmentJson]:
        """What was measured of synthetic datasets, or of one, the newest first."""
        of = found(site, dataset).id if dataset else None
        return [assessment_json(item) for item in assessments(site, of)]

    @router.get(
        "/assessments/{assessment}/neighbours.png",
        response_class=Response,
        responses={200: {"content": {"image/png": {}}}, **FAILURES},
    )
    def get_neighbours(asking: Asking, assessment: str) -> Response:
        """Synthetic images beside the real ones that they are nearest to."""
        content = neighbours(site, assessment, by=asking.actor)
        return Response(content, media_type="image/png")

    @router.get("/datasets/{dataset}/releases", responses=FAILURES)
    def get_releases(dataset: str) -> list[ReleaseJson]:
        """Of each class, whether its synthetic images may be trained on, and why."""
        return [release_json(each) for each in releases(site, found(site, dataset)).values()]

    @router.get(
        "/datasets/{dataset}/export.zip",
        response_class=Response,
        responses={200: {"content": {"application/zip": {}}}, **FAILURES},
    )
    def get_export(
        asking: Asking,
        dataset: str,
        real: Annotated[str | None, Query(max_length=200)] = None,
        dicom: Annotated[bool, Query()] = False,  # noqa: FBT002 (a part of the address)
    ) -> Response:
        """A dataset as a zip with manifest and card, alone or put into a real one."""
        from radlens.lab.synth.export import combined, export

        made, other = found(site, dataset), found(site, real) if real else None
        whole = combined(made, other, site.tasks[made.task]) if other else made
        take_along(site, made, other, by=asking.actor)
        headers = {"Content-Disposition": f'attachment; filename="{made.id[:12]}.zip"'}
        content = export(site, whole, dicom=dicom)
        return Response(content, media_type="application/zip", headers=headers)
