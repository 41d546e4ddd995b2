"""Versions on trial: a shadow changes no answer, a canary answers for its share until it errs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from radlens.domain.audit import Act, Outcome, Verb, verify
from radlens.domain.canary import chosen
from radlens.domain.errors import BadInput, Conflict, NoLiveModel, NotFound, NotThisTask, WrongStage
from radlens.domain.prediction import Prediction
from radlens.domain.registry import Stage, Version
from radlens.engines.bundle import read_parts
from radlens.imaging.decode import decode
from radlens.ports import Site
from radlens.usecases.agreement import agreement
from radlens.usecases.predict import predict
from radlens.usecases.register import register
from radlens.usecases.retire import retire
from radlens.usecases.trial import Terms, canary, shadow, withdraw
from tests.builders import picture, png, put_live
from tests.usecases.conftest import Process
from tests.versions import EAGER, ME, added, erring_bundle

TASK = "chest-xray"
FORCED = Terms("a test asks", override=True)


@pytest.fixture
def site(process: Process) -> Iterator[Site]:
    with process() as opened:
        yield opened


def read(site: Site, seed: int = 0) -> Prediction:
    return predict(site, png(picture(seed)), task=TASK, by=ME)


def finish(site: Site) -> None:
    """Wait until all that was offered so far has been done."""
    done = Event()
    assert site.beside.offer(done.set)
    assert done.wait(60)


def serve(site: Site) -> None:
    """What a server does at its start, and again whenever it looks."""
    site.beside.start()
    site.live.lineup(TASK)
    site.live.follow()


@contextmanager
def busy(site: Site) -> Iterator[None]:
    """Keep the background busy and its queue full."""
    held, began = Event(), Event()

    def hold() -> None:
        began.set()
        held.wait()

    assert site.beside.offer(hold)
    try:
        assert began.wait(60)
        while site.beside.offer(lambda: None):
            pass
        yield
    finally:
        held.set()


def stages(site: Site) -> dict[str, Stage]:
    return {found.version: found.stage for found in site.registry.versions(task=TASK)}


def acts(site: Site, verb: Verb) -> list[Act]:
    assert verify(site.trail.entries())
    return [entry.act for entry in site.trail.entries() if entry.act.verb == verb]


def erring(site: Site, folder: Path) -> Version:
    bundle = erring_bundle(folder, TASK, "erring")
    return register(site, lambda: read_parts(bundle), by=ME)


def seeds(site: Site, share: float, count: int, *, arm: bool = True) -> list[int]:
    """Pictures of the share that a canary reads, or of the others."""
    every = range(100 * count)
    found = (s for s in every if chosen(decode(png(picture(s)), site.bounds), share) is arm)
    return [next(found) for _ in range(count)]


def test_a_shadow_reads_after_the_answer_and_what_it_says_is_never_one(
    site: Site, tmp_path: Path
) -> None:
    serve(site)
    plain = read(site)
    version = added(site, tmp_path, TASK, "two", **EAGER)
    assert shadow(site, "two", by=ME).stage is Stage.SHADOW
    answer = read(site)
    finish(site)
    assert answer.model == plain.model
    assert answer.findings == plain.findings
    assert [p.id for p in site.records.history(limit=9)] == [answer.id, plain.id]
    [(beside, said)] = site.shadows.pairs(answer.model.digest, version.digest, limit=9)
    assert beside == answer
    assert said.findings is not None
    assert all(finding.positive for finding in said.findings)
    assert set(said.changed) == {f.label for f in answer.findings if not f.positive}


def test_a_full_queue_drops_the_shadow_and_keeps_the_answer_and_says_so(
    site: Site, tmp_path: Path
) -> None:
    added(site, tmp_path, TASK, "two")
    shadow(site, "two", by=ME)
    serve(site)
    with busy(site):
        dropped = site.beside.dropped
        answers = [read(site, seed) for seed in range(3)]  # nobody waits: the thread is held
        assert site.beside.dropped == dropped + 3
        assert [p.id for p in site.records.history(limit=9)] == [p.id for p in answers][::-1]
    report = agreement(site, "two")
    assert (report.coverage.answered, report.coverage.left_out) == (3, 3)
    assert report.labels == ()


def test_a_shadow_that_errs_is_counted_and_changes_nothing(site: Site, tmp_path: Path) -> None:
    erring(site, tmp_path)
    shadow(site, "erring", by=ME)
    serve(site)
    answers = [read(site, seed) for seed in range(3)]
    finish(site)
    assert {p.model.version for p in answers} == {"tiny-1"}
    report = agreement(site, "erring")
    assert (report.coverage.read, report.coverage.failed) == (0, 3)
    assert stages(site)["erring"] is Stage.SHADOW


def test_without_a_server_nothing_reads_beside_and_the_report_says_so(
    site: Site, tmp_path: Path
) -> None:
    added(site, tmp_path, TASK, "two")
    shadow(site, "two", by=ME)
    read(site)
    assert agreement(site, "two").coverage.left_out == 1


def test_the_report_counts_who_reported_what(site: Site, tmp_path: Path) -> None:
    added(site, tmp_path, TASK, "two", **EAGER)
    shadow(site, "two", by=ME)
    serve(site)
    answers = [read(site, seed) for seed in range(5)]
    finish(site)
    report = agreement(site, "two")
    assert (report.version.version, report.live.version) == ("two", "tiny-1")
    for index, label in enumerate(report.labels):
        alarms = sum(p.findings[index].positive for p in answers)
        assert (label.live.hits, label.candidate.hits, label.n) == (alarms, 5, 5)
        assert (label.only_live, label.only_candidate) == (0, 5 - alarms)


def test_a_canary_answers_for_its_share_in_every_process_and_the_answer_says_so(
    site: Site, tmp_path: Path, process: Process
) -> None:
    added(site, tmp_path, TASK, "two")
    assert canary(site, "two", 0.3, by=ME, terms=FORCED).share == 0.3
    mine, others = seeds(site, 0.3, 3), seeds(site, 0.3, 3, arm=False)
    with process() as other:
        for process in (site, other, site):
            assert {read(process, seed).model.version for seed in mine} == {"two"}
            assert {read(process, seed).model.version for seed in others} == {"tiny-1"}
    kept = site.records.history(limit=1)[0]
    assert kept.model.version in ("two", "tiny-1")


def test_an_image_of_the_share_that_the_canary_cannot_read_is_answered_by_the_live_model(
    site: Site, tmp_path: Path
) -> None:
    version = erring(site, tmp_path)
    canary(site, "erring", 0.5, by=ME, terms=FORCED)
    [seed] = seeds(site, 0.5, 1)
    answer = read(site, seed)
    assert answer.model.version == "tiny-1"
    [(beside, said)] = site.shadows.pairs(answer.model.digest, version.digest, limit=9)
    assert (beside, said.findings) == (answer, None)
    assert said.failure is not None
    assert said.failure.startswith("NotAssessable:")
    assert stages(site)["erring"] is Stage.CANARY  # once is not beyond chance


def test_a_canary_that_errs_is_stopped_everywhere_and_the_log_says_why(
    site: Site, tmp_path: Path, process: Process
) -> None:
    version = erring(site, tmp_path)
    canary(site, "erring", 0.5, by=ME, terms=FORCED)
    with process() as other:
        assert other.live.lineup(TASK).canary is not None
        answers = [read(site, seed) for seed in seeds(site, 0.5, 3)]
        assert {p.model.version for p in answers} == {"tiny-1"}
        assert stages(site) == {"erring": Stage.CANDIDATE, "tiny-1": Stage.LIVE}
        assert site.live.lineup(TASK).canary is None
        other.live.follow()
        assert other.live.lineup(TASK).canary is None
    [act] = acts(site, Verb.STOP_CANARY)
    assert (act.subject, act.by.name) == (version.digest, "radlens")
    assert "2 of 2 images" in act.detail["reason"]
    assert act.detail["counts"]["failures"] == 2
    assert site.registry.moves(TASK)[-1].reason == act.detail["reason"]


def test_a_canary_that_cannot_be_run_at_all_fails_nobodys_request_and_is_stopped(
    site: Site, tmp_path: Path
) -> None:
    bundle = erring_bundle(tmp_path, TASK, "crashing", crash=True)
    register(site, lambda: read_parts(bundle), by=ME)
    canary(site, "crashing", 0.5, by=ME, terms=FORCED)
    answers = [read(site, seed) for seed in seeds(site, 0.5, 3)]
    assert {p.model.version for p in answers} == {"tiny-1"}
    assert stages(site)["crashing"] is Stage.CANDIDATE
    [(_, said), *_] = site.shadows.pairs(
        answers[0].model.digest, site.registry.get("crashing").digest, limit=9
    )
    assert said.failure is not None
    assert said.failure.startswith("BrokenModel:")


def test_a_canary_that_changes_too_many_answers_is_stopped(site: Site, tmp_path: Path) -> None:
    serve(site)
    added(site, tmp_path, TASK, "eager", **EAGER)
    canary(site, "eager", 0.5, by=ME, terms=FORCED)
    for seed in seeds(site, 0.5, 12):
        read(site, seed)
    finish(site)
    assert stages(site)["eager"] is Stage.CANDIDATE
    [act] = acts(site, Verb.STOP_CANARY)
    assert "changed the answer for" in act.detail["reason"]


def test_a_canary_that_does_what_the_live_model_does_goes_on(site: Site, tmp_path: Path) -> None:
    serve(site)
    added(site, tmp_path, TASK, "same", seed=7)
    canary(site, "same", 0.5, by=ME, terms=FORCED)
    for seed in seeds(site, 0.5, 12):
        read(site, seed)
    finish(site)
    assert stages(site)["same"] is Stage.CANARY
    report = agreement(site, "same")
    assert (report.coverage.answered, report.coverage.read) == (12, 12)
    assert all(label.changed.hits == 0 for label in report.labels)


def test_what_neither_can_read_is_refused_and_counts_against_nobody(
    site: Site, tmp_path: Path
) -> None:
    version = erring(site, tmp_path)
    canary(site, "erring", 0.5, by=ME, terms=FORCED)
    photo = png(picture().repeat(3).reshape(96, 80, 3) * np.array([1, 3, 7], np.uint8))
    for _ in range(3):
        with pytest.raises((BadInput, NotThisTask)):
            predict(site, photo, task=TASK, by=ME)
    assert stages(site)["erring"] is Stage.CANARY
    live = site.live.current(TASK).ref.digest
    assert site.shadows.pairs(live, version.digest, limit=9) == []


@pytest.mark.parametrize("share", [0.0, -0.1, 0.51, 1.0, float("nan")])
def test_a_share_that_cannot_be_meant_is_refused(site: Site, tmp_path: Path, share: float) -> None:
    added(site, tmp_path, TASK, "two")
    with pytest.raises(BadInput, match="share"):
        canary(site, "two", share, by=ME, terms=FORCED)
    assert stages(site)["two"] is Stage.CANDIDATE


def test_one_at_a_time_is_on_each_trial_and_every_step_is_audited(
    site: Site, tmp_path: Path
) -> None:
    for seed, name in enumerate(("two", "three"), 8):
        added(site, tmp_path, TASK, name, seed=seed)
    shadow(site, "two", by=ME, reason="look")
    shadow(site, "three", by=ME)
    assert stages(site) == {
        "two": Stage.CANDIDATE, "three": Stage.SHADOW, "tiny-1": Stage.LIVE,
    }  # fmt: skip
    canary(site, "three", 0.1, by=ME, terms=FORCED)
    canary(site, "two", 0.2, by=ME, terms=FORCED)
    assert stages(site)["three"] is Stage.CANDIDATE
    withdraw(site, "two", by=ME, reason="enough")
    assert site.live.lineup(TASK).canary is None
    found = [(act.detail["version"], act.detail["after"]) for act in acts(site, Verb.STAGE_MODEL)]
    assert found == [
        ("two", "shadow"), ("three", "shadow"), ("three", "canary"), ("two", "canary"),
        ("two", "candidate"),
    ]  # fmt: skip
    with pytest.raises(WrongStage):
        withdraw(site, f"{TASK}/tiny-1", by=ME)


def test_there_is_no_trial_where_nothing_is_live(site: Site, tmp_path: Path) -> None:
    added(site, tmp_path, TASK, "two")
    retire(site, f"{TASK}/tiny-1", by=ME, out_of_service=True)
    for trial in (lambda: shadow(site, "two", by=ME), lambda: canary(site, "two", 0.1, by=ME)):
        with pytest.raises(NoLiveModel):
            trial()


def test_a_canary_may_become_live(site: Site, tmp_path: Path) -> None:
    added(site, tmp_path, TASK, "two")
    canary(site, "two", 0.3, by=ME, terms=FORCED)
    put_live(site, "two", by=ME)
    assert stages(site) == {"two": Stage.LIVE, "tiny-1": Stage.RETIRED}
    assert {read(site, seed).model.version for seed in range(5)} == {"two"}


def test_what_is_read_without_a_record_is_no_part_of_a_trial(
    site: Site, tmp_path: Path, process: Process
) -> None:
    erring(site, tmp_path)
    canary(site, "erring", 0.5, by=ME, terms=FORCED)
    with process(record=False) as fleeting:
        for seed in seeds(site, 0.5, 3):
            assert read(fleeting, seed).model.version == "tiny-1"
    assert stages(site)["erring"] is Stage.CANARY


def test_a_trial_that_is_refused_is_on_record(site: Site, tmp_path: Path) -> None:
    added(site, tmp_path, TASK, "two")
    for refused in (
        lambda: shadow(site, "absent", by=ME),
        lambda: canary(site, "two", 0.9, by=ME),
        lambda: canary(site, "two", 0.1, by=ME),
        lambda: withdraw(site, "two", by=ME),
    ):
        with pytest.raises((BadInput, Conflict, NotFound)):
            refused()
    found = [(act.detail["kind"], act.outcome) for act in acts(site, Verb.STAGE_MODEL)]
    kinds = ("NoSuchVersion", "BadInput", "NotPromoted", "WrongStage")
    assert found == [(kind, Outcome.REFUSED) for kind in kinds]
