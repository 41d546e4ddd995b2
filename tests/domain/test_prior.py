"""Two answers side by side: what differs by tier, and nothing more."""

from dataclasses import replace

import pytest

from radlens.domain.finding import Finding, Tier
from radlens.domain.prior import Prior, Turn
from radlens.domain.worklist import State
from tests.storage.samples import FINDINGS, a_prediction

MASS, EDEMA = FINDINGS
HIGH, LOW = (
    replace(MASS, positive=True, tier=tier, probability=0.7) for tier in (Tier.HIGH, Tier.LOW)
)


def turned(then: tuple[Finding, ...], now: tuple[Finding, ...]) -> dict[str, Turn]:
    earlier, later = a_prediction("then", findings=then), a_prediction("now", findings=now)
    prior = Prior.of(earlier, later, State.WAITING)
    return {change.label: change.turn for change in prior.changes}


@pytest.mark.parametrize(
    ("then", "now", "turn"),
    [
        (MASS, HIGH, Turn.NEW),
        (HIGH, MASS, Turn.GONE),
        (LOW, HIGH, Turn.OTHER_TIER),
        (HIGH, replace(HIGH, probability=0.99), Turn.UNCHANGED),
        (MASS, replace(MASS, probability=0.3), Turn.UNCHANGED),
    ],
)
def test_the_tier_tells_how_an_answer_went(then, now, turn):
    assert turned((then,), (now,)) == {"Mass": turn}


def test_a_label_that_one_of_both_did_not_look_for_is_neither_new_nor_gone():
    assert turned((MASS,), (MASS, EDEMA)) == {"Mass": Turn.UNCHANGED, "Edema": Turn.NOT_THEN}
    assert turned((EDEMA, MASS), (MASS,)) == {"Mass": Turn.UNCHANGED, "Edema": Turn.NOT_NOW}


def test_another_version_is_told_by_the_digest_of_the_model():
    now = a_prediction("now")
    renamed = replace(now, model=replace(now.model, version="2.0"))
    other = replace(now, model=replace(now.model, digest="e" * 64))
    told = [Prior.of(then, now, State.WAITING).other_model for then in (now, renamed, other)]
    assert told == [False, False, True]
