"""The JSON shapes of the gate, of trials and of previews."""

from typing_extensions import TypedDict  # pydantic cannot read typing.TypedDict before 3.12

from radlens.domain.agreement import Agreement
from radlens.domain.evaluation import Measure
from radlens.domain.metrics import Proportion
from radlens.domain.promotion import Ruling
from radlens.usecases.agreement import Report
from radlens.usecases.preview import Preview


class CheckJson(TypedDict):
    """One condition of the gate; ``result`` is ``passed``, ``failed`` or ``missing``."""

    name: str
    result: str
    sentence: str
    record: str


class GateJson(TypedDict):
    """What the gate says of a version as things stand."""

    passed: bool
    checks: list[CheckJson]


class AlarmsJson(TypedDict):
    """How often something was reported, ``hits`` of ``n`` images, with Wilson's 95 % interval."""

    hits: int
    n: int
    value: float
    low: float
    high: float


class MeasureJson(TypedDict):
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float
    n: int


class AgreementJson(TypedDict):
    """One label: how often each version reports it, how often they differ, and how far.

    ``p`` is McNemar's, two-sided and exact: that both report it equally often.
    """

    label: str
    both: int
    only_live: int
    only_candidate: int
    live: AlarmsJson
    candidate: AlarmsJson
    changed: AlarmsJson
    p: float
    kappa: MeasureJson | None
    difference: MeasureJson


class TrialJson(TypedDict):
    """What a trial has shown so far; ``left_out`` was answered and not read beside."""

    version: str
    live: str
    stage: str
    answered: int
    read: int
    failed: int
    left_out: int
    labels: list[AgreementJson]


class ChangeJson(TypedDict):
    """A recorded prediction to which the version would say something else."""

    prediction: str
    labels: list[str]


class UnreadJson(TypedDict):
    """A recorded image that one of the two versions would not read, and why."""

    prediction: str
    reason: str


class PreviewJson(TypedDict):
    """What a switch would change on the latest recorded images; nothing of it is a prediction."""

    version: str
    live: str
    images: int
    labels: list[AgreementJson]
    changes: list[ChangeJson]
    unread: list[UnreadJson]


def gate_json(ruling: Ruling) -> GateJson:
    return GateJson(
        passed=ruling.passed,
        checks=[
            CheckJson(name=c.name, result=c.result.value, sentence=c.sentence, record=c.record)
            for c in ruling.checks
        ],
    )


def trial_json(report: Report) -> TrialJson:
    found = report.coverage
    return TrialJson(
        version=report.version.version,
        live=report.live.version,
        stage=report.version.stage.value,
        answered=found.answered,
        read=found.read,
        failed=found.failed,
        left_out=found.left_out,
        labels=[agreement_json(label) for label in report.labels],
    )


def preview_json(preview: Preview) -> PreviewJson:
    return PreviewJson(
        version=preview.version.version,
        live=preview.live,
        images=preview.images,
        labels=[agreement_json(label) for label in preview.labels],
        changes=[
            ChangeJson(prediction=c.prediction, labels=list(c.labels)) for c in preview.changes
        ],
        unread=[UnreadJson(prediction=key, reason=why) for key, why in preview.unread],
    )


def agreement_json(found: Agreement) -> AgreementJson:
    return AgreementJson(
        label=found.label,
        both=found.both,
        only_live=found.only_live,
        only_candidate=found.only_candidate,
        live=_share(found.live),
        candidate=_share(found.candidate),
        changed=_share(found.changed),
        p=found.p,
        kappa=None if found.kappa is None else _measure(found.kappa),
        difference=_measure(found.difference),
    )


def _share(share: Proportion) -> AlarmsJson:
    bounds = share.interval
    return AlarmsJson(
        hits=share.hits, n=share.n, value=share.value, low=bounds.low, high=bounds.high
    )


def _measure(measure: Measure) -> MeasureJson:
    return MeasureJson(value=measure.value, low=measure.low, high=measure.high, n=measure.n)
