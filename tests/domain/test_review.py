"""What a review may say, when a case is concluded, and in which order cases come."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from radlens.domain.audit import Actor
from radlens.domain.errors import BadReview, Conflict, NotAllowed
from radlens.domain.review import (
    LATE,
    UNDO,
    Decision,
    Opinion,
    Review,
    Undo,
    answers_of,
    blind,
    concludes,
    decided,
    final_of,
    fingerprint,
    undoing,
)
from radlens.domain.task import Urgency
from radlens.domain.worklist import HOLD, RULE, Case, Rank, State, age_words, rank
from tests.builders import TASKS
from tests.storage.samples import NOON, a_prediction

CHEST, BRAIN = TASKS["chest-xray"], TASKS["brain-tumor"]
PREDICTION = a_prediction("one")  # Edema is reported, Mass is not
ANSWERS = answers_of(PREDICTION)
EDEMA = Opinion("Edema", None, Decision.ACCEPT)
ANN, BOB, EVE = (Actor(name, "page") for name in ("ann", "bob", "eve"))


def said(by: Actor, *opinions: Opinion, **changes: object) -> Review:
    review = Review("r", "one", "a" * 64, "1.0", NOON, by, opinions or (Opinion("Edema", True),))  # noqa: FBT003
    return replace(review, **changes)


def test_to_accept_is_to_say_the_same_to_reject_the_opposite_and_to_edit_anything():
    stated = [
        Opinion("Mass", None, Decision.ACCEPT),
        Opinion("Edema", None, Decision.REJECT, "a shadow of the breast"),
    ]
    assert [(one.label, one.present) for one in decided(PREDICTION, CHEST, stated)] == [
        ("Edema", False),  # in the card's order
        ("Mass", False),
    ]
    edited = Opinion("Edema", None, Decision.EDIT, " rotated, cannot tell ")
    [one] = decided(PREDICTION, CHEST, [edited])
    assert (one.present, one.reason) == (None, "rotated, cannot tell")


@pytest.mark.parametrize(
    ("stated", "why"),
    [
        ([], "reported: Edema"),
        ([Opinion("Mass", None, Decision.ACCEPT)], "reported: Edema"),
        ([EDEMA, EDEMA], "twice"),
        ([EDEMA, Opinion("Stroke", None, Decision.ACCEPT)], "no label 'Stroke'"),
        ([Opinion("Edema", True)], "accepted, edited or rejected"),  # noqa: FBT003
        ([Opinion("Edema", None, Decision.REJECT, "  ")], "needs a reason"),
        ([Opinion("Edema", None, Decision.EDIT)], "needs a reason"),
        ([replace(EDEMA, reason="x" * 301)], "300 characters"),
    ],
)
def test_what_does_not_hold_together_is_no_review(stated, why):
    with pytest.raises(BadReview, match=why):
        decided(PREDICTION, CHEST, stated)


def test_of_labels_that_exclude_each_other_one_is_the_answer():
    names = BRAIN.names
    findings = tuple(
        replace(PREDICTION.findings[0], label=name, positive=name == names[0]) for name in names
    )
    prediction = replace(PREDICTION, findings=findings)
    wrong = Opinion(names[0], None, Decision.REJECT, "the other one")
    right = Opinion(names[1], True, Decision.EDIT, "this one")  # noqa: FBT003
    assert decided(prediction, BRAIN, [wrong, right])
    both = [Opinion(names[0], None, Decision.ACCEPT), right]
    with pytest.raises(BadReview, match="Only one of these"):
        decided(prediction, BRAIN, both)


def test_a_blind_opinion_decides_on_nothing():
    [one] = blind(PREDICTION, CHEST, [Opinion("Mass", True, Decision.ACCEPT)])  # noqa: FBT003
    assert (one.present, one.decision) == (True, None)
    with pytest.raises(BadReview, match="at least one label"):
        blind(PREDICTION, CHEST, [])


def test_one_reader_concludes_and_a_later_one_amends():
    assert not concludes([], ANSWERS, readings=1)
    assert concludes([said(ANN)], ANSWERS, readings=1)
    assert concludes([said(ANN), said(BOB)], ANSWERS, readings=1)


def test_two_readers_of_one_mind_conclude_and_a_third_decides_between_others():
    here, absent = said(ANN), said(BOB, Opinion("Edema", False))  # noqa: FBT003
    assert not concludes([here], ANSWERS, readings=2)
    assert not concludes([here, said(ANN)], ANSWERS, readings=2)  # one person is one reader
    assert concludes([here, said(BOB)], ANSWERS, readings=2)
    assert not concludes([here, absent], ANSWERS, readings=2)
    assert concludes([here, absent, said(EVE)], ANSWERS, readings=2)


def test_who_names_more_labels_says_the_same_as_long_as_the_model_did():
    more = said(BOB, Opinion("Edema", True), Opinion("Mass", False))  # noqa: FBT003
    found = said(BOB, Opinion("Edema", True), Opinion("Mass", True))  # noqa: FBT003
    assert concludes([said(ANN), more], ANSWERS, readings=2)
    assert not concludes([said(ANN), found], ANSWERS, readings=2)


def test_blind_opinions_and_what_was_taken_back_conclude_nothing():
    gone = Undo("r", NOON, ANN)
    for one in (said(ANN, blind=True), said(ANN, undone=gone)):
        assert not concludes([one], ANSWERS, readings=1)
        assert final_of([replace(one, final=True)]) is None
    assert final_of([said(ANN, final=True), said(BOB)]).by == ANN


def test_a_review_is_taken_back_in_time_by_whoever_wrote_it():
    review = said(ANN)
    assert undoing(review, time=NOON + UNDO, by=ANN) == Undo("r", NOON + UNDO, ANN)
    late = NOON + UNDO + LATE + timedelta(seconds=1)
    refused = [
        (review, NOON, BOB, NotAllowed),
        (review, late, ANN, Conflict),
        (replace(review, blind=True), NOON, ANN, Conflict),
        (replace(review, undone=Undo("r", NOON, ANN)), NOON, ANN, Conflict),
    ]
    for one, time, by, error in refused:
        with pytest.raises(error):
            undoing(one, time=time, by=by)


def test_a_fingerprint_covers_every_field_but_what_came_later():
    review = said(ANN)
    undone = replace(review, undone=Undo("r", NOON, ANN))
    assert fingerprint(undone) == fingerprint(review)
    changed = {"impression": "x", "final": True, "blind": True, "version": "2", "by": BOB}
    for field, value in changed.items():
        assert fingerprint(replace(review, **{field: value})) != fingerprint(review)


def test_the_most_urgent_finding_ranks_a_case_and_the_rule_on_the_page_says_so():
    for urgencies in product(Urgency, repeat=2):
        most = min(urgencies, key=tuple(Urgency).index)
        assert rank(urgencies, doubtful=False) == Rank(most)
    assert "critical, moderate, routine" in RULE
    assert rank([], doubtful=False) is Rank.UNREPORTED
    assert "nothing was reported" in RULE
    assert rank([], doubtful=True) is Rank.MODERATE
    assert rank([Urgency.ROUTINE], doubtful=True) is Rank.MODERATE
    assert rank([Urgency.CRITICAL], doubtful=True) is Rank.CRITICAL
    assert "moderate at least" in RULE
    assert rank([None, Urgency.ROUTINE], doubtful=False) is Rank.CRITICAL
    assert "whose card is gone as critical" in RULE


def test_a_case_is_in_review_as_long_as_a_reader_holds_it():
    case = Case(PREDICTION, Rank.CRITICAL, reader="ann", lease=NOON + HOLD)
    assert case.state(NOON + HOLD) is State.IN_REVIEW
    assert case.state(NOON + HOLD + timedelta(seconds=1)) is State.WAITING
    done = replace(case, outcome=State.VERIFIED)
    assert done.state(NOON) is State.IN_REVIEW
    assert done.state(NOON + 2 * HOLD) is State.VERIFIED


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "< 1 min"), (59, "59 min"), (60, "1 h"), (47 * 60, "47 h"), (48 * 60, "2 days")],
)
def test_an_age_is_in_the_unit_that_says_something(minutes, words):
    assert age_words(timedelta(minutes=minutes)) == words
