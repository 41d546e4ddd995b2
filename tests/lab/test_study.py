"""A study: every arm once, paired, resumable, and judged by intervals with a known truth."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import bootstrap

from radlens.bootstrap import PACKAGE, open_site
from radlens.domain.errors import BadDataset, BadRecipe, StorageFull
from radlens.domain.evaluation import Measure
from radlens.domain.ledger import Item, Kind, State
from radlens.domain.study import Arm, Study, Verdict
from radlens.domain.task import Mode
from radlens.lab.dataset import find_dataset
from radlens.lab.study import study, subsets
from radlens.lab.study_recipe import changed, read_study
from radlens.lab.study_results import results
from radlens.ports import Ledger
from radlens.settings import Settings
from tests.builders import TASKS
from tests.lab.filling import with_room
from tests.lab.tiny import AUGMENT, RECIPE, cases, write_dataset

TASK = TASKS["brain-tumor"]
ROOT = Path(__file__).parents[2]
LADDER = PACKAGE / "lab" / "recipes" / "studies" / "ladder.toml"


def write_study(path: Path, **changes: object) -> Path:
    """A study of two rungs, two sizes and two seeds on the tiny recipe, as TOML."""
    top = {
        "name": "tiny",
        "question": "Does it?",
        "per_class": [1, 2],
        "epochs": [2, 1],
        "seeds": [1, 2],
        "resamples": 200,
    } | changes

    def line(name: str, value: object) -> str:
        return f"{name} = {json.dumps(value)}"

    text = [line(name, value) for name, value in top.items() if value is not None]
    base = RECIPE | {"keep": "last", "statement": "A test."}
    text += ["[base]", *(line(*entry) for entry in base.items())]
    text += ["[base.augment]", *(f"{name} = 0.0" for name in AUGMENT)]
    for name, flip in (("plain", 0.0), ("mirrored", 0.5)):
        text += ["[[rung]]", line("name", name), line("what", f"{name} images")]
        text += ["[rung.changes.augment]", f"flip_lr = {flip}"]
    text += ["[[claim]]", 'rung = "plain"', "accuracy = 0.5", 'origin = "a test"']
    path.write_text("\n".join(text) + "\n")
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    write_dataset(folder / "data", TASK, {"train": 16, "val": 8, "test": 12})
    write_study(folder / "study.toml")
    return folder


def test_a_study_trains_every_arm_once_and_goes_on_after_a_kill(home: Path):
    killed = subprocess.run([sys.executable, "-m", __name__, str(home)], cwd=ROOT, check=False)
    assert killed.returncode == -9
    with open_site(Settings(home=home / "home", workers=1, gallery="gallery")) as site:
        [item] = site.ledger.items(Kind.STUDY)
        before = Study.of(item)
        assert (before.state, len(before.arms)) == (State.RUNNING, 3)
        done = study(site, home / "study.toml", data=str(home / "data"))
        assert done.id == before.id
        assert done.arms[:3] == before.arms, "finished arms are not repeated"
        assert len({arm.key for arm in done.arms}) == len(done.arms) == 8
        assert Study.of(site.ledger.get(done.id)) == done
        again = study(site, home / "study.toml", data=str(home / "data"))
        assert again.id != done.id
        assert [arm.weights for arm in again.arms] == [arm.weights for arm in done.arms]
        check_report(site, done)


@dataclass(frozen=True)
class Deadly:
    """A ledger that keeps a study's third arm and then kills the process as the system would."""

    kept: Ledger

    def put(self, item: Item) -> None:
        self.kept.put(item)
        if item.kind is Kind.STUDY and len(item.body["arms"]) == 3:
            os.kill(os.getpid(), signal.SIGKILL)

    def get(self, item_id: str) -> Item:
        return self.kept.get(item_id)

    def items(self, kind: Kind, *, name: str | None = None, limit: int = 1000) -> list[Item]:
        return self.kept.items(kind, name=name, limit=limit)


def until_killed(home: Path) -> None:
    """Begin the study on a site whose ledger is deadly."""
    with open_site(Settings(home=home / "home", workers=1, gallery="gallery")) as site:
        deadly = replace(site, ledger=Deadly(site.ledger))
        study(deadly, home / "study.toml", data=str(home / "data"))


def test_a_full_disk_ends_a_study_and_asked_for_again_it_begins_with_its_arms(
    home: Path, tmp_path: Path
) -> None:
    recipe = write_study(tmp_path / "study.toml", per_class=[1], epochs=[1], seeds=[1])
    with open_site(Settings(home=tmp_path / "home", workers=1, gallery="gallery")) as site:
        data = find_dataset(site, str(home / "data"), task=TASK).id
        full = replace(site, blobs=with_room(site.blobs, 1))
        with pytest.raises(StorageFull):
            study(full, recipe, data=data)
        [item] = site.ledger.items(Kind.STUDY)
        failed = Study.of(item)
        assert (failed.state, len(failed.arms)) == (State.FAILED, 1)
        assert failed.error.startswith("The disk is full. Free some space")
        done = study(site, recipe, data=data)
        assert (done.state, len(done.arms), done.arms[0]) == (State.DONE, 2, failed.arms[0])
        assert failed.id in done.parents
        assert failed.id not in study(site, recipe, data=data).parents


def check_report(site, done: Study) -> None:
    text = site.blobs.get(done.files["report.md"]).decode()
    for level in done.levels:
        m = level.accuracy
        assert f"{m.value:.3f} ({m.low:.3f} to {m.high:.3f})" in text
    assert all(f"| {step.verdict} |" in text for step in done.steps)
    assert "claimed accuracy (not ours)" in text
    assert done.recipe.strip() in text
    spec = json.loads(site.blobs.get(done.files["figure.json"]))
    assert "layer" in spec
    for arm in done.arms:
        answers = np.load(BytesIO(site.blobs.get(arm.answers)))
        assert answers.shape == (done.test["images"], 4)


def test_a_smaller_draw_lies_within_a_larger_one_and_holds_one_image_a_unit():
    one = replace(
        cases(60, 4, mode=Mode.MULTI_CLASS, seed=1), unit=np.arange(60) // 8 * 4 + np.arange(60) % 4
    )
    small, large = (subsets(one, n, seed=3) for n in (2, 4))
    assert {*small} < {*large}
    for n, picked in ((2, small), (4, large)):
        assert np.bincount(one.truth[picked].argmax(1)).tolist() == [n] * 4
        assert len(np.unique(one.unit[picked])) == len(picked)
    assert {*subsets(one, 2, seed=4)} != {*small}
    with pytest.raises(BadDataset, match=r"units; 30 are wanted"):
        subsets(one, 30, seed=3)


def plan_for(tmp_path: Path, seeds: int):
    path = tmp_path / "s.toml"
    write_study(path, per_class=[1], epochs=[1], seeds=[*range(seeds)], resamples=4000)
    return read_study(path)


def arms_of(scores: dict) -> tuple[Arm, ...]:
    return tuple(Arm(*key, float(v.mean()), 0.1, 0.1, "", "", "") for key, v in scores.items())


@pytest.mark.parametrize(
    ("gain", "verdict"), [(0.25, Verdict.HELPED), (0.0, Verdict.NOT), (-0.25, Verdict.HARMED)]
)
def test_a_step_is_called_what_it_truly_did(tmp_path: Path, gain: float, verdict: Verdict):
    plan, rng = plan_for(tmp_path, 5), np.random.default_rng(1)
    scores = {}
    for seed in range(5):
        scores["plain", 1, seed] = (rng.random(300) < 0.6).astype(float)
        scores["mirrored", 1, seed] = (rng.random(300) < 0.6 + gain).astype(float)
    levels, [step] = results(plan, arms_of(scores), scores, unit=np.arange(300), classes={})
    assert step.verdict is verdict
    assert step.difference.low <= step.difference.value <= step.difference.high
    assert [level.rung for level in levels] == ["plain", "mirrored"]


def test_a_gain_of_one_class_and_the_loss_of_another_are_told_apart(tmp_path: Path):
    plan, rng = plan_for(tmp_path, 5), np.random.default_rng(1)
    first = np.arange(400) < 200
    scores = {}
    for seed in range(5):
        scores["plain", 1, seed] = (rng.random(400) < 0.6).astype(float)
        scores["mirrored", 1, seed] = (rng.random(400) < np.where(first, 0.8, 0.4)).astype(float)
    masks = {"gains": first, "loses": ~first, "nobody": np.zeros(400, bool)}
    _, [step] = results(plan, arms_of(scores), scores, unit=np.arange(400), classes=masks)
    assert step.verdict is Verdict.NOT
    told = {label: effect.verdict for label, effect in step.classes.items()}
    assert told == {"gains": Verdict.HELPED, "loses": Verdict.HARMED}
    apart = [scores["mirrored", 1, s][first].mean() - scores["plain", 1, s][first].mean()
             for s in range(5)]  # fmt: skip
    assert step.classes["gains"].difference.value == pytest.approx(np.mean(apart), abs=1e-4)
    assert step.classes["gains"].difference.n == 200


def test_the_interval_is_scipys_where_there_is_one_seed(tmp_path: Path):
    plan, rng = plan_for(tmp_path, 1), np.random.default_rng(2)
    one, other = ((rng.random(200) < p).astype(float) for p in (0.5, 0.7))
    scores = {("plain", 1, 0): one, ("mirrored", 1, 0): other}
    _, [step] = results(plan, arms_of(scores), scores, unit=np.arange(200), classes={})
    oracle = bootstrap(
        (other - one,), np.mean, n_resamples=4000, method="percentile", rng=3
    ).confidence_interval
    assert step.difference.value == pytest.approx((other - one).mean(), abs=1e-5)
    assert step.difference.low == pytest.approx(oracle.low, abs=0.02)
    assert step.difference.high == pytest.approx(oracle.high, abs=0.02)


def test_images_of_one_unit_and_disagreeing_seeds_make_intervals_wider(tmp_path: Path):
    plan, rng = plan_for(tmp_path, 4), np.random.default_rng(2)
    unit = np.arange(200) // 10
    right = np.repeat((rng.random(20) < 0.5).astype(float), 10)
    scores = {("plain", 1, seed): np.zeros(200) for seed in range(4)}
    scores |= {("mirrored", 1, seed): right for seed in range(4)}

    def width(values: dict, groups: np.ndarray) -> float:
        _, [step] = results(plan, arms_of(values), values, unit=groups, classes={})
        return step.difference.high - step.difference.low

    assert width(scores, unit) > 2 * width(scores, np.arange(200))
    apart = scores | {("mirrored", 1, seed): np.full(200, seed / 3) for seed in range(4)}
    same = scores | {("mirrored", 1, seed): np.full(200, 0.5) for seed in range(4)}
    assert width(apart, unit) > width(same, unit) + 0.1


def test_a_verdict_needs_the_whole_interval_on_one_side():
    assert Verdict.of(Measure(0.1, 0.01, 0.2, 9)) is Verdict.HELPED
    assert Verdict.of(Measure(0.1, 0.0, 0.2, 9)) is Verdict.NOT
    assert Verdict.of(Measure(-0.1, -0.2, -0.01, 9)) is Verdict.HARMED


def test_the_ladder_of_the_package_is_what_the_issue_asks_for():
    ladder = read_study(LADDER)
    assert ladder.per_class == (20, 50, 100)
    assert len(ladder.seeds) >= 5
    assert [rung.name for rung in ladder.rungs(50)] == ["naive CNN", "classical augmentation"]
    naive, classical, *synthetic = (ladder.plan(rung, 20, 1) for rung in ladder.rung)
    assert {plan.augment for plan in synthetic} == {classical.augment}, "one thing at a time"
    assert [rung.made.way for rung in ladder.rung if rung.made] == ["mix", "pretrain"]
    assert {rung.against for rung in ladder.rung if rung.made} == {"classical augmentation"}
    assert not any(vars(naive.augment).values())
    assert replace(classical, augment=naive.augment, text=naive.text) == naive
    assert all(claim.origin for claim in ladder.claim)
    steps = {n * epochs for n, epochs in zip(ladder.per_class, ladder.epochs, strict=True)}
    assert len(steps) == 1, "every arm sees as many images"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"per_clas": [1]}, "unknown entry: per_clas"),
        ({"seeds": [1, 1]}, "seeds cannot be"),
        ({"per_class": []}, "per_class cannot be"),
        ({"epochs": [1]}, "epochs cannot be"),
        ({"resamples": 5}, "resamples cannot be 5"),
        ({"question": None}, "no entry question"),
    ],
)
def test_a_study_that_cannot_be_meant_is_refused(tmp_path: Path, changes: dict, says: str):
    with pytest.raises(BadRecipe, match=says):
        read_study(write_study(tmp_path / "s.toml", **changes))


def test_changes_reach_into_tables_and_leave_the_base_alone():
    base = {"a": 1, "t": {"x": 1, "y": 2}}
    assert changed(base, {"t": {"y": 3}, "b": 4}) == {"a": 1, "t": {"x": 1, "y": 3}, "b": 4}
    assert base == {"a": 1, "t": {"x": 1, "y": 2}}


if __name__ == "__main__":
    until_killed(Path(sys.argv[1]))
