"""A case from the list to a signed review, on either database; double reading; what verifies."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from radlens.domain.audit import Actor, Outcome, Verb, Wanted
from radlens.domain.errors import (
    BadReview,
    BrokenChain,
    Conflict,
    Erased,
    NoSuchPrediction,
    NotAllowed,
    Taken,
)
from radlens.domain.prediction import Prediction
from radlens.domain.review import LATE, UNDO, Decision, Opinion, answers_of
from radlens.domain.worklist import HOLD, Rank, Sought, State
from radlens.ports import Site
from radlens.usecases.disclose import look
from radlens.usecases.erase import erase
from radlens.usecases.predict import predict
from radlens.usecases.review import review, state_blind, undo
from radlens.usecases.verify import verify_records
from radlens.usecases.worklist import claim, claim_next, keep_hold, release, worklist
from tests.builders import TASKS, measured, picture, png, tiny_bundle, tiny_site
from tests.usecases.conftest import Process

ANN, BOB, EVE = (Actor(name, "page") for name in ("ann", "bob", "eve"))
ALL = Sought(frozenset(State))


@pytest.fixture
def site(process: Process) -> Iterator[Site]:
    with process() as opened:
        yield opened


def read(site: Site, seed: int = 0, task: str = "chest-xray") -> Prediction:
    return predict(site, png(picture(seed)), task=task, by=ANN)


def accepted(prediction: Prediction) -> list[Opinion]:
    return [Opinion(label, None, Decision.ACCEPT) for label in answers_of(prediction)]


def denied(prediction: Prediction) -> list[Opinion]:
    first, *others = accepted(prediction)
    return [replace(first, decision=Decision.REJECT, reason="I see it otherwise"), *others]


def refusals(site: Site) -> list[str]:
    found = site.trail.search(Wanted(outcome=Outcome.REFUSED), limit=99)
    return [entry.act.verb for entry in found]


def test_a_case_is_taken_read_and_signed_and_the_records_verify(site):
    prediction = read(site)
    [case], counts = worklist(site, Sought(), limit=9, by=ANN)
    assert (case.prediction.id, counts[State.WAITING]) == (prediction.id, 1)
    claim(site, prediction.id, by=ANN)
    signed = review(site, prediction.id, accepted(prediction), impression=" Clear. ", by=ANN)
    assert (signed.final, signed.impression, signed.by) == (True, "Clear.", ANN)
    assert (signed.model, signed.version) == (prediction.model.digest, prediction.model.version)
    assert worklist(site, Sought(), limit=9, by=None)[0] == []
    entry = site.trail.search(Wanted(verb=Verb.REVIEW), limit=1)[0].act
    assert (entry.subject, entry.by, entry.detail["id"]) == (prediction.id, ANN, signed.id)
    assert verify_records(site)
    looks = site.trail.search(Wanted(subject="worklist"), limit=9)
    assert [one.act.by for one in looks] == [ANN]


def test_what_is_refused_leaves_no_review_and_the_log_tells_of_it(site):
    prediction = read(site)
    with pytest.raises(Taken):
        review(site, prediction.id, accepted(prediction), by=ANN)
    claim(site, prediction.id, by=ANN)
    with pytest.raises(BadReview):
        review(site, prediction.id, [], by=ANN)
    with pytest.raises(BadReview):
        review(site, prediction.id, accepted(prediction), impression="x" * 4001, by=ANN)
    with pytest.raises(Taken):
        claim(site, prediction.id, by=BOB)
    with pytest.raises(NoSuchPrediction):
        claim(site, "nobody", by=BOB)
    assert site.reviews.of(prediction.id) == []
    assert refusals(site) == ["claim-case", "claim-case", "review", "review", "review"]


def test_the_next_case_is_the_most_urgent_that_nobody_has(site):
    first, second = read(site), read(site, 1)
    assert claim_next(site, by=ANN).prediction.id == first.id
    assert claim_next(site, by=BOB, task="brain-tumor") is None
    assert claim_next(site, by=BOB).prediction.id == second.id
    assert claim_next(site, by=EVE) is None
    release(site, first.id, by=ANN)
    assert claim_next(site, by=EVE).prediction.id == first.id


def test_a_sign_of_life_is_given_once_half_of_the_time_is_gone(site):
    prediction = read(site)
    case = claim(site, prediction.id, by=ANN)
    assert keep_hold(site, case, by=ANN) is case
    later = replace(site, clock=lambda: case.lease - HOLD / 3)
    kept = keep_hold(later, case, by=ANN)
    assert kept.lease > case.lease
    assert keep_hold(later, case, by=BOB) is case
    assert len(site.trail.search(Wanted(verb=Verb.CLAIM_CASE), limit=9)) == 1


def test_a_review_is_taken_back_within_the_moment_and_not_after(site):
    prediction = read(site)
    claim(site, prediction.id, by=ANN)
    first = review(site, prediction.id, accepted(prediction), by=ANN)
    with pytest.raises(NotAllowed):
        undo(site, first.id, by=BOB)
    assert undo(site, first.id, by=ANN).undone.by == ANN
    second = review(site, prediction.id, denied(prediction), by=ANN)
    late = replace(site, clock=lambda: second.time + UNDO + LATE + timedelta(seconds=1))
    with pytest.raises(Conflict, match="too late"):
        undo(late, second.id, by=ANN)
    assert [one.id for one in site.reviews.of(prediction.id)] == [first.id, second.id]
    assert site.worklist.case(prediction.id).outcome is State.REJECTED
    assert verify_records(site)


def test_with_double_reading_two_of_one_mind_conclude(process):
    with process(readings=2) as site:
        prediction = read(site)
        claim(site, prediction.id, by=ANN)
        assert not review(site, prediction.id, accepted(prediction), by=ANN).final
        with pytest.raises(Conflict, match="another reader"):
            claim(site, prediction.id, by=ANN)
        assert claim_next(site, by=ANN) is None
        assert claim_next(site, by=BOB).readings == 1
        assert review(site, prediction.id, accepted(prediction), by=BOB).final
        assert site.worklist.case(prediction.id).signer == "bob"


def test_with_double_reading_a_third_decides_between_two_who_differ(process):
    with process(readings=2) as site:
        prediction = read(site)
        for by, said in ((ANN, accepted), (BOB, denied), (EVE, denied)):
            case = claim_next(site, by=by)
            final = review(site, case.prediction.id, said(prediction), by=by).final
            assert final is (by == EVE)
        case = site.worklist.case(prediction.id)
        assert (case.outcome, case.signer, case.readings) == (State.REJECTED, "eve", 3)


def test_an_opinion_is_blind_only_while_the_answer_was_not_seen(site):
    seen, unseen = read(site), read(site, 1)
    label = next(iter(answers_of(seen)))
    stated = [Opinion(label, True)]  # noqa: FBT003
    look(site, seen.id, by=BOB)
    with pytest.raises(Conflict, match="seen the answer"):
        state_blind(site, seen.id, stated, by=BOB)
    found = state_blind(site, unseen.id, stated, by=BOB)
    assert (found.blind, found.final) == (True, False)
    look(site, unseen.id, by=BOB)
    claim(site, unseen.id, by=BOB)
    assert review(site, unseen.id, accepted(unseen), by=BOB).final
    assert [one.blind for one in site.reviews.of(unseen.id)] == [True, False]
    assert verify_records(site)


def test_an_image_that_is_erased_is_no_case_any_more(site):
    prediction = read(site)
    claim(site, prediction.id, by=ANN)
    erase(site, prediction.id, reason="the patient asked", by=BOB)
    with pytest.raises(Erased):
        review(site, prediction.id, accepted(prediction), by=ANN)
    assert worklist(site, ALL, limit=9, by=None)[0] == []


def test_the_rank_is_the_cards_urgency_of_what_was_reported(tmp_path):
    names = TASKS["chest-xray"].names
    answer = names.index("Pneumothorax")
    changes = measured(TASKS["chest-xray"], answer=answer)
    tiny_bundle(tmp_path / "gallery" / "chest-xray", TASKS["chest-xray"], **changes)
    with tiny_site(tmp_path) as site:
        prediction = read(site)
        urgency = site.tasks["chest-xray"].label("Pneumothorax").urgency
        assert answers_of(prediction)["Pneumothorax"]
        [case], _ = worklist(site, Sought(), limit=9, by=None)
        assert case.rank == Rank(urgency)
        lost = replace(site, tasks={})
        second = read(site, 1)
        cases, _ = worklist(lost, Sought(), limit=9, by=None)
        assert {case.prediction.id: case.rank for case in cases}[second.id] is Rank.CRITICAL


def signed(home: Path) -> None:
    with tiny_site(home) as site:
        prediction = read(site)
        claim(site, prediction.id, by=ANN)
        undo(site, review(site, prediction.id, denied(prediction), by=ANN).id, by=ANN)
        review(site, prediction.id, accepted(prediction), by=ANN)


@pytest.mark.parametrize(
    ("tampering", "said"),
    [
        ("UPDATE reviews SET impression = 'other'", "was changed"),
        ("UPDATE reviews SET actor = 'bob'", "was changed"),
        ("UPDATE undos SET actor = 'bob'", "was changed"),
        ("DELETE FROM undos", "is gone"),
        ("UPDATE reviews SET seq = 1", "is gone"),
        (
            "INSERT INTO reviews SELECT 'x', 1, prediction, model, version, time, actor, via, "
            "origin, opinions, impression, blind, final FROM reviews LIMIT 1",
            "was inserted",
        ),
    ],
)
def test_a_review_that_was_touched_is_found(tmp_path, tampering, said):
    signed(tmp_path)
    with closing(sqlite3.connect(tmp_path / "radlens.sqlite")) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        if "seq = 1" in tampering:
            tampering += " WHERE id = (SELECT max(id) FROM reviews)"
        connection.execute(tampering)
        connection.commit()
    with tiny_site(tmp_path) as site, pytest.raises(BrokenChain, match=said):
        verify_records(site)
