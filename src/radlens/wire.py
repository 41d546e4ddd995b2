"""The JSON shapes, the same through every door."""

from typing_extensions import TypedDict  # pydantic cannot read typing.TypedDict before 3.12

from radlens.domain.errors import RadLensError
from radlens.domain.finding import Finding, TierRecord
from radlens.domain.gate import Assessment
from radlens.domain.known import Alike
from radlens.domain.metrics import Proportion
from radlens.domain.model import ModelRef
from radlens.domain.prediction import Erasure, Prediction
from radlens.domain.uncertainty import PredictionSet


class ShareJson(TypedDict):
    """``hits`` of ``n`` held-out cases, with Wilson's 95 % interval."""

    hits: int
    n: int
    low: float
    high: float


class TierRecordJson(ShareJson):
    """How often the tier was right; ``labels`` above 1: counted over so many labels together."""

    labels: int


class FindingJson(TypedDict):
    """``tier_record`` is null where there is no tier or it was not measured."""

    label: str
    probability: float
    calibrated: bool
    tier: str | None
    tier_record: TierRecordJson | None
    positive: bool


class MemberJson(TypedDict):
    """``always``: kept whatever the image shows; ``covered``: how often it was kept when there."""

    label: str
    always: bool
    covered: ShareJson | None


class PredictionSetJson(TypedDict):
    """What cannot be ruled out when ``level`` of those who have a label are to keep it."""

    level: float
    members: list[MemberJson]
    covered: ShareJson | None


class KnownCaseJson(TypedDict):
    """A training image: its labels, and the cosine of its features with those of the image."""

    labels: list[str]
    likeness: float


class AlikeJson(TypedDict):
    """The training images most alike to the image, nearest first, of ``among`` remembered ones.

    ``right`` and ``wrong``: for how many right and wrong held-out answers most of the nearest
    carried the answer's label; null where there was none.
    """

    cases: list[KnownCaseJson]
    among: int
    right: ShareJson | None
    wrong: ShareJson | None


class AssessmentJson(TypedDict):
    """Whether the model may read the image: "assessable", or "doubtful" with the reasons."""

    verdict: str
    reasons: list[str]


class ModelJson(TypedDict):
    """``map_warning`` has to stand beside every heat map; "" where the maps passed their test."""

    version: str
    digest: str
    map_warning: str


class ErrorJson(TypedDict):
    kind: str
    message: str
    hint: str


class PredictionJson(TypedDict):
    """One answer. ``digest`` is the stored image's SHA-256; findings are in card order.

    ``assessment`` is null where nothing checked whether the model may read the image, ``alike``
    where the model remembers no training images.
    """

    file: str | None
    digest: str | None
    task: str
    model: ModelJson | None
    assessment: AssessmentJson | None
    findings: list[FindingJson]
    prediction_set: PredictionSetJson | None
    alike: AlikeJson | None
    prediction_id: str | None
    error: ErrorJson | None


class ErasureJson(TypedDict):
    time: str
    by: str
    reason: str


class RecordJson(PredictionJson):
    """An answer on record: no file name is kept, since it may hold a patient's name.

    ``erased`` says when, by whom and why its image was destroyed; null while it is there.
    """

    time: str
    by: str
    erased: ErasureJson | None


class FailureJson(TypedDict):
    error: ErrorJson


def prediction_json(prediction: Prediction, file: str | None) -> PredictionJson:
    """The answer to a request that sent ``file``."""
    return PredictionJson(
        file=file,
        digest=prediction.image.digest,
        task=prediction.model.task,
        model=_model_json(prediction.model),
        assessment=assessment_json(prediction.assessment),
        findings=[finding_json(finding) for finding in prediction.findings],
        prediction_set=set_json(prediction.prediction_set),
        alike=alike_json(prediction.alike),
        prediction_id=prediction.id,
        error=None,
    )


def assessment_json(assessment: Assessment | None) -> AssessmentJson | None:
    if assessment is None:
        return None
    return AssessmentJson(verdict=assessment.verdict.value, reasons=list(assessment.reasons))


def finding_json(finding: Finding) -> FindingJson:
    return FindingJson(
        label=finding.label,
        probability=finding.probability,
        calibrated=finding.calibrated,
        tier=finding.tier and finding.tier.value,
        tier_record=_tier_record(finding.operating_point.record(finding.tier)),
        positive=finding.positive,
    )


def set_json(found: PredictionSet | None) -> PredictionSetJson | None:
    if found is None:
        return None
    members = [
        MemberJson(label=member.label, always=member.always, covered=_share(member.measured))
        for member in found.members
    ]
    return PredictionSetJson(level=found.level, members=members, covered=_share(found.whole))


def alike_json(found: Alike | None) -> AlikeJson | None:
    if found is None:
        return None
    return AlikeJson(
        cases=[
            KnownCaseJson(labels=list(case.labels), likeness=case.likeness) for case in found.cases
        ],
        among=found.among,
        right=_share(found.right),
        wrong=_share(found.wrong),
    )


def _tier_record(record: TierRecord | None) -> TierRecordJson | None:
    if record is None or (right := _share(record.right)) is None:
        return None
    return TierRecordJson(**right, labels=record.labels)


def _share(share: Proportion | None) -> ShareJson | None:
    if share is None:
        return None
    bounds = share.interval
    return ShareJson(hits=share.hits, n=share.n, low=bounds.low, high=bounds.high)


def _model_json(model: ModelRef) -> ModelJson:
    return ModelJson(version=model.version, digest=model.digest, map_warning=model.map_warning)


def record_json(prediction: Prediction) -> RecordJson:
    """A prediction as the history shows it."""
    return RecordJson(
        **prediction_json(prediction, None),
        time=prediction.time.isoformat(),
        by=f"{prediction.by.name} ({prediction.by.via})",
        erased=_erasure_json(prediction.erased),
    )


def _erasure_json(erased: Erasure | None) -> ErasureJson | None:
    if erased is None:
        return None
    return ErasureJson(time=erased.time.isoformat(), by=erased.by, reason=erased.reason)


def failed_json(error: RadLensError, *, file: str, task: str) -> PredictionJson:
    """What is said of a file that could not be read: never an empty list of findings alone."""
    return PredictionJson(
        file=file,
        digest=None,
        task=task,
        model=None,
        assessment=None,
        findings=[],
        prediction_set=None,
        alike=None,
        prediction_id=None,
        error=error_json(error),
    )


def error_json(error: RadLensError) -> ErrorJson:
    return ErrorJson(kind=error.kind, message=error.message, hint=error.hint)
