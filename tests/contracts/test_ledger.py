"""Every ledger keeps what it is told, gives it back, and never changes what is finished."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radlens.domain.errors import Conflict, DigestMismatch, NoSuchItem, NotAssessable
from radlens.domain.ledger import Item, Kind, State
from radlens.ports import Ledger
from radlens.storage.database import Database
from radlens.storage.ledger import SqlLedger, item_of, item_row

A_RUN = Item(
    id="a1b2",
    kind=Kind.RUN,
    name="chest-xray",
    time=datetime(2026, 11, 23, 8, 30, tzinfo=UTC),
    state=State.RUNNING,
    body={"curve": [{"loss": 0.5}], "seed": 1},
    parents=("dataset",),
    files={"card.md": "0" * 64},
)


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return SqlLedger(database)


def test_an_entry_comes_back_as_it_was_put(ledger):
    ledger.put(A_RUN)
    assert ledger.get("a1b2") == A_RUN


def test_an_entry_is_found_by_the_beginning_of_its_id(ledger):
    ledger.put(A_RUN)
    ledger.put(replace(A_RUN, id="a1"))
    assert ledger.get("a1b") == A_RUN
    assert ledger.get("a1").id == "a1"  # the whole id wins over one that it begins
    with pytest.raises(NoSuchItem, match="More than one"):
        ledger.get("a")
    for unknown in ("", "b", "a%", "_1"):
        with pytest.raises(NoSuchItem, match="no entry"):
            ledger.get(unknown)


def test_a_running_entry_goes_on_and_a_finished_one_never_changes(ledger):
    done = replace(A_RUN, state=State.DONE, body={"metrics": {"auroc": 0.5}})
    ledger.put(A_RUN)
    ledger.put(done)
    ledger.put(done)
    assert ledger.get("a1b2") == done
    for change in (A_RUN, replace(done, name="other"), replace(done, state=State.FAILED)):
        with pytest.raises(Conflict, match="finished"):
            ledger.put(change)
    assert ledger.get("a1b2") == done


def test_an_id_stays_with_its_kind(ledger):
    ledger.put(A_RUN)
    with pytest.raises(Conflict):
        ledger.put(replace(A_RUN, kind=Kind.STUDY))


def test_entries_are_listed_by_kind_and_name_the_newest_first(ledger):
    for index in range(4):
        name, kind = "ab"[index % 2], Kind.DATASET if index == 3 else Kind.RUN
        ledger.put(replace(A_RUN, id=str(index), name=name, kind=kind))
    ledger.put(replace(A_RUN, id="0", name="a", state=State.DONE))  # keeps its place
    assert [item.id for item in ledger.items(Kind.RUN)] == ["2", "1", "0"]
    assert [item.id for item in ledger.items(Kind.RUN, limit=2)] == ["2", "1"]
    assert [item.id for item in ledger.items(Kind.RUN, name="a")] == ["2", "0"]
    assert ledger.items(Kind.STUDY) == []


def test_what_is_no_number_is_refused_and_leaves_nothing_behind(ledger):
    with pytest.raises(NotAssessable):
        ledger.put(replace(A_RUN, body={"auroc": float("nan")}))
    assert ledger.items(Kind.RUN) == []


def test_a_damaged_row_is_said_to_be_damaged():
    row = list(item_row(A_RUN))
    row[5] = "{"
    with pytest.raises(DigestMismatch, match="a1b2"):
        item_of(row)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(body=st.dictionaries(st.text(), VALUES), name=st.text())
def test_any_plain_body_makes_the_round_trip(body, name):
    item = replace(A_RUN, body=body, name=name)
    assert item_of(item_row(item)) == item
