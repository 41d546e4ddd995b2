"""One version is live; another takes its place whole, or not at all."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from radlens.bootstrap import open_site
from radlens.domain.audit import Actor, Outcome, Verb, verify
from radlens.domain.bundle import Bundle
from radlens.domain.errors import (
    BrokenModel,
    Conflict,
    NoLiveModel,
    NoSuchVersion,
    NotApproved,
    UnknownTask,
    WrongStage,
)
from radlens.domain.registry import Stage, Version, live_at
from radlens.engines.bundle import read_parts
from radlens.engines.live import LiveModels
from radlens.engines.points import AtPoints
from radlens.engines.shelf import ModelStore
from radlens.model_ports import Engine
from radlens.ports import Site
from radlens.settings import Settings
from radlens.usecases.activate import approve, roll_back
from radlens.usecases.follow import follow
from radlens.usecases.models import live_models, troubles
from radlens.usecases.predict import predict
from radlens.usecases.register import register
from radlens.usecases.retire import retire
from radlens.usecases.trial import Terms, canary, shadow, withdraw
from radlens.usecases.verify_model import verify_model
from tests.builders import TASKS, picture, png, put_live, tiny_bundle, tiny_site

TASK = TASKS["brain-tumor"]
ME, OTHER = Actor("ada", "cli"), Actor("grace", "api")
IMAGE = png(picture())


@pytest.fixture
def site(tmp_path: Path):
    with tiny_site(tmp_path) as opened:
        yield opened


def added(site: Site, folder: Path, name: str, *, seed: int = 8) -> Version:
    bundle = tiny_bundle(folder / "bundles" / name, TASK, seed=seed, version=name)
    return register(site, lambda: read_parts(bundle), by=ME)


def answering(site: Site) -> str:
    """The version that answers now, as the answer on record has it."""
    return predict(site, IMAGE, task=TASK.name, by=ME).model.version


def stages(site: Site) -> dict[str, Stage]:
    return {found.version: found.stage for found in site.registry.versions(task=TASK.name)}


def spoil(home: Path, version: Version, part: str = "model.onnx") -> None:
    digest = version.files[part]
    (home / "objects" / digest[:2] / digest).write_bytes(b"spoiled")


def test_a_new_site_begins_with_the_models_of_its_gallery_and_says_so(site: Site) -> None:
    [live] = site.registry.versions(task=TASK.name)
    assert (live.stage, live.source, live.version) == (Stage.LIVE, "gallery", "tiny-1")
    entries = [entry.act for entry in site.trail.entries()]
    assert [act.verb for act in entries] == [Verb.ADD_MODEL] * 2
    assert live.digest in [act.subject for act in entries]


def test_a_site_that_is_opened_again_adds_nothing(tmp_path: Path, site: Site) -> None:
    before = site.registry.versions()
    with tiny_site(tmp_path) as again:
        assert again.registry.versions() == before
        assert verify(again.trail.entries()) == 2


def test_a_newer_bundle_of_the_gallery_is_a_candidate_after_an_update(tmp_path: Path) -> None:
    with tiny_site(tmp_path):
        pass
    tiny_bundle(tmp_path / "gallery" / "others" / "newer", TASK, seed=8, version="newer")
    with tiny_site(tmp_path) as site:
        assert stages(site) == {"tiny-1": Stage.LIVE, "newer": Stage.CANDIDATE}
        assert answering(site) == "tiny-1"


def test_a_spoiled_bundle_of_the_gallery_does_not_keep_the_site_shut(tmp_path: Path) -> None:
    (tiny_bundle(tmp_path / "gallery" / TASK.name, TASK) / "card.md").write_text("spoiled")
    with tiny_site(tmp_path) as site:
        assert predict(site, IMAGE, task="chest-xray", by=ME)
        with pytest.raises(NoLiveModel):
            answering(site)


def test_what_was_activated_answers_at_once_and_the_old_one_is_retired(
    site: Site, tmp_path: Path
) -> None:
    assert answering(site) == "tiny-1"
    added(site, tmp_path, "two")
    assert put_live(site, "two", by=ME, reason="better").stage is Stage.LIVE
    assert answering(site) == "two"
    assert stages(site) == {"two": Stage.LIVE, "tiny-1": Stage.RETIRED}


def test_another_process_sees_the_switch_when_it_looks(site: Site, tmp_path: Path) -> None:
    with tiny_site(tmp_path) as other:
        assert answering(other) == "tiny-1"
        added(site, tmp_path, "two")
        put_live(site, "two", by=ME)
        assert answering(other) == "tiny-1"
        assert other.live.follow() == []
        assert answering(other) == "two"


def test_who_holds_a_model_keeps_it_through_a_switch(site: Site, tmp_path: Path) -> None:
    held = site.live.current(TASK.name)
    added(site, tmp_path, "two")
    put_live(site, "two", by=ME)
    held.prove()
    assert held.ref.version == "tiny-1"
    assert site.live.current(TASK.name).ref.version == "two"


def test_a_version_that_does_not_load_changes_nothing(site: Site, tmp_path: Path) -> None:
    version = added(site, tmp_path, "two")
    spoil(tmp_path, version)
    with pytest.raises(BrokenModel, match="two"):
        put_live(replace_live(site, tmp_path), "two", by=ME)
    assert answering(site) == "tiny-1"
    assert stages(site) == {"two": Stage.CANDIDATE, "tiny-1": Stage.LIVE}


class Counting(ModelStore):
    """Models that count how often they were asked for their golden answer."""

    def __init__(self, site: Site, home: Path) -> None:
        super().__init__(site.tasks, site.blobs, workers=1, cache=home / "cache")
        self.asked: list[str] = []

    def load(self, bundle: Bundle) -> Engine:
        return Counted(super().load(bundle), self.asked)


class Counted(AtPoints):
    def __init__(self, engine: Engine, asked: list[str]) -> None:
        super().__init__(engine, engine.manifest.operating_points)
        self._asked = asked

    def prove(self) -> None:
        self._asked.append(self.ref.version)
        super().prove()


def test_a_model_is_asked_once_for_its_golden_answer_and_again_when_it_is_verified(
    site: Site, tmp_path: Path
) -> None:
    store = Counting(site, tmp_path)
    site = replace(site, live=LiveModels(site.registry, store))
    site.live.current(TASK.name)
    added(site, tmp_path, "two")
    store.asked.clear()  # by registering it
    put_live(site, "two", by=ME)
    assert store.asked == ["two"]
    roll_back(site, TASK.name, by=ME)
    assert store.asked == ["two", "tiny-1"]
    put_live(site, "two", by=ME)
    assert store.asked == ["two", "tiny-1"]
    assert verify_model(site, "two", by=ME).troubles == ()
    assert store.asked == ["two", "tiny-1", "two"]


class Meddled(LiveModels):
    """A process's models; something happens elsewhere while the gate judges."""

    def __init__(self, site: Site, home: Path, meddle: Callable[[], object]) -> None:
        store = ModelStore(site.tasks, site.blobs, workers=1, cache=home / "cache")
        super().__init__(site.registry, store)
        self._calls, self._meddle = count(1), meddle

    def warm(self, version: Version) -> Engine:
        if next(self._calls) == 2:  # the first is before the gate
            self._meddle()
        return super().warm(version)


def test_what_the_gate_did_not_judge_against_is_not_replaced(site: Site, tmp_path: Path) -> None:
    added(site, tmp_path, "two", seed=8)
    added(site, tmp_path, "three", seed=9)
    with tiny_site(tmp_path) as other:
        live = Meddled(site, tmp_path, lambda: put_live(other, "three", by=OTHER))
        with pytest.raises(Conflict):
            put_live(replace(site, live=live), "two", by=ME)
    assert stages(site) == {
        "tiny-1": Stage.RETIRED,
        "two": Stage.CANDIDATE,
        "three": Stage.LIVE,
    }


def replace_live(site: Site, home: Path) -> Site:
    """The site as a process has it that loaded nothing yet."""
    with tiny_site(home) as fresh:
        return replace(site, live=fresh.live)


def test_where_a_live_version_does_not_load_the_old_one_goes_on_and_it_is_said_once(
    site: Site, tmp_path: Path
) -> None:
    with tiny_site(tmp_path) as other:
        assert answering(other) == "tiny-1"
        version = added(site, tmp_path, "two")
        put_live(site, "two", by=ME)
        spoil(tmp_path, version)
        assert follow(other)
        assert answering(other) == "tiny-1"
        assert follow(other)
        [failed] = [e.act for e in site.trail.entries() if e.act.verb == Verb.LOAD_MODEL]
        assert (failed.subject, failed.outcome) == (version.digest, Outcome.FAILED)
        assert [behind[0].version for behind in other.live.behind()] == ["two"]
        roll_back(site, TASK.name, by=ME)
        assert other.live.follow() == other.live.behind() == []


def test_rolling_back_goes_to_what_was_live_before_and_further_each_time(
    site: Site, tmp_path: Path
) -> None:
    for name in ("two", "three"):
        added(site, tmp_path, name, seed=len(name))
        put_live(site, name, by=ME)
    assert roll_back(site, TASK.name, by=ME, reason="worse").version == "two"
    assert answering(site) == "two"
    assert roll_back(site, TASK.name, by=ME).version == "tiny-1"
    with pytest.raises(NoSuchVersion):
        roll_back(site, TASK.name, by=ME)
    assert answering(site) == "tiny-1"


def test_the_history_says_what_was_live_when_by_whom_and_why(site: Site, tmp_path: Path) -> None:
    first = site.registry.moves(TASK.name)[0]
    added(site, tmp_path, "two")
    before = site.clock()
    version = put_live(site, "two", by=OTHER, reason="fewer false alarms")
    moves = site.registry.moves(TASK.name)
    assert live_at(moves, before) == first
    now = live_at(moves, site.clock())
    assert now is not None
    assert (now.digest, now.by, now.reason) == (version.digest, OTHER, "fewer false alarms")
    assert live_at(moves, first.time.replace(year=2000)) is None


def test_every_act_has_its_audit_entry_in_one_chain(site: Site, tmp_path: Path) -> None:
    added(site, tmp_path, "two")
    put_live(site, "two", by=ME, reason="better")
    roll_back(site, TASK.name, by=OTHER, reason="worse")
    with pytest.raises(WrongStage):
        retire(site, "two", by=ME)  # it was, by the rollback
    assert verify(site.trail.entries()) == 7
    acts = [entry.act for entry in site.trail.entries()][2:]
    assert [(act.verb, act.by, act.outcome) for act in acts] == [
        (Verb.ADD_MODEL, ME, Outcome.DONE),
        (Verb.OVERRIDE_GATE, ME, Outcome.DONE),
        (Verb.ACTIVATE_MODEL, ME, Outcome.DONE),
        (Verb.ROLL_BACK_MODEL, OTHER, Outcome.DONE),
        (Verb.RETIRE_MODEL, ME, Outcome.REFUSED),
    ]
    assert acts[2].detail["reason"] == "better"


def test_a_live_version_is_retired_only_where_the_task_is_to_be_out_of_service(
    site: Site,
) -> None:
    assert answering(site) == "tiny-1"
    with pytest.raises(WrongStage, match="nothing answers"):
        retire(site, f"{TASK.name}/tiny-1", by=ME)
    assert answering(site) == "tiny-1"
    retire(site, f"{TASK.name}/tiny-1", by=ME, out_of_service=True, reason="harmful")
    with pytest.raises(NoLiveModel):
        answering(site)
    assert troubles(site) == []
    assert isinstance(live_models(site)[TASK.name], NoLiveModel)
    put_live(site, f"{TASK.name}/tiny-1", by=ME)
    assert answering(site) == "tiny-1"


def test_with_two_approvals_another_account_has_to_agree_first(tmp_path: Path) -> None:
    with tiny_site(tmp_path, approvals=2) as site:
        added(site, tmp_path, "two")
        for by in (ME, None):
            if by:
                approve(site, "two", by=by)
            with pytest.raises(NotApproved):
                put_live(site, "two", by=ME)
        assert answering(site) == "tiny-1"
        assert approve(site, "two", by=OTHER, reason="seen").approved == ("ada", "grace")
        assert put_live(site, "two", by=ME).approved == ()
        assert answering(site) == "two"
        roll_back(site, TASK.name, by=ME)
        with pytest.raises(NotApproved):
            put_live(site, "two", by=ME)


def test_a_canary_needs_the_same_approval_which_is_for_one_step_alone(tmp_path: Path) -> None:
    terms = Terms("a test asks", override=True)
    with tiny_site(tmp_path, approvals=2) as site:
        added(site, tmp_path, "two")
        shadow(site, "two", by=ME)  # shows its answers to nobody, and needs none
        for by in (ME, None):
            if by:
                approve(site, "two", by=by)
            with pytest.raises(NotApproved, match="second account"):
                canary(site, "two", 0.1, by=ME, terms=terms)
        assert site.registry.get("two").stage is Stage.SHADOW
        approve(site, "two", by=OTHER)
        assert canary(site, "two", 0.1, by=ME, terms=terms).approved == ()
        with pytest.raises(NotApproved):
            put_live(site, "two", by=ME)
        withdraw(site, "two", by=ME)
        with pytest.raises(NotApproved):
            canary(site, "two", 0.5, by=ME, terms=terms)
        approve(site, "two", by=OTHER)
        assert put_live(site, "two", by=ME).stage is Stage.LIVE


def test_of_many_who_activate_at_once_each_wins_or_is_told_and_one_is_live(
    site: Site, tmp_path: Path
) -> None:
    names = [f"v{number}" for number in range(6)]
    for number, name in enumerate(names):
        added(site, tmp_path, name, seed=20 + number)

    def go(name: str) -> str | None:
        mine_alone = Settings(home=tmp_path, gallery="gallery")
        with suppress(Conflict), open_site(mine_alone) as mine:
            return put_live(mine, name, by=ME).version
        return None

    with ThreadPoolExecutor(6) as pool:
        won = [name for name in pool.map(go, names) if name]
    assert won
    [live] = site.registry.versions(task=TASK.name, stage=Stage.LIVE)
    assert live.version in won
    assert site.live.follow() == []
    assert answering(site) == live.version


def test_unknown_names_and_tasks_are_said(site: Site) -> None:
    with pytest.raises(NoSuchVersion):
        put_live(site, "absent", by=ME)
    with pytest.raises(NoSuchVersion, match="More than one"):
        put_live(site, "tiny-1", by=ME)
    with pytest.raises(UnknownTask) as caught:
        site.live.current("knee")
    assert "chest-xray" in caught.value.hint


def test_without_a_record_the_models_are_still_those_of_the_site(
    site: Site, tmp_path: Path
) -> None:
    added(site, tmp_path, "two")
    put_live(site, "two", by=ME)
    with open_site(Settings(home=tmp_path, gallery="gallery"), record=False) as forgetful:
        prediction = predict(forgetful, IMAGE, task=TASK.name, by=ME)
        assert prediction.model.version == "two"
        assert [found.id for found in forgetful.records.history(limit=9)] == [prediction.id]
    assert site.records.history(limit=9) == []
