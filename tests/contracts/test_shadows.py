"""What is read beside the answers comes back as it was said, and is counted from its beginning."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.canary import Tally
from radlens.domain.errors import Conflict
from radlens.domain.registry import Move, Stage, Version
from radlens.domain.shadow import Coverage, Shadow
from radlens.storage.database import Database
from radlens.storage.records import SqlRecords
from radlens.storage.registry import SqlRegistry
from radlens.storage.shadows import SqlShadows
from radlens.trial_ports import Shadows
from tests.storage.samples import FINDINGS, a_prediction, an_act

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BY = Actor("ada", "cli")
LIVE, OTHER = "1" * 64, "2" * 64


class Trial:
    """A database with two versions, the second on trial."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self.records, self.registry = SqlRecords(database), SqlRegistry(database)
        self.shadows: Shadows = SqlShadows(database)
        self.register(LIVE, "one", Stage.LIVE)
        self.register(OTHER, "two", Stage.CANDIDATE)
        self.go(stage, before=Stage.CANDIDATE)

    def register(self, digest: str, name: str, stage: Stage) -> None:
        version = Version(digest, "chest-xray", name, stage, "upload", NOON, BY, {"a": digest})
        self.registry.add(version, Act(NOON, BY, Verb.ADD_MODEL, digest, {}))

    def go(self, after: Stage, *, before: Stage) -> None:
        moved = Move(OTHER, "chest-xray", before, after, NOON, BY)
        self.registry.move([moved], Act(NOON, BY, Verb.STAGE_MODEL, OTHER, {}))

    def answer(self, key: str, by: str) -> None:
        found = a_prediction(key)
        found = replace(found, model=replace(found.model, digest=by))
        self.records.add(found, an_act(found))

    def beside(self, key: str, by: str, *, failure: str | None = None, changed: str = "") -> Shadow:
        findings = None if failure else FINDINGS
        shadow = Shadow(key, by, NOON, findings, failure, tuple(changed.split()))
        self.shadows.add(shadow)
        return shadow


@pytest.fixture
def trial(database: Database) -> Trial:
    return Trial(database, Stage.SHADOW)


def test_what_was_said_beside_an_answer_comes_back_with_it_the_newest_first(trial: Trial) -> None:
    trial.answer("a", LIVE)
    trial.answer("b", LIVE)
    trial.answer("c", OTHER)
    first = trial.beside("a", OTHER, changed="Mass")
    second = trial.beside("b", OTHER, failure="NotAssessable: no number")
    trial.beside("c", LIVE)
    found = trial.shadows.pairs(LIVE, OTHER, limit=9)
    assert [(p.id, shadow) for p, shadow in found] == [("b", second), ("a", first)]
    assert found[1][0] == trial.records.get("a")
    assert len(trial.shadows.pairs(LIVE, OTHER, limit=1)) == 1


def test_the_first_that_was_said_beside_an_answer_stays(trial: Trial) -> None:
    trial.answer("a", LIVE)
    first = trial.beside("a", OTHER)
    trial.beside("a", OTHER, failure="late")
    assert [shadow for _, shadow in trial.shadows.pairs(LIVE, OTHER, limit=9)] == [first]


def test_there_is_nothing_beside_an_answer_that_is_not_on_record(trial: Trial) -> None:
    with pytest.raises(Conflict):
        trial.beside("never", OTHER)


def test_coverage_counts_from_where_the_trial_began_and_says_what_was_left_out(
    trial: Trial,
) -> None:
    trial.answer("earlier", LIVE)
    trial.beside("earlier", OTHER)
    trial.go(Stage.CANDIDATE, before=Stage.SHADOW)
    trial.go(Stage.SHADOW, before=Stage.CANDIDATE)
    for key in "abcd":
        trial.answer(key, LIVE)
    trial.beside("a", OTHER)
    trial.beside("b", OTHER, failure="no")
    found = trial.shadows.coverage(LIVE, OTHER, began=(OTHER, Stage.SHADOW))
    assert found == Coverage(answered=4, read=1, failed=1)
    assert found.left_out == 2
    never = trial.shadows.coverage(LIVE, OTHER, began=(OTHER, Stage.CANARY))
    assert never == Coverage(0, 0, 0)


def test_a_tally_is_of_the_latest_answers_since_it_is_a_canary(database: Database) -> None:
    trial = Trial(database, Stage.SHADOW)
    trial.answer("shadowed", LIVE)
    trial.beside("shadowed", OTHER, failure="as a shadow")
    trial.go(Stage.CANARY, before=Stage.SHADOW)
    for key in ("a", "b", "c"):
        trial.answer(key, OTHER)
    trial.beside("a", LIVE, changed="Mass Edema")
    trial.beside("b", LIVE, failure="no")
    trial.answer("d", LIVE)
    trial.beside("d", OTHER, failure="the canary failed, the live version answered")
    assert trial.shadows.tally(OTHER, LIVE, limit=9) == Tally(
        answers=3, failures=1, read=2, live_failures=1, changed={"Mass": 1, "Edema": 1}
    )
    assert trial.shadows.tally(OTHER, LIVE, limit=2) == Tally(
        answers=2, failures=1, read=1, live_failures=1, changed={}
    )
