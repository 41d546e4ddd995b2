"""Experiments & Failures: the ledger, the ladder and the failures, from records alone."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import streamlit as st

from radlens.domain.account import Caller, Role
from radlens.domain.audit import Verb
from radlens.domain.evaluation import Failure, Measure, plain
from radlens.domain.finding import percent
from radlens.domain.ledger import Item, Kind, State
from radlens.domain.run import Run
from radlens.domain.study import Step, Study, Verdict
from radlens.settings import Settings
from radlens.storage.ledger import item_of
from radlens.ui import door, study_words
from tests.builders import TASKS, png
from tests.evaluations import an_evaluation
from tests.ui.conftest import READER, entrance

LADDER = Path(__file__).parents[2] / "docs" / "studies" / "ladder" / "study.json"
BRAIN = TASKS["brain-tumor"]


@pytest.fixture
def study(site):
    """The ladder as it was measured, on record here."""
    found = Study.of(item_of(json.loads(LADDER.read_text())))
    site.ledger.put(found.item())
    return found


@pytest.fixture
def put(site):
    """Put the study on record again with changes."""

    def one(study, **changes):
        changed = replace(study, id=site.new_id(), time=site.clock(), **changes)
        site.ledger.put(changed.item())
        return changed

    return one


@pytest.fixture
def evaluation(site):
    """An evaluation with a failure of each kind, whose pictures are stored."""
    st.cache_data.clear()
    pictures = [png(np.full((20, 40, 3), grey, np.uint8)) for grey in (50, 100)]
    images = [site.blobs.put(png(np.full((20, 20), grey, np.uint8))) for grey in (1, 2)]
    each = dict.fromkeys(BRAIN.names, 0.01)
    failures = (
        Failure(images[0], "glioma", "false positive", ("no_tumor",), each | {"glioma": 0.93}, "a"),
        Failure(images[1], "pituitary", "false negative", ("pituitary",), each, "b"),
    )
    body = an_evaluation().to_json()
    body["failures"] = plain([asdict(failure) for failure in failures])
    files = {name: site.blobs.put(found) for name, found in zip("ab", pictures, strict=True)}
    item = Item(
        site.new_id(), Kind.EVALUATION, "tiny-1", site.clock(), State.DONE, body, files=files
    )
    site.ledger.put(item)
    return item


def as_role(tmp_path, site, role):
    door.enter(site, Settings(home=tmp_path), entrance(Caller("", "r", role, "page"), demo=False))


def looks(site):
    return [e.act for e in site.trail.entries() if e.act.verb == Verb.VIEW_IMAGE]


def choose(page, label, value):
    box = next(box for box in [*page.at.selectbox, *page.at.multiselect] if box.label == label)
    box.set_value(value).run()
    assert not page.at.exception
    return page.text


def test_without_records_the_commands_that_make_them_are_named(screen):
    text = screen("experiments").text
    assert "No experiment is on record yet" in text
    assert "<span>study</span>" in text
    assert "<span>evaluate</span>" in text


def test_every_step_of_a_study_stands_with_question_change_result_verdict_and_lesson(screen, study):
    text = screen("experiments").text
    assert f"{len(study.steps)} experiments, the newest first" in text
    assert text.count(study_words.question(study)) == len(study.steps) + 1
    for step in study.steps:
        assert study_words.apart(step.difference) in text
        assert study_words.lesson(step) in text
        assert f"{step.after}, against {step.before}, with {step.per_class} images a class" in text
    assert "blurred by noise anew each epoch" in text


@pytest.mark.parametrize(
    ("low", "high", "verdict", "lesson"),
    [
        (0.01, 0.05, "helped", "it added at least 0.010"),
        (-0.05, -0.02, "harmed", "it cost at least 0.020"),
        (-0.03, 0.04, "did not help", "a gain of more than 0.040 and against a loss of more than"),
        (0.0, 0.04, "did not help", "against any loss"),
        (-0.03, 0.0, "did not help", "against any gain"),
    ],
)
def test_a_lesson_says_what_the_interval_says(low, high, verdict, lesson):
    apart = Measure((low + high) / 2, low, high, 100)
    step = Step("a", "b", 20, apart, Verdict.of(apart))
    assert step.verdict == verdict
    assert lesson in study_words.lesson(step)


def test_what_failed_and_what_runs_stay_and_can_be_chosen(screen, site, study, put):
    broken = {"arms": study.arms[:4], "levels": (), "steps": ()}
    put(study, state=State.FAILED, error="A class has 3 images.", **broken)
    put(study, state=State.RUNNING, **broken)
    run = Run(
        site.new_id(), "long " * 20, site.clock(), "brain-tumor", "small-cnn",
        study.recipe, 1, "d", {}, {}, state=State.FAILED, error="The loss is not a number.",
    )  # fmt: skip
    site.ledger.put(run.item())
    page = screen("experiments")
    assert f"{len(study.steps) + 3} experiments" in page.text
    text = choose(page, "Verdict", ["failed"])
    assert "2 experiments" in text
    assert f"4 of {study.arms_planned} trainings done" in text
    assert "A class has 3 images. What was trained stays on record" in text
    assert "no model, after 0 epochs" in text
    assert "The loss is not a number." in text
    assert "1 experiment," in choose(page, "Verdict", ["running"])


def test_the_ladder_is_drawn_with_seeds_intervals_and_claims(screen, study, put):
    study = put(study, levels=[each for each in study.levels if each.rung != "synthetic images"])
    page = screen("experiments")
    [chart] = page.at.get("vega_lite_chart")
    spec = chart.proto.spec
    for level in study.levels:
        said = f"{level.accuracy.value:.3f} ({level.accuracy.low:.3f} to"
        assert f"{level.rung}, {level.per_class} images a class: {said}" in spec
        assert ", ".join(f"{reached:.3f}" for reached in level.by_seed) in page.text
    assert "claimed by others for synthetic images" in spec
    row = page.text[page.text.index(">synthetic images</th>") :].split("</tr>")[0]
    assert "not measured in this study" in row
    assert "published by the older application" in row


def test_what_each_step_did_to_each_class_is_told(screen, study):
    text = screen("experiments").text
    step = study.steps[1]
    for label, effect in step.classes.items():
        row = f">{BRAIN.label(label).title}</span></td>"
        assert row in text[text.index("Sensitivity after less before") :]
        assert study_words.apart(effect.difference) in text


def test_a_study_without_a_result_draws_nothing(screen, study, put):
    put(study, state=State.RUNNING, arms=study.arms[:4], levels=(), steps=())
    page = screen("experiments")
    assert f"It has no result yet: 4 of {study.arms_planned} trainings done." in page.text
    assert not page.at.get("vega_lite_chart")


def test_ten_thousand_steps_are_counted_and_a_few_are_listed(screen, study, put):
    put(study, steps=study.steps * 3000)
    text = screen("experiments").text
    assert f"{len(study.steps) * 3001:,} experiments" in text
    assert "The newest 50 are shown" in text
    assert text.count('<span class="rl-badge') == 50


def test_failures_are_seen_with_what_was_said_and_true_and_the_log_tells(screen, site, evaluation):
    text = screen("experiments").text
    assert text.count("data:image/png;base64") == 2
    assert 'alt="false positive, Glioma: image and heat map"' in text
    assert f"Said: Glioma {percent(0.93)}" in text
    assert f"True: {BRAIN.label('no_tumor').title}" in text
    [act] = looks(site)
    assert act.by.name == READER.actor.name
    assert act.detail["evaluation"] == evaluation.id
    assert len(act.detail["images"]) == 2


def test_failures_are_narrowed_down_by_label_and_kind(screen, evaluation):
    page = screen("experiments")
    assert choose(page, "Label", "pituitary").count("data:image/png") == 1
    text = choose(page, "Kind of error", "false positive")
    assert "None of them is of that label and kind" in text


@pytest.mark.parametrize("role", [Role.READER, Role.VIEWER])
def test_whoever_may_not_see_the_images_reads_what_was_said(
    screen, site, evaluation, tmp_path, role
):
    as_role(tmp_path, site, role)
    text = screen("experiments").text
    assert "data:image" not in text
    assert f"Glioma {percent(0.93)}" in text
    assert looks(site) == []


def test_an_erased_image_is_gone_here_too(screen, site, evaluation):
    site.blobs.delete(evaluation.body["failures"][0]["image"])
    text = screen("experiments").text
    assert "no longer stored" in text
    assert text.count("data:image/png") == 1


def test_an_evaluation_without_failures_or_card_says_so(screen, site, evaluation):
    body = {**evaluation.body, "failures": []}
    site.ledger.put(replace(evaluation, id=site.new_id(), body=body))
    page = screen("experiments")
    assert "every answer was right" in page.text
    subject = {**evaluation.body["subject"], "task": "gone"}
    lost = {**evaluation.body, "subject": subject}
    site.ledger.put(replace(evaluation, id=site.new_id(), body=lost))
    assert "True: no_tumor" in screen("experiments").text
