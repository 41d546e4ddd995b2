"""The JSON shapes, the same through every door."""

from typing_extensions import TypedDict  # pydantic cannot read typing.TypedDict before 3.12

from radlens.domain.errors import RadLensError
from radlens.domain.model import Manifest, ModelRef
from radlens.domain.prediction import Prediction
from radlens.domain.task import Task


class FindingJson(TypedDict):
    label: str
    probability: float
    tier: str | None
    positive: bool


class ModelJson(TypedDict):
    version: str
    digest: str


class ErrorJson(TypedDict):
    kind: str
    message: str
    hint: str


class PredictionJson(TypedDict):
    """One answer. ``digest`` is the stored image's SHA-256; findings are in card order."""

    file: str | None
    digest: str | None
    task: str
    model: ModelJson | None
    findings: list[FindingJson]
    prediction_id: str | None
    error: ErrorJson | None


class RecordJson(PredictionJson):
    """An answer on record: no file name is kept, since it may hold a patient's name."""

    time: str
    by: str


class FailureJson(TypedDict):
    error: ErrorJson


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


def prediction_json(prediction: Prediction, file: str | None) -> PredictionJson:
    """The answer to a request that sent ``file``."""
    findings = [
        FindingJson(
            label=finding.label,
            probability=finding.probability,
            tier=finding.tier and finding.tier.value,
            positive=finding.positive,
        )
        for finding in prediction.findings
    ]
    return PredictionJson(
        file=file,
        digest=prediction.image.digest,
        task=prediction.model.task,
        model=ModelJson(version=prediction.model.version, digest=prediction.model.digest),
        findings=findings,
        prediction_id=prediction.id,
        error=None,
    )


def record_json(prediction: Prediction) -> RecordJson:
    """A prediction as the history shows it."""
    return RecordJson(
        **prediction_json(prediction, None),
        time=prediction.time.isoformat(),
        by=f"{prediction.by.name} ({prediction.by.via})",
    )


def failed_json(error: RadLensError, *, file: str, task: str) -> PredictionJson:
    """What is said of a file that could not be read: never an empty list of findings alone."""
    return PredictionJson(
        file=file,
        digest=None,
        task=task,
        model=None,
        findings=[],
        prediction_id=None,
        error=error_json(error),
    )


def error_json(error: RadLensError) -> ErrorJson:
    return ErrorJson(kind=error.kind, message=error.message, hint=error.hint)


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
