"""Future Scope: states follow from what is here, advice from what is on record."""

import pytest

from radlens.domain.ledger import Item, Kind, State
from radlens.ui import roadmap as plan
from radlens.ui.next_steps import next_steps
from radlens.ui.roadmap import limits, roadmap
from radlens.usecases.time_walk import time_walk
from tests.builders import TASKS, go_live, measured, picture, png, tiny_bundle


def state(site, title):
    return next(item for item in roadmap(site) if item.title.startswith(title))


def advice(site):
    return [step.what for step in next_steps(site)]


def entry(site, kind, name, body, *parents):
    item = Item(site.new_id(), kind, name, site.clock(), State.DONE, body, parents)
    site.ledger.put(item)
    return item


def test_the_page_shows_every_item_every_limit_and_what_is_next(screen, site):
    text = screen("future_scope").text
    for item in roadmap(site):
        assert item.title in text
    for limit in limits():
        assert limit in text
    assert "Random weights for tests" in text  # what the live model says of itself
    assert "Train a model for No model yet" in text


def test_an_item_is_here_once_every_live_model_shows_for_it(site, tmp_path):
    assert state(site, "Uncertainty").state is plan.State.PARTLY
    assert "0 of 2 live models" in state(site, "Uncertainty").evidence
    for name in ("chest-xray", "brain-tumor"):
        task = TASKS[name]
        go_live(site, tiny_bundle(tmp_path / f"new-{name}", task, version="2", **measured(task)))
    assert state(site, "Uncertainty").state is plan.State.HERE
    assert "2 of 2 live models" in state(site, "Uncertainty").evidence


def test_speed_is_not_claimed_before_it_was_measured_here(site):
    assert state(site, "Under a second").state is plan.State.PARTLY
    time_walk(site, png(picture(2)), task="brain-tumor", times=1)
    assert state(site, "Under a second").state is plan.State.HERE
    assert "measured here" in state(site, "Under a second").evidence


def test_what_is_not_installed_is_named(site):
    for item in roadmap(site):
        if item.state is plan.State.NOT_YET:
            assert item.evidence.startswith("not in this installation: ")


def test_a_dataset_that_nobody_scanned_asks_for_it_until_it_was(site):
    kept = entry(site, Kind.DATASET, "slices", {"task": "brain-tumor", "synthetic": 0})
    assert "Scan the dataset slices" in advice(site)
    entry(site, Kind.SCAN, "slices", {"across": []}, kept.id)
    assert "Scan the dataset slices" not in advice(site)
    assert "Split slices anew" not in advice(site)
    entry(site, Kind.SCAN, "slices", {"across": [["a", "b"]]}, kept.id)
    assert "Split slices anew" in advice(site)


def test_a_live_model_asks_to_be_measured_until_it_was(site):
    engine = site.live.current("chest-xray")
    asked = "Measure Chest X-ray, 13 findings on images of your own"
    assert asked in advice(site)
    entry(site, Kind.EVALUATION, "x", {"subject": {}, "robustness": []}, engine.ref.digest)
    assert asked not in advice(site)


@pytest.mark.parametrize(("low", "chance"), [(0.41, True), (0.72, False)])
def test_the_label_that_may_be_worst_asks_for_cases(site, tmp_path, low, chance):
    figure = {"value": 0.8, "low": low, "high": 0.9, "n": 50}
    better = {"value": 0.9, "low": 0.85, "high": 0.95, "n": 50}
    labels = {
        "Mass": {"positives": 11, "auroc": figure},
        "Edema": {"positives": 30, "auroc": better},
        "Nodule": {"positives": 3, "auroc": None},
    }
    task = TASKS["chest-xray"]
    go_live(site, tiny_bundle(tmp_path / "new", task, version="2", metrics={"labels": labels}))
    [found] = [step for step in next_steps(site) if step.what == "More cases of Mass"]
    assert "11 positive cases" in found.because
    assert ("chance" in found.because) is chance
