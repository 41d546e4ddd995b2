"""Evaluation & Results: every figure from a record or a bundle, with interval and cases."""

import tomllib
from dataclasses import replace

import pytest

from radlens.bootstrap import PACKAGE
from radlens.domain.account import Caller, Role
from radlens.domain.audit import Verb
from radlens.domain.comparison import Comparison
from radlens.domain.evaluation import Evaluation, Measure
from radlens.domain.finding import OperatingPoint
from radlens.domain.ledger import Kind
from radlens.domain.predictive import measure_at
from radlens.lab.evaluation_item import compared, evaluated
from radlens.reports.part import shown
from radlens.settings import Settings
from radlens.ui import door
from radlens.ui.claims import claims
from radlens.usecases.erase import erase
from radlens.usecases.evaluations import recorded, report_pdf
from radlens.usecases.predict import predict
from tests.builders import go_live, picture, png, tiny_bundle
from tests.evaluations import FIGURE, TASK, a_comparison, an_evaluation
from tests.lab.planted import alike
from tests.lab.synth.made import made_images, real_images
from tests.ui.conftest import READER, entrance

PAGE = "evaluation_results"
LABEL = "Meningioma"


def keep(site, found: Evaluation, **changes):
    """Put an evaluation on record."""
    outcome = evaluated(site, replace(found, **changes), TASK, {}, site.clock())
    site.ledger.put(outcome.item)
    return outcome.item


@pytest.fixture
def item(site):
    return keep(site, an_evaluation())


def as_role(tmp_path, site, role):
    door.enter(site, Settings(home=tmp_path), entrance(Caller("", "r", role, "page"), demo=False))


def buttons(page) -> list[str]:
    return [found.proto.label for found in page.at.get("download_button")]


def test_without_figures_the_command_that_makes_them_is_named_and_claims_stand_alone(screen):
    text = screen(PAGE).text
    assert "Nothing was measured yet" in text
    assert "<span>evaluate</span> <span>MODEL</span>" in text
    assert "What the older applications claim" in text
    assert "not measured here yet" in text


def test_what_a_version_came_with_is_shown_as_such_with_the_command_that_measures_more(
    screen, site, tmp_path
):
    metrics = an_evaluation().scores.compact()
    dataset = {"dataset": {"name": "own-slices", "sha256": "12" * 32}}
    lineage = {**dataset, "time": "2026-02-03T04:05:06+00:00"}
    changes = {"metrics": metrics, "provenance": lineage, "version": "came-1"}
    go_live(site, tiny_bundle(tmp_path / "came", TASK, **changes))
    page = screen(PAGE)
    assert shown(FIGURE) in page.text
    assert "Measured on: own-slices, split test, 2026-02-03 by its own training" in page.text
    assert "n = 8 images of 7 patients" in page.text
    assert "<span>evaluate</span> <span>came-1</span>" in page.text
    assert "Threshold explorer" not in page.text
    assert buttons(page) == ["Model card (Markdown)", "Record (JSON)"]


def test_the_command_never_names_a_dataset_that_has_no_test_images(screen, site, tmp_path):
    metrics = an_evaluation().scores.compact()
    go_live(site, tiny_bundle(tmp_path / "came", TASK, metrics=metrics, version="came-1"))
    real_images(site, "with-test")
    made_images(site, [alike(7)], name="only-train")
    text = screen(PAGE).text
    assert "<span>with-test</span>" in text
    assert "only-train" not in text


def test_a_record_says_what_was_measured_on_what_when_and_of_how_many(screen, item):
    text = screen(PAGE).text
    assert f"Measured on: made up, split test, {item.time:%Y-%m-%d %H:%M}" in text
    assert "<h2>tiny-1</h2>" in text
    assert "<b>0.750</b><span>Accuracy</span><small>95 %: 0.500 to 0.875; n = 8</small>" in text
    assert "n = 8 images of 7 near-duplicate groups" in text
    assert "the largest model" not in text
    for part in ("Confusion matrix", "Threshold explorer", "Subgroups", "Robustness"):
        assert part in text


def test_the_matrix_is_the_records_with_the_share_of_each_truth(screen, item):
    text = screen(PAGE).text
    row = text[text.index(f"{LABEL} (n = 4)") :].split("</tr>")[0]
    assert [f">{n} <small>" in row for n in (3, 1)] == [True, True]
    assert "(75%)" in row


def test_the_explorer_takes_predictive_values_to_the_prevalence_that_was_asked_for(screen, site):
    found = an_evaluation()
    sure = Measure(0.9, 0.8, 0.96, 8)
    cuts = found.curves["meningioma"].cuts
    last = replace(cuts[-1], measures={**cuts[-1].measures, "positive": sure, "negative": sure})
    curves = replace(found.curves["meningioma"], cuts=(*cuts[:-1], last))
    keep(site, found, curves={"meningioma": curves})
    page = screen(PAGE)
    assert "At a threshold of 50.00 %" in page.text  # where nothing else is known
    page.at.select_slider[0].set_value(0.875).run()
    page.at.number_input[0].set_value(2.0).run()
    assert "At a threshold of 87.50 %" in page.text
    assert shown(measure_at(sure, 0.02)) in page.text
    assert shown(measure_at(sure, 0.98)) in page.text
    assert "Of 1,000 people of whom 20 have it, 15 are reported and 5 missed" in page.text


def test_an_answer_that_no_case_gets_has_no_predictive_value(screen, item):
    page = screen(PAGE)
    page.at.select_slider[0].set_value(0.875).run()
    assert "no case gets this answer" in page.text


def test_the_operating_point_that_answers_here_is_named_and_is_where_the_slider_starts(
    screen, site, tmp_path
):
    points = (OperatingPoint(0.26),) * len(TASK.labels)
    bundle = tiny_bundle(tmp_path / "live", TASK, version="at-a-point", operating_points=points)
    subject = replace(an_evaluation().subject, model_digest=go_live(site, bundle).digest)
    keep(site, an_evaluation(), subject=subject)
    page = screen(PAGE)
    assert "As it answers here, it is reported from 26.00 % on." in page.text
    assert page.at.select_slider[0].value == 0.25


def test_where_the_largest_class_is_the_answer_no_operating_point_is_named(screen, item):
    assert "whatever is largest" in screen(PAGE).text


@pytest.mark.parametrize("lacking", ["units", "labels"])
def test_figures_of_an_earlier_program_are_said_to_be_so(screen, site, tmp_path, lacking):
    metrics = an_evaluation().scores.compact()
    del metrics[lacking]
    go_live(site, tiny_bundle(tmp_path / "old", TASK, version="old-1", metrics=metrics))
    text = screen(PAGE).text
    assert "in a form of before" in text
    assert "<span>evaluate</span> <span>old-1</span>" in text


def test_a_record_of_before_has_its_curves_and_the_command_that_measures_thresholds(screen, site):
    found = an_evaluation()
    curves = {name: replace(each, cuts=()) for name, each in found.curves.items()}
    keep(site, found, curves=curves, risk_coverage={})
    page = screen(PAGE)
    assert "older than thresholds are" in page.text
    assert "<span>evaluate</span> <span>tiny-1</span> <span>--dataset</span>" in page.text
    assert not page.at.select_slider


def test_what_was_left_out_of_an_evaluation_is_said(screen, site):
    keep(site, an_evaluation(), robustness=(), subgroups=())
    text = screen(PAGE).text
    assert "Not on record: subgroups, robustness." in text
    assert "<h2>Robustness</h2>" not in text


def test_a_comparison_is_shown_with_its_differences_and_its_test(screen, site, item):
    assert "No comparison of it is on record" in screen(PAGE).text
    outcome = compared(site, a_comparison(), TASK, item.id, site.clock())
    site.ledger.put(outcome.item)
    text = screen(PAGE).text
    assert "tiny-1 less tiny-1" in text
    assert "0.000 (-0.125 to 0.125)" in text
    assert "&lt; 0.001 (DeLong)" in text
    assert "cannot be told apart" in text


def test_a_comparison_comes_back_from_json_as_it_was():
    assert Comparison.from_json(a_comparison().to_json()) == a_comparison()


def test_the_evaluation_of_the_address_is_shown_and_the_newest_otherwise(screen, site, item):
    other = replace(an_evaluation().subject, model="tiny-2", model_digest="12" * 32)
    keep(site, an_evaluation(), subject=other)
    assert "<h2>tiny-2</h2>" in screen(PAGE).text
    assert "<h2>tiny-1</h2>" in screen(PAGE, evaluation=item.id).text


def test_choosing_another_version_shows_what_it_was_measured_on(screen, site, item):
    other = replace(an_evaluation().subject, model="tiny-2", model_digest="12" * 32)
    keep(site, an_evaluation(), subject=replace(other, dataset="elsewhere"))
    page = screen(PAGE)
    page.at.selectbox[0].set_value("ab" * 32).run()
    assert "<h2>tiny-1</h2>" in page.text
    assert "elsewhere" not in "".join(page.at.selectbox[1].options)


def test_a_card_that_is_gone_is_a_sentence_and_the_choice_stays(screen, site):
    keep(site, an_evaluation(), subject=replace(an_evaluation().subject, task="gone"))
    page = screen(PAGE)
    assert "The card of the task gone is no longer on this site" in page.text
    assert len(page.at.selectbox) == 2


def test_a_record_whose_curves_are_damaged_says_so_and_claims_stay(screen, site, item):
    site.blobs.delete(item.files["curves.json"])
    text = screen(PAGE).text
    assert 'role="alert"' in text
    assert "What the older applications claim" in text


def test_the_report_with_images_is_for_engineers_and_the_log_tells_who_takes_it(
    screen, site, item, tmp_path
):
    offered = [
        "Report (Markdown)",
        "Report (PDF)",
        "Figures (ZIP)",
        "Curves (CSV)",
        "Record (JSON)",
    ]
    assert buttons(screen(PAGE)) == offered
    assert report_pdf(site, item, by=READER.actor).startswith(b"%PDF")
    [act] = [e.act for e in site.trail.entries() if e.act.verb == Verb.VIEW_IMAGE]
    assert act.subject == item.body["subject"]["dataset_id"]
    assert act.detail == {"evaluation": item.id, "images": ["ef" * 32]}
    as_role(tmp_path, site, Role.VIEWER)
    assert buttons(screen(PAGE)) == [name for name in offered if "PDF" not in name]


def test_a_report_that_went_with_an_erased_image_is_not_offered(screen, site):
    read = predict(site, png(picture(3)), task="chest-xray", by=READER.actor)
    worst = replace(an_evaluation().failures[0], image=read.image.digest)
    keep(site, an_evaluation(), failures=(worst,))
    offered = buttons(screen(PAGE))
    assert "Report (PDF)" in offered
    erase(site, read.image.digest, reason="the patient asked", by=READER.actor)
    assert buttons(screen(PAGE)) == [name for name in offered if "PDF" not in name]


def test_an_entry_gives_back_the_evaluation_that_was_put_there(site, item):
    assert recorded(site, item) == an_evaluation()


def test_our_figure_beside_a_claim_is_the_live_versions_and_not_another_ones(
    screen, site, tmp_path
):
    metrics = {**an_evaluation().scores.compact(), "mean_auroc": {**vars(FIGURE), "value": 0.611}}
    chest = {"labels": {}, "confusion": None}
    text = screen(PAGE).text
    assert "0.611" not in text
    bundle = tiny_bundle(
        tmp_path / "chest", site.tasks["chest-xray"], version="chest-2", metrics=metrics | chest
    )
    go_live(site, bundle)
    text = screen(PAGE).text
    row = text[text.index(">AUROC over 13 labels") :].split("</tr>")[0]
    assert "0.6794" in row
    assert "0.611 (0.500 to 0.875), n = 8" in row
    assert "chest-2" in row


def test_claims_have_their_source_and_are_those_that_the_study_repeats():
    assert all(claim["source"] and claim["claimed"] for claim in claims())
    recipe = PACKAGE / "lab" / "recipes" / "studies" / "ladder.toml"
    repeated = tomllib.loads(recipe.read_text())["claim"]
    said = {claim.get("rung") or claim.get("step"): claim["claimed"] for claim in claims()}
    for claim in repeated[:2]:
        assert said[claim["rung"]] == f"{claim['accuracy']:.0%}".replace("%", " %")
    points = round(100 * (repeated[2]["accuracy"] - repeated[1]["accuracy"]))
    assert said[repeated[2]["rung"]] == f"{points} points"


def test_ten_evaluations_are_ten_choices_of_one_version(screen, site):
    for _ in range(10):
        keep(site, an_evaluation())
    page = screen(PAGE)
    assert len(page.at.selectbox[1].options) == 10
    assert len(site.ledger.items(Kind.EVALUATION)) == 10
