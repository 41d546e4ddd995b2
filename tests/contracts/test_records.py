"""What every implementation of Records promises."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from math import inf, nan
from threading import Barrier

import pytest

from radlens.domain.audit import Act, Verb, verify
from radlens.domain.errors import Conflict, KeyReused, NoSuchPrediction, NotAssessable
from radlens.domain.prediction import Erasure, Once, fingerprint
from radlens.domain.pseudonym import Pseudonyms
from radlens.ports import Records
from radlens.storage.database import Database
from tests.contracts.stores import LoggedRecords
from tests.storage.samples import BY, FINDINGS, NOON, a_prediction, an_act


@pytest.fixture
def records(database: Database) -> Records:
    return LoggedRecords(database)


WHOSE = Pseudonyms("1" * 64, "2" * 64, "3" * 32)


def add(records: Records, *keys: str, image: str = "b" * 64) -> None:
    for key in keys:
        prediction = a_prediction(key, image=image)
        records.add(prediction, an_act(prediction, findings={"Mass": 0.1}))


def test_a_new_site_has_no_history_and_an_empty_chain_that_verifies(records):
    assert records.history(limit=10) == []
    assert records.count() == 0
    assert verify(records.audit()) == 0


def test_what_was_added_is_what_is_read(records):
    prediction = a_prediction("one")
    assert records.add(prediction, an_act(prediction)) == prediction
    assert records.get("one") == prediction
    assert records.history(limit=10) == [prediction]


def test_every_prediction_has_its_audit_entry(records):
    prediction = a_prediction("one")
    act = an_act(prediction, findings={"Mass": 0.1}, image="b" * 64)
    records.add(prediction, act)
    [entry] = records.audit()
    assert entry.act == act
    assert entry.seq == 1


def test_what_is_on_record_is_counted(records):
    add(records, "one", "two", "three")
    assert records.count() == 3


def test_an_unknown_prediction_is_not_found(records):
    add(records, "one")
    with pytest.raises(NoSuchPrediction, match="two"):
        records.get("two")


def test_history_is_newest_first_and_goes_on_from_where_a_page_ended(records):
    keys = [f"{n:02}" for n in range(25)]
    add(records, *keys[::2], *keys[1::2])  # order is that of recording, not of ids or times
    first = [p.id for p in records.history(limit=10)]
    second = [p.id for p in records.history(limit=10, before=first[-1])]
    third = [p.id for p in records.history(limit=10, before=second[-1])]
    assert first + second + third == [*keys[::2], *keys[1::2]][::-1]
    assert records.history(limit=10, before=third[-1]) == []


def test_history_can_be_that_of_one_image(records):
    add(records, "a", "b", image="1" * 64)
    add(records, "c", image="2" * 64)
    add(records, "d", image="1" * 64)
    assert [p.id for p in records.history(limit=9, image="1" * 64)] == ["d", "b", "a"]
    assert [p.id for p in records.history(limit=1, before="d", image="1" * 64)] == ["b"]
    assert records.history(limit=9, image="3" * 64) == []


def test_history_does_not_go_on_from_an_unknown_prediction(records):
    add(records, "one")
    with pytest.raises(NoSuchPrediction, match="two"):
        records.history(limit=10, before="two")


def test_the_same_request_again_is_the_same_prediction(records):
    once, first = Once("key", "request"), a_prediction("first")
    assert records.repeated(once) is None
    records.add(first, an_act(first), once)
    second = a_prediction("second")
    assert records.add(second, an_act(second), once) == first
    assert records.repeated(once) == first
    assert [p.id for p in records.history(limit=9)] == ["first"]
    assert verify(records.audit()) == 1


def test_a_key_for_another_request_is_refused_and_nothing_is_recorded(records):
    first, second = a_prediction("first"), a_prediction("second")
    records.add(first, an_act(first), Once("key", "request"))
    with pytest.raises(KeyReused):
        records.repeated(Once("key", "another"))
    with pytest.raises(KeyReused):
        records.add(second, an_act(second), Once("key", "another"))
    assert [p.id for p in records.history(limit=9)] == ["first"]
    assert verify(records.audit()) == 1


def nothing_was_recorded(records: Records, once: Once) -> bool:
    """Neither prediction nor entry nor key; and the records still work."""
    assert records.repeated(once) is None
    assert records.history(limit=9) == []
    assert verify(records.audit()) == 0
    add(records, "afterwards")
    return verify(records.audit()) == 1


def test_without_its_audit_entry_a_prediction_is_not_recorded(records):
    prediction, once = a_prediction("one"), Once("key", "request")
    with pytest.raises(TypeError):
        records.add(prediction, an_act(prediction, unwritable=object()), once)
    assert nothing_was_recorded(records, once)


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_a_value_that_is_no_number_is_never_recorded_nor_its_audit_entry(records, value):
    prediction = a_prediction("one", findings=(replace(FINDINGS[0], probability=value),))
    once = Once("key", "request")
    with pytest.raises(NotAssessable):
        records.add(prediction, an_act(prediction), once)
    assert nothing_was_recorded(records, once)


def test_a_time_without_its_zone_is_never_recorded(records):
    prediction, once = a_prediction("one", time=datetime(2026, 11, 3)), Once("key", "request")
    with pytest.raises(ValueError, match="zone"):
        records.add(prediction, an_act(prediction), once)
    assert nothing_was_recorded(records, once)


def test_an_id_is_recorded_once(records):
    first, second = a_prediction("one"), a_prediction("one", image="d" * 64)
    records.add(first, an_act(first))
    with pytest.raises(Conflict, match="one"):
        records.add(second, an_act(second), Once("key", "request"))
    assert records.get("one") == first
    assert records.repeated(Once("key", "request")) is None
    assert verify(records.audit()) == 1


def test_the_chain_verifies_however_the_detail_was_written(records):
    prediction = a_prediction("one")
    records.add(prediction, an_act(prediction, tuples=(1, 2), keys={2: "b", 10: "a"}, text="Zoë"))
    assert verify(records.audit()) == 1


def test_two_threads_with_one_key_make_one_record_and_get_the_same_prediction(records):
    start = Barrier(8)

    def ask(number: int) -> str:
        prediction = a_prediction(f"from {number}")
        start.wait()
        return records.add(prediction, an_act(prediction), Once("key", "request")).id

    with ThreadPoolExecutor(8) as threads:
        answers = set(threads.map(ask, range(8)))
    assert answers == {p.id for p in records.history(limit=9)}
    assert verify(records.audit()) == len(answers) == 1


def test_many_threads_make_one_chain_while_others_read(records):
    def work(number: int) -> int:
        for step in range(10):
            add(records, f"{number}-{step}")
            assert records.get(f"{number}-{step}").id == f"{number}-{step}"
        return verify(records.audit())

    with ThreadPoolExecutor(8) as threads:
        assert max(threads.map(work, range(8))) == 80
    order = [entry.act.subject for entry in records.audit()]
    assert [p.id for p in records.history(limit=100)] == order[::-1]


def test_what_is_erased_says_when_by_whom_and_why_and_keeps_its_findings(records):
    add(records, "one", "two")
    before = records.get("one")
    act = Act(NOON, BY, Verb.ERASE, "one", {"predictions": ["one"]})
    records.erase(["one"], act, reason="the patient asked")
    after = records.get("one")
    assert after.erased == Erasure(NOON, BY.name, "the patient asked")
    assert replace(after, erased=None) == before
    assert fingerprint(after) == fingerprint(before)
    assert [p.erased is None for p in records.history(limit=9)] == [True, False]
    assert [p.id for p in records.recorded(after=0, until=9).values()] == ["one", "two"]
    assert verify(records.audit()) == 3


def test_what_is_erased_is_not_erased_again_and_nothing_is_noted_then(records):
    add(records, "one", "two")
    act = Act(NOON, BY, Verb.ERASE, "one", {})
    records.erase(["one"], act, reason="asked")
    with pytest.raises(Conflict):
        records.erase(["two", "one"], act, reason="asked")
    assert records.get("two").erased is None
    assert verify(records.audit()) == 3


def test_whose_image_it_is_comes_back_and_is_no_part_of_what_was_said_of_it(records):
    prediction = a_prediction("one", whose=WHOSE)
    records.add(prediction, an_act(prediction))
    add(records, "two")
    assert records.get("one").whose == WHOSE
    assert [p.whose for p in records.history(limit=9)] == [None, WHOSE]
    assert [r.whose for r in records.recorded(after=0, until=9).values()] == [WHOSE, None]
    assert fingerprint(prediction) == fingerprint(a_prediction("one"))


def test_what_is_erased_is_nobodys_from_then_on(records):
    for key in ("one", "two"):
        prediction = a_prediction(key, whose=WHOSE)
        records.add(prediction, an_act(prediction))
    records.erase(["one"], Act(NOON, BY, Verb.ERASE, "one", {}), reason="asked")
    assert [p.whose for p in records.history(limit=9)] == [WHOSE, None]
    assert [r.whose for r in records.recorded(after=0, until=9).values()] == [None, WHOSE]


def test_priors_are_earlier_readings_of_the_patient_in_other_studies_for_the_task(records):
    def put(key: str, patient: str, study: str, image: str, task: str = "chest-xray") -> None:
        whose = patient and Pseudonyms(patient * 64, study and study * 64, key[0] * 32)
        made = a_prediction(key, image=image * 64, whose=whose or None)
        made = replace(made, model=replace(made.model, task=task))
        records.add(made, an_act(made))

    put("first", "a", "1", "1")
    put("other patient", "b", "1", "2")
    put("other task", "a", "1", "3", task="brain-tumor")
    put("no study", "a", "", "4")
    put("nobody", "", "", "5")
    put("same study", "a", "2", "6")
    put("same image", "a", "3", "7")
    put("now", "a", "2", "7")
    put("later", "a", "4", "8")
    found = {key: records.get(key) for key in ("now", "later", "no study", "nobody", "first")}
    told = {key: [p.id for p in records.priors(one, limit=9)] for key, one in found.items()}
    assert told == {
        "now": ["no study", "first"],
        "later": ["now", "same image", "same study", "no study", "first"],
        "no study": ["first"],
        "nobody": [],
        "first": [],
    }
    assert records.priors(found["later"], limit=1) == [found["now"]]
    records.erase(["first"], Act(NOON, BY, Verb.ERASE, "first", {}), reason="asked")
    assert [p.id for p in records.priors(found["now"], limit=9)] == ["no study"]
