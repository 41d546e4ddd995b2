"""A version becomes live only through its gate, or past it with a reason on record."""

from collections.abc import Callable
from pathlib import Path

import pytest

from radlens.domain.audit import Act, Outcome, Verb, verify
from radlens.domain.comparison import Matched
from radlens.domain.errors import Conflict, NotPromoted
from radlens.domain.finding import OperatingPoint
from radlens.domain.metrics import Proportion
from radlens.domain.promotion import Result
from radlens.domain.registry import Stage, Version, move
from radlens.domain.task import Label, Urgency
from radlens.engines.bundle import read_parts
from radlens.ports import Site
from radlens.usecases.activate import activate, roll_back
from radlens.usecases.extend import extend
from radlens.usecases.gate import ruling
from radlens.usecases.predict import predict
from radlens.usecases.register import register
from radlens.usecases.retire import retire
from radlens.usecases.trial import Terms, canary
from tests.builders import picture, png, put_live, tiny_bundle
from tests.usecases.conftest import Process
from tests.versions import ME, PARITY, added, measured

TASK = "chest-xray"
IMAGE = png(picture())
SCOLIOSIS = Label("Scoliosis", "Scoliosis", "The spine is bent sideways.", Urgency.ROUTINE)


@pytest.fixture
def site(process: Process):
    with process() as opened:
        yield opened


def stage(site: Site, name: str) -> Stage:
    return site.registry.get(f"{TASK}/{name}").stage


def acts(site: Site, *verbs: Verb) -> list[Act]:
    assert verify(site.trail.entries())
    return [entry.act for entry in site.trail.entries() if entry.act.verb in verbs]


def test_a_version_with_its_record_becomes_live_and_the_log_has_the_figures(
    site: Site, tmp_path: Path
) -> None:
    version = added(site, tmp_path, TASK, "two")
    evaluation, paired = measured(site, version)
    assert activate(site, "two", by=ME).stage is Stage.LIVE
    [act] = acts(site, Verb.ACTIVATE_MODEL)
    gate = act.detail["gate"]
    assert gate["passed"] is True
    assert {check["record"] for check in gate["checks"]} == {evaluation.id, paired.id, ""}
    assert any("+0.010" in check["sentence"] for check in gate["checks"])
    assert acts(site, Verb.OVERRIDE_GATE) == []


Measured = Callable[[Site, Version], object]


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (lambda *_: None, "No comparison with the live version"),
        (lambda site, version: measured(site, version, split="train"), "No comparison"),
        (lambda site, version: measured(site, version, low=-0.051), "-0.051"),
        (lambda site, version: measured(site, version, ece=0.11), "calibration error"),
        (lambda site, version: measured(site, version, units=19), "19 patients"),
    ],
)
def test_each_missing_or_failing_figure_holds_it_back_and_changes_nothing(
    site: Site, tmp_path: Path, record: Measured, said: str
) -> None:
    record(site, added(site, tmp_path, TASK, "two"))
    before = list(site.trail.entries())
    for attempt in (
        lambda: activate(site, "two", by=ME, reason="better"),
        lambda: canary(site, "two", 0.1, by=ME, terms=Terms("better")),
    ):
        with pytest.raises(NotPromoted, match=said):
            attempt()
    assert stage(site, "two") is Stage.CANDIDATE
    assert stage(site, "tiny-1") is Stage.LIVE
    *unchanged, activation, trial = site.trail.entries()
    assert unchanged == before
    assert (activation.act.verb, activation.act.outcome) == (Verb.ACTIVATE_MODEL, Outcome.REFUSED)
    assert (trial.act.verb, trial.act.outcome) == (Verb.STAGE_MODEL, Outcome.REFUSED)
    assert predict(site, IMAGE, task=TASK, by=ME).model.version == "tiny-1"


def test_an_export_without_parity_is_held_back(site: Site, tmp_path: Path) -> None:
    measured(site, added(site, tmp_path, TASK, "two", provenance={}))
    with pytest.raises(NotPromoted, match="manifest does not say"):
        activate(site, "two", by=ME)


def test_what_is_missing_comes_with_the_command_that_makes_it(site: Site, tmp_path: Path) -> None:
    added(site, tmp_path, TASK, "two")
    with pytest.raises(NotPromoted) as refused:
        activate(site, "two", by=ME)
    assert "`radlens evaluate two --against tiny-1 --dataset DATA`" in refused.value.hint


def test_figures_of_another_live_version_do_not_count(site: Site, tmp_path: Path) -> None:
    measured(site, added(site, tmp_path, TASK, "two"))
    added(site, tmp_path, TASK, "three", seed=9)
    put_live(site, "three", by=ME)
    with pytest.raises(NotPromoted, match="No comparison"):
        activate(site, "two", by=ME)


def test_the_newest_record_counts(site: Site, tmp_path: Path) -> None:
    version = added(site, tmp_path, TASK, "two")
    measured(site, version)
    measured(site, version, low=-0.2)
    assert not ruling(site, "two").passed
    measured(site, version)
    assert ruling(site, "two").passed


def test_past_the_gate_goes_only_who_says_why_and_the_log_keeps_the_objections(
    site: Site, tmp_path: Path
) -> None:
    added(site, tmp_path, TASK, "two")
    with pytest.raises(NotPromoted, match="reason"):
        activate(site, "two", by=ME, override=True, reason=" ")
    activate(site, "two", by=ME, override=True, reason="the old one fails on new scanners")
    refused, override, moved = acts(site, Verb.OVERRIDE_GATE, Verb.ACTIVATE_MODEL)
    assert refused.outcome is Outcome.REFUSED
    assert (override.by, override.detail["reason"]) == (ME, "the old one fails on new scanners")
    assert override.detail["gate"]["passed"] is False
    assert moved.detail["gate"] == override.detail["gate"]


def test_an_override_and_its_move_are_on_record_together_or_not_at_all(
    site: Site, tmp_path: Path
) -> None:
    version = added(site, tmp_path, TASK, "two")
    late = move(version, Stage.LIVE, time=site.clock(), by=ME, reason="", share=None)
    entries = list(site.trail.entries())
    verbs = (Verb.OVERRIDE_GATE, Verb.ACTIVATE_MODEL)
    with pytest.raises(Conflict):  # the live version was not moved away
        site.registry.move([late], *(Act(late.time, ME, v, version.digest, {}) for v in verbs))
    assert list(site.trail.entries()) == entries


def test_a_rollback_needs_no_new_record(site: Site, tmp_path: Path) -> None:
    measured(site, added(site, tmp_path, TASK, "two"))
    activate(site, "two", by=ME)
    assert roll_back(site, TASK, by=ME).version == "tiny-1"


def test_where_nothing_is_live_there_is_nothing_to_compare_with(site: Site, tmp_path: Path) -> None:
    [shipped] = site.registry.versions(task=TASK)
    measured(site, added(site, tmp_path, TASK, "two"))
    retire(site, shipped.digest, by=ME, out_of_service=True)
    assert {check.name for check in ruling(site, "two").checks} == {
        "evaluation", "calibration", "parity", "golden",
    }  # fmt: skip
    assert activate(site, "two", by=ME).stage is Stage.LIVE


def test_what_ships_is_live_by_its_own_card_and_that_is_on_record(site: Site) -> None:
    first = acts(site, Verb.ADD_MODEL)[0]
    assert "its card" in first.detail["reason"]


def knowing_one_more(site: Site, folder: Path) -> Version:
    """A candidate of a label that the live version lacks."""
    card = site.tasks[TASK]
    bundle = tiny_bundle(
        folder / "more", card.extended(SCOLIOSIS), version="more", seed=8, provenance=PARITY
    )
    return extend(site, card, SCOLIOSIS, lambda: read_parts(bundle), by=ME)


def test_a_label_that_the_live_version_lacks_is_weighed_by_its_own_cases(
    site: Site, tmp_path: Path
) -> None:
    version = knowing_one_more(site, tmp_path)
    measured(site, version, found={"Scoliosis": 4})
    before = list(site.trail.entries())
    with pytest.raises(NotPromoted, match="Scoliosis is new: found in 4 of 10 patients"):
        activate(site, "more", by=ME)
    assert stage(site, "tiny-1") is Stage.LIVE
    *unchanged, refused = site.trail.entries()
    assert (unchanged, refused.act.outcome) == (before, Outcome.REFUSED)

    activate(site, "more", by=ME, override=True, reason="every second one is better than none")
    [override] = acts(site, Verb.OVERRIDE_GATE)
    [check] = [c for c in override.detail["gate"]["checks"] if c["name"] == "new label"]
    assert (check["result"], "4 of 10" in check["sentence"]) == ("failed", True)


def test_a_new_label_that_is_known_passes_and_one_that_is_live_is_not_weighed_again(
    site: Site, tmp_path: Path
) -> None:
    version = knowing_one_more(site, tmp_path)
    evaluation, _ = measured(site, version, found={"Scoliosis": 10})
    [check] = [c for c in ruling(site, "more").checks if c.name == "new label"]
    assert (check.result, check.record) == (Result.PASSED, evaluation.id)
    activate(site, "more", by=ME)
    assert "new label" not in {check.name for check in ruling(site, f"{TASK}/tiny-1").checks}


@pytest.mark.parametrize("spoiled", [True, False])
def test_where_no_live_version_vouches_for_a_label_it_is_weighed(
    site: Site, tmp_path: Path, *, spoiled: bool
) -> None:
    version = knowing_one_more(site, tmp_path)
    put_live(site, version.digest, by=ME)
    added(site, tmp_path, TASK, "two")
    bundle = tiny_bundle(tmp_path / "again", site.tasks[TASK], version="again", seed=9)
    register(site, lambda: read_parts(bundle), by=ME)
    assert "new label" not in {check.name for check in ruling(site, "again").checks}
    if spoiled:
        site.blobs.delete(version.digest)
    else:
        retire(site, version.digest, by=ME, out_of_service=True)
    assert "new label" in {check.name for check in ruling(site, "again").checks}
    assert "new label" not in {check.name for check in ruling(site, "two").checks}


def test_matched_thresholds_are_applied_recorded_and_kept_through_a_rollback(
    site: Site, tmp_path: Path, process: Process
) -> None:
    version = added(site, tmp_path, TASK, "two")
    point = OperatingPoint(0.123)
    _, paired = measured(site, version, matched={"Mass": Matched(Proportion(8, 9), point)})
    live = activate(site, "two", by=ME, match=True)
    assert live.thresholds is not None
    assert live.thresholds["comparison"] == paired.id

    def thresholds() -> dict[str, float | None]:
        answer = predict(site, IMAGE, task=TASK, by=ME)
        kept = site.records.get(answer.id)
        assert kept == answer
        return {f.label: f.operating_point.threshold for f in kept.findings}

    assert thresholds()["Mass"] == 0.123
    assert set(thresholds().values()) == {0.5, 0.123}
    assert site.live.current(TASK).ref.digest == version.digest
    [act] = acts(site, Verb.ACTIVATE_MODEL)
    assert act.detail["thresholds"]["points"]["Mass"]["threshold"] == 0.123
    roll_back(site, TASK, by=ME)
    assert thresholds()["Mass"] == 0.5
    put_live(site, "two", by=ME)
    with process() as again:  # another process
        answer = predict(again, IMAGE, task=TASK, by=ME)
        assert {f.operating_point.threshold for f in answer.findings} == {0.5, 0.123}


def test_without_a_match_on_record_there_is_none_to_apply(site: Site, tmp_path: Path) -> None:
    measured(site, added(site, tmp_path, TASK, "two"))
    with pytest.raises(NotPromoted, match="sensitivity") as refused:
        activate(site, "two", by=ME, match=True)
    assert "split val" in refused.value.hint
    assert stage(site, "two") is Stage.CANDIDATE
