"""What the audit log promises on every database."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from radlens.audit_ports import Trail
from radlens.domain.audit import Act, Actor, Outcome, Wanted, linked, verify
from radlens.domain.checkpoint import Checkpoint, state
from radlens.storage.database import Database
from radlens.storage.trail import PAGE, SqlTrail

NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
ADA, BOB = Actor("ada", "api", "192.0.2.7"), Actor("bob", "page")
VIEW = Act(NOON, ADA, "view", "one", {"image": "b" * 64})


@pytest.fixture
def trail(database: Database) -> Iterator[Trail]:
    return SqlTrail(database)


def many(trail: Trail, count: int, act: Act = VIEW) -> None:
    for number in range(count):
        trail.note(replace(act, subject=str(number)))


def found(trail: Trail, wanted: Wanted, **page: int) -> list[int]:
    return [entry.seq for entry in trail.search(wanted, **{"limit": 100, **page})]


def test_what_is_noted_is_what_is_read_and_in_its_place(trail):
    noted = [trail.note(VIEW), trail.note(replace(VIEW, by=BOB, outcome=Outcome.REFUSED))]
    assert list(trail.entries()) == noted
    assert [entry.seq for entry in noted] == [1, 2]
    assert list(trail.entries(1)) == noted[1:]
    assert verify(trail.entries()) == 2


def test_an_empty_log_is_empty_for_every_question(trail):
    assert list(trail.entries()) == trail.search(Wanted(), limit=9) == trail.checkpoints() == []
    assert trail.ends() == (0, 0)


def test_a_log_beyond_one_page_is_read_whole(trail):
    many(trail, PAGE + 1)
    assert verify(trail.entries()) == PAGE + 1
    assert trail.ends() == (PAGE + 1, 0)


def test_a_search_is_newest_first_and_goes_on_from_where_a_page_ended(trail):
    many(trail, 7)
    assert found(trail, Wanted(), limit=3) == [7, 6, 5]
    assert found(trail, Wanted(), limit=3, before=5) == [4, 3, 2]
    assert found(trail, Wanted(), limit=3, before=2) == [1]
    assert found(trail, Wanted(), limit=3, before=1) == []


ACTS = (
    VIEW,
    replace(VIEW, verb="predict", by=BOB, time=NOON + timedelta(hours=1)),
    replace(VIEW, subject="two", outcome=Outcome.REFUSED, time=NOON - timedelta(microseconds=1)),
    # Earlier than noon by a clock that reads later: 14:00 east of Greenwich.
    replace(VIEW, by=BOB, time=datetime(2026, 11, 3, 14, tzinfo=timezone(timedelta(hours=3)))),
    replace(VIEW, verb="erase", time=NOON + timedelta(microseconds=1)),
)


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(),
        Wanted(verb="view"),
        Wanted(verb="unheard of"),
        Wanted(actor="bob"),
        Wanted(subject="two"),
        Wanted(outcome=Outcome.REFUSED),
        Wanted(since=NOON),
        Wanted(until=NOON),
        Wanted(since=NOON, until=NOON + timedelta(microseconds=2)),
        Wanted(verb="view", actor="bob", until=NOON),
        Wanted(since=datetime(2026, 11, 3, 22, tzinfo=timezone(timedelta(hours=10)))),
    ],
)
def test_a_search_finds_what_fits_and_nothing_else(trail, wanted):
    for act in ACTS:
        trail.note(act)
    fits = [seq for seq, act in enumerate(ACTS, start=1) if wanted.fits(act)]
    assert found(trail, wanted) == fits[::-1]


def test_without_its_entry_nothing_is_noted(trail):
    with pytest.raises(TypeError):
        trail.note(replace(VIEW, detail={"unwritable": object()}))
    with pytest.raises(ValueError, match="zone"):
        trail.note(replace(VIEW, time=datetime(2026, 11, 3)))
    assert list(trail.entries()) == []


def test_a_checkpoint_comes_back_as_it_was_and_a_place_is_sealed_once(trail):
    many(trail, 5)
    entries = list(linked(trail.entries()))
    first = Checkpoint(state(entries[:2], time=NOON, key="a" * 64), "b" * 128)
    second = Checkpoint(state(entries[2:], time=NOON, key="a" * 64), "c" * 128)
    trail.seal(first)
    trail.seal(second)
    trail.seal(replace(second, signature="d" * 128))
    assert trail.checkpoints() == [first, second]
    assert trail.checkpoints(2) == [second]
    assert trail.ends() == (5, 5)
