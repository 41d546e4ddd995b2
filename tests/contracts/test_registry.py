"""What the registry promises on every database."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from math import nan
from threading import Barrier, Event

import pytest

from radlens.domain.audit import Act, Actor, Verb, verify
from radlens.domain.errors import Conflict, NoSuchVersion, NotAssessable
from radlens.domain.registry import Move, Stage, Version, move, moved
from radlens.model_ports import Registry
from radlens.storage.database import Database
from radlens.storage.registry import SqlRegistry
from radlens.storage.trail import SqlTrail

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ME, OTHER = Actor("ada", "cli"), Actor("grace", "api", "10.0.0.7")


@pytest.fixture
def registry(database: Database) -> SqlRegistry:
    return SqlRegistry(database)


def a_version(name: str, *, task: str = "chest-xray", stage: Stage = Stage.CANDIDATE, **changes):
    digest = sha256(f"{task}/{name}".encode()).hexdigest()
    parts = {"manifest.json": digest, "model.onnx": "b" * 64, "card.md": "c" * 64}
    fields = {
        "source": "upload",
        "time": NOON,
        "by": OTHER,
        "files": parts,
        "facts": {"architecture": "tiny", "metrics": {"auroc": {"value": 0.5}}},
    }
    return Version(digest, task, name, stage, **(fields | changes))


def act(verb: Verb, subject: str, by: Actor = ME) -> Act:
    return Act(NOON, by, verb, subject, {"reason": "why not?"})


def add(registry: Registry, name: str, **changes: object) -> Version:
    version = a_version(name, **changes)
    registry.add(version, act(Verb.ADD_MODEL, version.digest))
    return version


def swap(registry: Registry, new: str, by: Actor = ME, reason: str = "") -> None:
    """Make a version live in place of whatever is, as use-cases do."""
    version = registry.get(new)
    old = registry.versions(task=version.task, stage=Stage.LIVE)
    steps = [(found, Stage.RETIRED) for found in old] + [(version, Stage.LIVE)]
    moves = [
        move(found, after, time=NOON, by=by, reason=reason, share=None) for found, after in steps
    ]
    registry.move(moves, act(Verb.ACTIVATE_MODEL, version.digest, by))


def live(registry: Registry, task: str = "chest-xray") -> list[str]:
    return [found.version for found in registry.versions(task=task, stage=Stage.LIVE)]


def test_a_new_registry_has_no_versions_and_no_moves(registry):
    assert registry.versions() == registry.moves("chest-xray") == []


def test_a_version_comes_back_as_it_was_registered(registry):
    one = add(registry, "one", stage=Stage.CANARY, share=0.1)
    two = add(registry, "two", task="brain-tumor")
    assert registry.get(one.digest) == one
    assert registry.versions() == [two, one]
    assert registry.versions(task="chest-xray") == [one]
    assert registry.versions(stage=Stage.CANDIDATE) == [two]
    assert registry.versions(task="chest-xray", stage=Stage.CANDIDATE) == []
    assert registry.versions(stage=(Stage.CANARY, Stage.CANDIDATE)) == [two, one]
    assert registry.versions(task="chest-xray", stage=(Stage.CANARY, Stage.LIVE)) == [one]


def test_registering_is_the_first_move_and_has_its_audit_entry(registry, database):
    one = add(registry, "one")
    first = Move(one.digest, one.task, None, Stage.CANDIDATE, NOON, OTHER, "why not?")
    assert registry.moves("chest-xray") == [first]
    [entry] = SqlTrail(database).entries()
    assert (entry.act.verb, entry.act.subject) == (Verb.ADD_MODEL, one.digest)


def test_a_version_is_found_by_name_task_and_name_digest_or_its_beginning(registry):
    one, same = add(registry, "one"), add(registry, "one", task="brain-tumor")
    two = add(registry, "two")
    assert registry.get("two") == registry.get("chest-xray/two") == registry.get(two.digest) == two
    assert registry.get("brain-tumor/one") == same
    assert registry.get(one.digest[:12]) == one
    for wrong in ("", "three", "chest-xray/three", "f" * 64, "%", "_", "?", "' or 1=1"):
        with pytest.raises(NoSuchVersion):
            registry.get(wrong)
    with pytest.raises(NoSuchVersion, match="More than one"):
        registry.get("one")


def test_a_name_that_looks_like_the_beginning_of_a_digest_is_a_name(registry):
    one = add(registry, "one")
    lookalike = add(registry, one.digest[:6])
    assert registry.get(one.digest[:6]) == lookalike
    assert registry.get(one.digest[:7]) == one


@pytest.mark.parametrize("changes", [{}, {"digest": "d" * 64}])
def test_a_digest_and_a_name_are_registered_once(registry, database, changes):
    one = add(registry, "one")
    again = Version(**(vars(one) | changes))
    with pytest.raises(Conflict):
        registry.add(again, act(Verb.ADD_MODEL, again.digest))
    assert registry.versions() == [one]
    assert verify(SqlTrail(database).entries()) == len(registry.moves("chest-xray")) == 1


def test_facts_that_are_no_number_are_never_registered(registry, database):
    with pytest.raises(NotAssessable):
        add(registry, "one", facts={"metrics": nan})
    assert registry.versions() == []
    assert verify(SqlTrail(database).entries()) == 0


def test_a_swap_is_one_step_with_one_entry_and_says_by_whom_and_why(registry, database):
    one, two = add(registry, "one", stage=Stage.LIVE), add(registry, "two")
    swap(registry, "two", by=OTHER, reason="better")
    assert live(registry) == ["two"]
    assert registry.get("one").stage is Stage.RETIRED
    assert registry.moves("chest-xray")[2:] == [
        Move(one.digest, "chest-xray", Stage.LIVE, Stage.RETIRED, NOON, OTHER, "better"),
        Move(two.digest, "chest-xray", Stage.CANDIDATE, Stage.LIVE, NOON, OTHER, "better"),
    ]
    assert verify(SqlTrail(database).entries()) == 3


def test_a_move_from_a_stage_that_is_left_already_is_a_conflict_and_undoes_the_rest(
    registry, database
):
    one, two = add(registry, "one", stage=Stage.LIVE), add(registry, "two")
    add(registry, "three")
    late = [
        move(one, Stage.RETIRED, time=NOON, by=ME, reason="", share=None),
        move(two, Stage.LIVE, time=NOON, by=ME, reason="", share=None),
    ]
    swap(registry, "three")
    with pytest.raises(Conflict):
        registry.move(late, act(Verb.ACTIVATE_MODEL, two.digest))
    assert live(registry) == ["three"]
    assert registry.get("two") == two
    assert verify(SqlTrail(database).entries()) == 4
    assert len(registry.moves("chest-xray")) == 5


@pytest.mark.parametrize("stage", [Stage.LIVE, Stage.CANARY, Stage.SHADOW])
def test_the_database_itself_has_no_second_version_of_a_stage(registry, database, stage):
    add(registry, "one", stage=stage)
    two = add(registry, "two")
    goes = move(two, stage, time=NOON, by=ME, reason="", share=None)
    with pytest.raises(Conflict):
        registry.move([goes], act(Verb.STAGE_MODEL, two.digest))
    with pytest.raises(Conflict), database.writing() as sql:
        sql.execute("UPDATE versions SET stage = ? WHERE version = ?", (stage.value, "two"))
    assert registry.get("two") == two
    assert add(registry, "three", task="brain-tumor", stage=stage).stage is stage


def test_approvals_are_kept_until_the_version_answers(registry, database):
    one = add(registry, "one")
    for by in (ME, OTHER, ME):
        registry.approve(one.digest, act(Verb.APPROVE_MODEL, one.digest, by))
    assert registry.get("one").approved == ("ada", "grace")
    swap(registry, "one")
    assert registry.get("one").approved == ()
    two = add(registry, "two")
    registry.approve(two.digest, act(Verb.APPROVE_MODEL, two.digest, OTHER))
    for stage, share, kept in ((Stage.SHADOW, None, ("grace",)), (Stage.CANARY, 0.1, ())):
        goes = move(registry.get("two"), stage, time=NOON, by=ME, reason="", share=share)
        registry.move([goes], act(Verb.STAGE_MODEL, two.digest))
        assert registry.get("two").approved == kept
    with pytest.raises(NoSuchVersion):
        registry.approve("f" * 64, act(Verb.APPROVE_MODEL, "f" * 64))
    assert verify(SqlTrail(database).entries()) == 9


def test_a_version_that_moved_is_what_the_registry_has_then(registry):
    version = add(registry, "one")
    points = {"points": {"effusion": {"threshold": 0.4}}}
    steps = [
        (Stage.CANARY, 0.1, points),
        (Stage.SHADOW, None, None),
        (Stage.CANDIDATE, None, None),
        (Stage.LIVE, None, points),
        (Stage.RETIRED, None, None),
    ]
    for stage, share, thresholds in steps:
        registry.approve(version.digest, act(Verb.APPROVE_MODEL, version.digest))
        version = registry.get(version.digest)
        goes = move(version, stage, time=NOON, by=ME, reason="", share=share)
        goes = replace(goes, thresholds=thresholds)
        registry.move([goes], act(Verb.STAGE_MODEL, version.digest))
        assert moved(version, goes) == registry.get(version.digest)


def test_whoever_reads_while_others_swap_sees_one_live_version_every_time(registry):
    names = ["one", "two", "three", "four"]
    for name in names:
        add(registry, name, stage=Stage.LIVE if name == "one" else Stage.CANDIDATE)
    done, start = Event(), Barrier(6)

    def read(_: int) -> set[int]:
        start.wait()
        counts = {len(live(registry))}
        while not done.is_set():
            counts.add(len(live(registry)))
        return counts

    def write(number: int) -> int:
        start.wait()
        won = 0
        for step in range(15):
            with suppress(Conflict):
                swap(registry, names[(number + step) % 4])
                won += 1
        return won

    def writers(pool: ThreadPoolExecutor) -> Sequence[int]:
        try:
            return list(pool.map(write, range(4)))
        finally:
            done.set()

    with ThreadPoolExecutor(2) as readers, ThreadPoolExecutor(4) as pool:
        seen = [readers.submit(read, number) for number in range(2)]
        won = writers(pool)
        assert set().union(*(found.result() for found in seen)) == {1}
    assert sum(won) > 0
    assert len(live(registry)) == 1
