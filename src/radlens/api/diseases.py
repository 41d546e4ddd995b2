"""REST: diseases that a site adds to its tasks. A worker does the work, step by step."""

from typing import Annotated

from fastapi import APIRouter, Form, UploadFile

from radlens.api.callers import Asking
from radlens.api.errors import declared
from radlens.api.uploads import sent
from radlens.domain.disease import Wish
from radlens.domain.errors import BadInput, Conflict, Corrupted, NotFound, Unavailable
from radlens.domain.task import Urgency
from radlens.ports import Site
from radlens.usecases.diseases import ask_for, disease, diseases
from radlens.wire_jobs import JobJson, job_json
from radlens.wire_synthesis import DiseaseJson, disease_json

FAILURES = declared(BadInput, NotFound, Conflict, Corrupted, Unavailable)
DISEASE = "POST /v1/diseases"
Text = Annotated[str, Form(max_length=500)]
Name = Annotated[str, Form(max_length=200)]
Number = Annotated[int, Form()]


def adding(site: Site) -> APIRouter:
    """The routes of one site; an addition goes by the disease's name or the entry's id."""
    router = APIRouter(prefix="/diseases")

    @router.post("", status_code=202, responses=FAILURES)
    def post_disease(
        asking: Asking,
        files: list[UploadFile],
        task: Name,
        name: Name,
        title: Text,
        meaning: Text,
        urgency: Annotated[Urgency, Form()],
        prompt: Annotated[str, Form()] = Wish.prompt,
        n: Number = Wish.n,
        generator: Name = Wish.generator,
        data: Name = Wish.data,
        seed: Number = Wish.seed,
        others_without: Annotated[bool, Form()] = Wish.others_without,
    ) -> JobJson:
        """Have a disease added to a task from 5 real images of it or more, up to a candidate.

        The images go on record as a dataset; the same request again while its job waits or runs
        gives that job.
        """
        about = (title, meaning, urgency.value, prompt, n, generator, data, seed, others_without)
        wish = Wish(task, name, "", *about)
        return job_json(ask_for(site, wish, sent(files), by=asking.actor))

    @router.get("", responses=FAILURES)
    def list_diseases() -> list[DiseaseJson]:
        """Every addition on record, the newest first, with the steps that are done."""
        return [disease_json(each) for each in diseases(site)]

    @router.get("/{reference}", responses=FAILURES)
    def get_disease(reference: str) -> DiseaseJson:
        """One: each step, what it came to, and its record."""
        return disease_json(disease(site, reference))

    return router
