"""Generators, assessments, releases of synthetic images, and what they serve, as JSON."""

from typing import Any

from typing_extensions import TypedDict  # pydantic cannot read typing.TypedDict before 3.12

from radlens.domain.disease import Disease
from radlens.domain.ledger import Item
from radlens.domain.release import Release
from radlens.usecases.generators import Known


class GeneratorJson(TypedDict):
    """One generator; ``id`` is "" where it ships, ``labels`` what may be asked of it."""

    name: str
    id: str
    digest: str
    kind: str
    task: str
    labels: list[str]
    state: str
    simulated: bool
    disease: str
    prompt: str
    images: int


class AssessmentJson(TypedDict):
    """What was measured of a synthetic dataset, held against a real one."""

    id: str
    name: str
    time: str
    dataset: str
    against: str
    figures: dict[str, Any]


class CheckJson(TypedDict):
    """One condition of the gate; ``record`` is the entry that tells, if any."""

    name: str
    result: str
    sentence: str
    record: str


class ReleaseJson(TypedDict):
    """Whether the synthetic images of one class may be trained on, and why."""

    label: str
    released: bool
    sentence: str
    checks: list[CheckJson]


class StepJson(TypedDict):
    """One step of adding a disease; ``record`` is the id or digest of what it put on record."""

    name: str
    record: str
    said: str


class DiseaseJson(TypedDict):
    """A disease that is being added or was: what was asked for, and the ``steps`` that are done."""

    id: str
    time: str
    state: str
    wish: dict[str, Any]
    steps: list[StepJson]
    error: str


def generator_json(known: Known) -> GeneratorJson:
    return GeneratorJson(
        name=known.name,
        id=known.id,
        digest=known.digest,
        kind=known.kind,
        task=known.task,
        labels=list(known.labels),
        state=known.state.value,
        simulated=known.simulated,
        disease=known.disease,
        prompt=known.prompt,
        images=known.images,
    )


def assessment_json(item: Item) -> AssessmentJson:
    return AssessmentJson(
        id=item.id,
        name=item.name,
        time=item.time.isoformat(),
        dataset=item.parents[0],
        against=item.parents[1],
        figures=dict(item.body),
    )


def release_json(release: Release) -> ReleaseJson:
    return ReleaseJson(
        label=release.label,
        released=release.released,
        sentence=release.sentence,
        checks=[
            CheckJson(
                name=check.name,
                result=check.result.value,
                sentence=check.sentence,
                record=check.record,
            )
            for check in release.checks
        ],
    )


def disease_json(added: Disease) -> DiseaseJson:
    return DiseaseJson(
        id=added.id,
        time=added.time.isoformat(),
        state=added.state.value,
        wish=added.wish.arguments,
        steps=[StepJson(name=s.name, record=s.record, said=s.said) for s in added.steps],
        error=added.error,
    )
