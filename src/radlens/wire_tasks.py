"""The JSON shapes of tasks and of the models that answer for them."""

from typing_extensions import TypedDict  # pydantic cannot read typing.TypedDict before 3.12

from radlens.domain.errors import RadLensError
from radlens.domain.model import Manifest, ModelRef
from radlens.domain.task import Task
from radlens.wire import ErrorJson, error_json


class LabelJson(TypedDict):
    name: str
    title: str
    meaning: str
    urgency: str
    abnormal: bool


class TaskJson(TypedDict):
    name: str
    title: str
    mode: str
    modalities: list[str]
    demonstration: bool
    intended_use: str
    labels: list[LabelJson]


class LiveModelJson(TypedDict):
    """The live model of a task, or why there is none."""

    task: str
    version: str | None
    digest: str | None
    architecture: str | None
    statement: str | None
    error: ErrorJson | None


def task_json(task: Task) -> TaskJson:
    return TaskJson(
        name=task.name,
        title=task.title,
        mode=task.mode.value,
        modalities=list(task.modalities),
        demonstration=task.demonstration,
        intended_use=task.intended_use,
        labels=[
            LabelJson(
                name=label.name,
                title=label.title,
                meaning=label.meaning,
                urgency=label.urgency.value,
                abnormal=label.abnormal,
            )
            for label in task.labels
        ],
    )


def live_json(task: str, live: tuple[ModelRef, Manifest] | RadLensError) -> LiveModelJson:
    """One row of the list of models."""
    if isinstance(live, RadLensError):
        return LiveModelJson(
            task=task,
            version=None,
            digest=None,
            architecture=None,
            statement=None,
            error=error_json(live),
        )
    ref, manifest = live
    return LiveModelJson(
        task=task,
        version=ref.version,
        digest=ref.digest,
        architecture=manifest.architecture,
        statement=ref.statement,
        error=None,
    )
