"""A case is in one reader's hands at a time; what readers said is never changed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from radlens.domain.audit import Act, Actor, Verb, verify
from radlens.domain.errors import Conflict, Erased, NoSuchPrediction, NoSuchReview, Taken
from radlens.domain.review import Decision, Opinion, Review, Undo
from radlens.domain.worklist import HOLD, Rank, Sought, State, Unlisted
from radlens.storage.database import Database
from radlens.storage.records import SqlRecords
from radlens.storage.reviews import SqlReviews
from radlens.storage.trail import SqlTrail
from radlens.storage.worklist import SqlWorklist
from tests.storage.samples import DOUBT, NOON, a_prediction, an_act

ANN, BOB = Actor("ann", "page", "192.0.2.7"), Actor("bob", "api")
ALL = Sought(frozenset(State))
LATER = NOON + HOLD + timedelta(seconds=1)


@pytest.fixture
def records(database: Database) -> SqlRecords:
    return SqlRecords(database)


@pytest.fixture
def worklist(database: Database) -> SqlWorklist:
    return SqlWorklist(database)


@pytest.fixture
def reviews(database: Database) -> SqlReviews:
    return SqlReviews(database)


@pytest.fixture
def listed(records: SqlRecords, worklist: SqlWorklist) -> Callable[..., None]:
    """Put predictions on record and on the list, by their ids and ranks."""

    def put(**ranks: Rank) -> None:
        for key in ranks:
            prediction = a_prediction(key)
            records.add(prediction, an_act(prediction))
        worklist.admit(ranks)

    return put


@pytest.fixture
def acts(database: Database) -> Callable[[], list[Act]]:
    """The acts of the log that are no predictions, in a chain that verifies."""

    def found() -> list[Act]:
        entries = list(SqlTrail(database).entries())
        assert verify(entries) == len(entries)
        return [entry.act for entry in entries if entry.act.verb != Verb.PREDICT]

    return found


def act(verb: Verb, by: Actor = ANN, subject: str = "one", time=NOON, **detail: object) -> Act:
    return Act(time, by, verb, subject, detail)


def take(worklist: SqlWorklist, by: Actor = ANN, key: str = "one", time=NOON, **how: bool):
    return worklist.claim(key, act(Verb.CLAIM_CASE, by, key, time), until=time + HOLD, **how)


def a_review(key: str = "r", by: Actor = ANN, prediction: str = "one", **changes) -> Review:
    opinions = (
        Opinion("Mass", False, Decision.ACCEPT),  # noqa: FBT003
        Opinion("Edema", None, Decision.EDIT, "cannot téll"),
    )
    review = Review(key, prediction, "a" * 64, "1.0", NOON, by, opinions, "Edema?", final=True)
    return replace(review, **changes)


def sign(reviews: SqlReviews, review: Review) -> Review:
    reviews.add(review, act(Verb.REVIEW, review.by, review.prediction))
    return review


def keys(worklist: SqlWorklist, sought: Sought = ALL, now=NOON, **page: int) -> list[str]:
    cases, _ = worklist.cases(sought, now=now, **({"limit": 99} | page))
    return [case.prediction.id for case in cases]


def test_what_was_read_and_is_not_listed_is_told_oldest_first(records, worklist):
    for key, changes in (("one", {}), ("two", {"assessment": None})):
        records.add(a_prediction(key, **changes), an_act(a_prediction(key)))
    first = Unlisted("one", "chest-xray", ("Edema",), doubtful=True)
    second = Unlisted("two", "chest-xray", ("Edema",), doubtful=False)
    assert a_prediction("one").assessment == DOUBT
    assert worklist.unlisted(limit=1) == [first]
    assert worklist.unlisted(limit=9) == [first, second]
    worklist.admit({"one": Rank.MODERATE})
    assert worklist.unlisted(limit=9) == [second]


def test_a_case_is_listed_once_and_keeps_its_rank(listed, worklist):
    listed(one=Rank.ROUTINE)
    worklist.admit({"one": Rank.CRITICAL, "nobody": Rank.CRITICAL})
    [case], counts = worklist.cases(ALL, now=NOON, limit=9)
    assert (case.rank, case.prediction) == (Rank.ROUTINE, a_prediction("one"))
    assert counts == {**dict.fromkeys(State, 0), State.WAITING: 1}


def test_the_most_urgent_comes_first_and_of_one_urgency_the_oldest(listed, worklist):
    listed(a=Rank.UNREPORTED, b=Rank.ROUTINE, c=Rank.CRITICAL, d=Rank.MODERATE, e=Rank.CRITICAL)
    assert keys(worklist) == ["c", "e", "d", "b", "a"]
    assert keys(worklist, limit=2, skip=1) == ["e", "d"]
    assert keys(worklist, replace(ALL, rank=Rank.CRITICAL)) == ["c", "e"]
    assert keys(worklist, replace(ALL, task="brain-tumor")) == []
    assert keys(worklist, Sought(frozenset())) == []


def test_a_case_is_taken_by_one_reader_until_the_time_is_over(listed, worklist, acts):
    listed(one=Rank.ROUTINE)
    case = take(worklist)
    assert (case.reader, case.lease) == ("ann", NOON + HOLD)
    assert worklist.case("one") == case
    with pytest.raises(Taken, match="ann has this case"):
        take(worklist, BOB, time=NOON + HOLD)
    take(worklist, BOB, time=LATER)
    with pytest.raises(Taken, match="bob has this case"):
        take(worklist, ANN, time=LATER)
    assert [(one.by.name, one.detail) for one in acts()] == [
        ("ann", {}),
        ("bob", {"lapsed": "ann"}),
    ]


def test_whoever_has_a_case_keeps_it_longer_and_the_log_is_told_once(listed, worklist, acts):
    listed(one=Rank.ROUTINE)
    take(worklist)
    assert take(worklist, time=NOON + HOLD / 2).lease == NOON + 1.5 * HOLD
    assert len(acts()) == 1


def test_a_case_is_given_back_by_whoever_has_it(listed, worklist, acts):
    listed(one=Rank.ROUTINE)
    take(worklist)
    with pytest.raises(Taken, match="ann has it"):
        worklist.release("one", act(Verb.RELEASE_CASE, BOB))
    worklist.release("one", act(Verb.RELEASE_CASE))
    with pytest.raises(Taken, match="nobody has it"):
        worklist.release("one", act(Verb.RELEASE_CASE))
    assert take(worklist, BOB).reader == "bob"
    assert [one.verb for one in acts()] == ["claim-case", "release-case", "claim-case"]


def test_states_and_their_counts_follow_claims_and_reviews(listed, worklist, reviews):
    listed(one=Rank.ROUTINE, two=Rank.ROUTINE, three=Rank.ROUTINE, four=Rank.ROUTINE)
    for key in ("one", "two", "three"):
        take(worklist, key=key)
    sign(reviews, a_review("r1", prediction="two"))
    no = (Opinion("Edema", False, Decision.REJECT, "no"),)  # noqa: FBT003
    sign(reviews, a_review("r2", prediction="three", opinions=no))
    wanted = {"one": State.IN_REVIEW, "two": State.VERIFIED, "three": State.REJECTED}
    wanted["four"] = State.WAITING
    for key, state in wanted.items():
        assert keys(worklist, Sought(frozenset({state}))) == [key]
        assert worklist.case(key).state(NOON) is state
    _, counts = worklist.cases(ALL, now=NOON, limit=1)
    assert counts == dict.fromkeys(State, 1)
    assert keys(worklist, Sought(), now=LATER) == ["one", "four"]
    _, counts = worklist.cases(ALL, now=LATER, limit=1)
    assert (counts[State.WAITING], counts[State.IN_REVIEW]) == (2, 0)
    assert keys(worklist, replace(ALL, reader="ann")) == ["one", "two", "three"]
    assert keys(worklist, replace(ALL, reader="ann"), now=LATER) == ["two", "three"]
    assert keys(worklist, replace(ALL, reader="bob")) == []


def test_a_review_comes_back_as_it_was_written_and_ends_the_claim(listed, worklist, reviews):
    listed(one=Rank.ROUTINE)
    take(worklist)
    review = sign(reviews, a_review())
    assert reviews.get("r") == review
    assert reviews.of("one") == [review]
    assert reviews.final("chest-xray") == [review]
    assert reviews.final("brain-tumor") == []
    case = worklist.case("one")
    assert (case.reader, case.lease, case.readings) == ("", None, 1)
    assert (case.outcome, case.signer) == (State.VERIFIED, "ann")


def test_without_the_case_in_hand_nothing_is_signed_and_no_trace_is_left(
    listed, worklist, reviews, acts
):
    listed(one=Rank.ROUTINE)
    with pytest.raises(Taken, match="nobody has it"):
        sign(reviews, a_review())
    take(worklist, BOB)
    with pytest.raises(Taken, match="bob has it"):
        sign(reviews, a_review())
    sign(reviews, a_review("r2", BOB))
    with pytest.raises(Taken):  # the other tab of the same reader
        sign(reviews, a_review("r3", BOB))
    assert [review.id for review in reviews.of("one")] == ["r2"]
    assert [one.verb for one in acts()] == ["claim-case", "review"]


def test_a_time_that_is_over_costs_nobody_a_review_that_nobody_else_began(
    listed, worklist, reviews
):
    listed(one=Rank.ROUTINE)
    take(worklist)
    late = a_review(time=LATER)
    reviews.add(late, act(Verb.REVIEW, time=LATER))
    assert worklist.case("one").outcome is State.VERIFIED


def test_who_read_a_case_that_is_not_concluded_leaves_it_to_another(listed, worklist, reviews):
    listed(one=Rank.ROUTINE)
    take(worklist)
    sign(reviews, a_review(final=False))
    assert (worklist.case("one").outcome, worklist.case("one").readings) == (None, 1)
    with pytest.raises(Conflict, match="another reader"):
        take(worklist)
    take(worklist, BOB)
    sign(reviews, a_review("r2", BOB))
    assert worklist.case("one").readings == 2


def test_what_a_reader_has_read_is_not_asked_for_again_until_it_was_taken_back(
    listed, worklist, reviews
):
    listed(one=Rank.CRITICAL, two=Rank.ROUTINE)
    take(worklist)
    sign(reviews, a_review(final=False))
    blind = a_review("b", prediction="two", opinions=(Opinion("Mass", True),), blind=True)  # noqa: FBT003
    sign(reviews, replace(blind, final=False))
    assert keys(worklist, replace(ALL, unread_by="ann")) == ["two"]
    assert keys(worklist, replace(ALL, unread_by="bob")) == ["one", "two"]
    reviews.undo(Undo("r", NOON, ANN), act(Verb.UNDO_REVIEW), until=NOON)
    assert keys(worklist, replace(ALL, unread_by="ann")) == ["one", "two"]


def test_what_is_concluded_is_taken_to_amend_it_and_not_by_mistake(listed, worklist, reviews):
    listed(one=Rank.ROUTINE)
    take(worklist)
    sign(reviews, a_review())
    with pytest.raises(Conflict, match="ann has concluded"):
        take(worklist, BOB)
    take(worklist, BOB, amend=True)
    take(worklist, BOB)  # whoever has it keeps it
    sign(reviews, a_review("r2", BOB))
    assert worklist.case("one").signer == "bob"


def test_what_is_taken_back_stays_on_record_and_the_case_is_its_readers_again(
    listed, worklist, reviews, acts
):
    listed(one=Rank.ROUTINE)
    take(worklist)
    sign(reviews, a_review())
    gone = Undo("r", NOON, ANN)
    reviews.undo(gone, act(Verb.UNDO_REVIEW), until=NOON + HOLD)
    assert reviews.get("r") == replace(a_review(), undone=gone)
    assert reviews.final("chest-xray") == []
    case = worklist.case("one")
    assert (case.reader, case.outcome, case.signer, case.readings) == ("ann", None, "", 0)
    with pytest.raises(Conflict):
        reviews.undo(gone, act(Verb.UNDO_REVIEW), until=NOON + HOLD)
    sign(reviews, a_review("again"))
    assert [review.id for review in reviews.of("one")] == ["r", "again"]
    assert [one.verb for one in acts()] == ["claim-case", "review", "undo-review", "review"]


def test_a_review_that_others_built_on_is_not_taken_back(listed, worklist, reviews):
    listed(one=Rank.ROUTINE)
    take(worklist)
    sign(reviews, a_review(final=False))
    take(worklist, BOB)
    for _ in range(2):  # while the other has it, and after
        with pytest.raises(Conflict, match="went on"):
            reviews.undo(Undo("r", NOON, ANN), act(Verb.UNDO_REVIEW), until=NOON + HOLD)
        if not reviews.of("one")[1:]:
            sign(reviews, a_review("r2", BOB))
    with pytest.raises(NoSuchReview):
        reviews.undo(Undo("nobody", NOON, ANN), act(Verb.UNDO_REVIEW), until=NOON + HOLD)


def test_an_amendment_that_is_taken_back_leaves_what_held_before(listed, worklist, reviews):
    listed(one=Rank.ROUTINE)
    take(worklist)
    sign(reviews, a_review())
    take(worklist, BOB, amend=True)
    no = (Opinion("Edema", False, Decision.REJECT, "no"),)  # noqa: FBT003
    sign(reviews, a_review("r2", BOB, opinions=no))
    assert worklist.case("one").outcome is State.REJECTED
    assert [review.id for review in reviews.final("chest-xray")] == ["r2"]
    reviews.undo(Undo("r2", NOON, BOB), act(Verb.UNDO_REVIEW, BOB), until=NOON + HOLD)
    case = worklist.case("one")
    assert (case.outcome, case.signer, case.reader) == (State.VERIFIED, "ann", "bob")


def test_a_blind_opinion_needs_no_case_and_is_given_once(listed, worklist, reviews, acts):
    listed(one=Rank.ROUTINE)
    opinion = (Opinion("Mass", True),)  # noqa: FBT003
    blind = a_review(opinions=opinion, blind=True, final=False)
    sign(reviews, blind)
    assert reviews.of("one") == [blind]
    assert worklist.case("one").readings == 0
    with pytest.raises(Conflict, match="already"):
        sign(reviews, replace(blind, id="r2"))
    with pytest.raises(NoSuchPrediction):
        sign(reviews, replace(blind, id="r3", prediction="nobody"))
    sign(reviews, replace(blind, id="r4", by=BOB))
    take(worklist)
    sign(reviews, a_review("r5"))
    assert [one.verb for one in acts()] == ["review", "review", "claim-case", "review"]


def test_what_was_erased_is_no_case_any_more(listed, worklist, reviews, records):
    listed(one=Rank.ROUTINE, two=Rank.ROUTINE, three=Rank.ROUTINE)
    take(worklist)
    records.add(a_prediction("unlisted"), an_act(a_prediction("unlisted")))
    gone = ["one", "three", "unlisted"]
    records.erase(gone, act(Verb.ERASE, predictions=gone), reason="asked")
    assert keys(worklist) == ["two"]
    _, counts = worklist.cases(ALL, now=NOON, limit=9)
    assert counts == {**dict.fromkeys(State, 0), State.WAITING: 1}
    with pytest.raises(Erased):
        take(worklist)
    with pytest.raises(Erased):
        sign(reviews, a_review())


def test_what_is_not_there_says_so(worklist, reviews):
    for refused in (
        lambda: worklist.case("nobody"),
        lambda: take(worklist, key="nobody"),
        lambda: worklist.release("nobody", act(Verb.RELEASE_CASE)),
        lambda: sign(reviews, a_review(prediction="nobody")),
    ):
        with pytest.raises(NoSuchPrediction):
            refused()
    with pytest.raises(NoSuchReview):
        reviews.get("nobody")
    assert reviews.of("nobody") == []


def test_reviews_and_undos_have_their_places_in_the_log(listed, worklist, reviews, database):
    listed(one=Rank.ROUTINE)
    take(worklist)
    sign(reviews, a_review())
    reviews.undo(Undo("r", NOON, ANN), act(Verb.UNDO_REVIEW), until=NOON + HOLD)
    found = reviews.recorded(after=0, until=99)
    assert list(found) == [3, 4]
    assert reviews.recorded(after=3, until=99) == {4: found[4]}
    assert len(set(found.values())) == 2
