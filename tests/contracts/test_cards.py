"""Every site keeps the labels that were added to its cards, at their places, for good."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

import pytest

from radlens.domain.audit import Act, Actor, Verb, verify
from radlens.domain.errors import BadCard, Conflict, UnknownTask
from radlens.domain.registry import Stage, Version
from radlens.domain.task import Label, Urgency
from radlens.storage.cards import SqlCards
from radlens.storage.database import Database
from radlens.storage.registry import SqlRegistry
from radlens.storage.trail import SqlTrail
from tests.builders import TASKS
from tests.contracts.test_registry import a_version

BRAIN = TASKS["brain-tumor"]
MOYAMOYA = Label(
    "moyamoya", "Moyamoya disease", "Vessels at the base narrow slowly.", Urgency.CRITICAL
)
ACT = Act(datetime(2026, 11, 26, 9, tzinfo=UTC), Actor("eve", "cli"), Verb.EXTEND_TASK, "", {})


@pytest.fixture
def cards(database: Database) -> SqlCards:
    return SqlCards(database, TASKS)


NUMBER = count()


def extend(
    cards: SqlCards,
    label: Label = MOYAMOYA,
    card=BRAIN,
    item: str = "e1",
    version: Version | None = None,
):
    first = version or a_version(f"v{next(NUMBER)}", task=card.name)
    added = replace(ACT, verb=Verb.ADD_MODEL, subject=first.digest)
    return cards.extend(card, label, item=item, act=ACT, first=(first, added))


def verbs(database: Database) -> list[Verb]:
    entries = list(SqlTrail(database).entries())
    assert verify(entries)
    return [entry.act.verb for entry in entries]


def test_a_label_is_added_at_the_end_and_nothing_else_changes(cards):
    extended = extend(cards)
    assert extended == cards["brain-tumor"]
    assert extended.labels == (*BRAIN.labels, MOYAMOYA)
    assert {name: card for name, card in cards.items() if name != "brain-tumor"} == {
        name: card for name, card in TASKS.items() if name != "brain-tumor"
    }


def test_whoever_follows_or_opens_the_site_later_knows_the_label(cards, database):
    other = SqlCards(database, TASKS)
    extend(cards)
    assert "moyamoya" not in other["brain-tumor"].names
    other.follow()
    assert other["brain-tumor"] == cards["brain-tumor"] == SqlCards(database, TASKS)["brain-tumor"]


def test_the_label_its_first_version_and_their_audit_entries_are_one(cards, database):
    version = a_version("first", task="brain-tumor")
    extend(cards, version=version)
    assert verbs(database) == [Verb.EXTEND_TASK, Verb.ADD_MODEL]
    assert next(iter(SqlTrail(database).entries())).act.subject == "e1"
    assert SqlRegistry(database).versions(stage=Stage.CANDIDATE) == [version]


def test_without_its_first_version_there_is_no_label(cards, database):
    version = a_version("first", task="brain-tumor")
    added = replace(ACT, verb=Verb.ADD_MODEL, subject=version.digest)
    SqlRegistry(database).add(version, added)
    with pytest.raises(Conflict, match="registered already"):
        extend(cards, version=version)
    assert cards["brain-tumor"] == SqlCards(database, TASKS)["brain-tumor"] == BRAIN
    assert verbs(database) == [Verb.ADD_MODEL]


def test_the_same_label_again_is_nothing_new_and_its_version_is(cards, database):
    assert extend(cards) == extend(cards, item="e2")
    assert verbs(database) == [Verb.EXTEND_TASK, Verb.ADD_MODEL, Verb.ADD_MODEL]
    assert len(SqlRegistry(database).versions()) == 2


def test_a_card_that_changed_meanwhile_is_not_extended(cards, database):
    other = SqlCards(database, TASKS)
    extend(cards)
    with pytest.raises(Conflict, match="other labels"):
        extend(other, replace(MOYAMOYA, name="astrocytoma", title="Astrocytoma"), item="e2")
    assert other["brain-tumor"] == BRAIN
    assert verbs(database) == [Verb.EXTEND_TASK, Verb.ADD_MODEL]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "glioma"},
        {"name": "GLIOMA", "title": "Another title"},
        {"title": " glioma "},
    ],
)
def test_a_label_that_is_there_is_refused(cards, wrong):
    with pytest.raises(Conflict, match="already"):
        extend(cards, replace(MOYAMOYA, **wrong))


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "moya moya"},
        {"name": "../moyamoya"},
        {"name": "m" * 65},
        {"title": " "},
        {"title": "t" * 101},
        {"meaning": ""},
        {"meaning": "m" * 501},
    ],
)
def test_what_cannot_be_a_label_is_refused(cards, database, wrong):
    with pytest.raises(BadCard):
        extend(cards, replace(MOYAMOYA, **wrong))
    assert not list(SqlTrail(database).entries())


def test_a_card_has_room_for_64_labels(cards):
    card = BRAIN
    for number in range(60):
        label = replace(MOYAMOYA, name=f"d{number}", title=f"Disease {number}")
        card = extend(cards, label, card=card, item=f"e{number}")
    with pytest.raises(BadCard, match="full"):
        extend(cards, card=card)


def test_a_card_that_is_not_at_hand_is_unknown(cards):
    with pytest.raises(UnknownTask):
        extend(cards, card=replace(BRAIN, name="liver"))


def test_many_threads_add_one_label_once(database):
    sites = [SqlCards(database, TASKS) for _ in range(2)]
    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(lambda n: extend(sites[n % 2], item=f"e{n}"), range(8)))
    assert {card.names for card in added} == {(*BRAIN.names, "moyamoya")}
    assert verbs(database).count(Verb.EXTEND_TASK) == 1


def test_models_of_earlier_editions_stay_good_and_no_others():
    card = BRAIN.extended(MOYAMOYA)
    card = card.extended(replace(MOYAMOYA, name="nf1", title="Neurofibromatosis type 1"))
    names = card.names
    assert all(card.knows(names[:count]) for count in (4, 5, 6))
    assert not any(card.knows(names[:count]) for count in (0, 1, 3))
    assert not card.knows(tuple(reversed(names)))
    assert not BRAIN.knows(names)
