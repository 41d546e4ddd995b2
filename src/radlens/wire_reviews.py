"""Cases and reviews as JSON, the same through every door."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict  # pydantic cannot read typing.TypedDict before 3.12

from radlens.domain.finding import Finding
from radlens.domain.prior import COURSE, ORDER, Prior
from radlens.domain.review import LONGEST, Decision, Opinion, Review
from radlens.domain.task import MOST_LABELS
from radlens.domain.worklist import RULE, Case, State


class CaseJson(TypedDict):
    """One case; ``reader`` has it until ``lease``, ``signer`` has concluded it; else null."""

    prediction_id: str
    task: str
    time: str
    rank: str
    state: str
    readings: int
    reader: str | None
    lease: str | None
    signer: str | None


class WorklistJson(TypedDict):
    """The cases asked for in the order that ``rule`` tells, and how many each state has."""

    rule: str
    counts: dict[str, int]
    cases: list[CaseJson]


class OpinionJson(TypedDict):
    """``present`` is null where the image does not tell, ``decision`` in a blind opinion."""

    label: str
    present: bool | None
    decision: str | None
    reason: str


class ReviewJson(TypedDict):
    """What a reader said; ``undone`` is when it was taken back, null where it stands."""

    id: str
    prediction_id: str
    time: str
    by: str
    model: str
    model_version: str
    blind: bool
    final: bool
    impression: str
    findings: list[OpinionJson]
    undone: str | None


class AnswerJson(TypedDict):
    """What a model answered for one label; ``tier`` is null where nothing was claimed."""

    probability: float
    tier: str | None


class TurnJson(TypedDict):
    """One label, ``then`` and ``now``, null where that model did not look for it.

    ``turn`` is how it went by its tier: "new", "gone", "another tier", "unchanged", "not looked
    for then" or "not looked for now".
    """

    label: str
    then: AnswerJson | None
    now: AnswerJson | None
    turn: str


class PriorJson(TypedDict):
    """An earlier reading: ``reported`` are its positive findings, in card order.

    Where ``other_model``, what changed may come from the model alone.
    """

    prediction_id: str
    time: str
    model: str
    model_version: str
    other_model: bool
    state: str
    reported: list[str]
    changes: list[TurnJson]


class PriorsJson(TypedDict):
    """Earlier readings, the newest first; ``notes`` have to be said beside them."""

    notes: list[str]
    priors: list[PriorJson]


class SaidJson(TypedDict):
    """What is said of one label; ``present`` counts in an edit and in a blind opinion."""

    label: Annotated[str, Field(max_length=64)]
    decision: NotRequired[Decision | None]
    present: NotRequired[bool | None]
    reason: NotRequired[Annotated[str, Field(max_length=LONGEST[0])]]


class NewReviewJson(TypedDict):
    """A review to sign, or, ``blind``, an opinion from before the model's answer was seen."""

    findings: Annotated[list[SaidJson], Field(max_length=MOST_LABELS)]
    impression: NotRequired[Annotated[str, Field(max_length=LONGEST[1])]]
    blind: NotRequired[bool]


def opinions_of(new: NewReviewJson) -> list[Opinion]:
    """The opinions of a request."""
    return [
        Opinion(one["label"], one.get("present"), one.get("decision"), one.get("reason", ""))
        for one in new["findings"]
    ]


def case_json(case: Case, *, now: datetime) -> CaseJson:
    held = case.held(now)
    return CaseJson(
        prediction_id=case.prediction.id,
        task=case.prediction.model.task,
        time=case.prediction.time.isoformat(),
        rank=case.rank.value,
        state=case.state(now).value,
        readings=case.readings,
        reader=case.reader if held else None,
        lease=case.lease.isoformat() if case.lease and held else None,
        signer=case.signer or None,
    )


def worklist_json(cases: list[Case], counts: Mapping[State, int], *, now: datetime) -> WorklistJson:
    return WorklistJson(
        rule=RULE,
        counts={state.value: number for state, number in counts.items()},
        cases=[case_json(case, now=now) for case in cases],
    )


def priors_json(found: list[Prior]) -> PriorsJson:
    return PriorsJson(notes=[ORDER, COURSE], priors=[_prior_json(one) for one in found])


def _prior_json(prior: Prior) -> PriorJson:
    then = prior.prediction
    return PriorJson(
        prediction_id=then.id,
        time=then.time.isoformat(),
        model=then.model.digest,
        model_version=then.model.version,
        other_model=prior.other_model,
        state=prior.state.value,
        reported=[one.label for one in then.findings if one.positive],
        changes=[
            TurnJson(
                label=change.label,
                then=_answer_json(change.then),
                now=_answer_json(change.now),
                turn=change.turn.value,
            )
            for change in prior.changes
        ],
    )


def _answer_json(finding: Finding | None) -> AnswerJson | None:
    if finding is None:
        return None
    return AnswerJson(
        probability=finding.probability, tier=finding.tier.value if finding.tier else None
    )


def review_json(review: Review) -> ReviewJson:
    return ReviewJson(
        id=review.id,
        prediction_id=review.prediction,
        time=review.time.isoformat(),
        by=review.by.name,
        model=review.model,
        model_version=review.version,
        blind=review.blind,
        final=review.final,
        impression=review.impression,
        findings=[
            OpinionJson(
                label=one.label,
                present=one.present,
                decision=one.decision and one.decision.value,
                reason=one.reason,
            )
            for one in review.opinions
        ],
        undone=review.undone.time.isoformat() if review.undone else None,
    )
