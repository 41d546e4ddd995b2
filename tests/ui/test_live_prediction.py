"""Live Prediction: what a reader is told, and that it is on record exactly once."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

from radlens.domain.account import Caller
from radlens.domain.errors import NotSignedIn
from radlens.domain.finding import OperatingPoint
from radlens.ui import door, intake
from tests.builders import TASKS, go_live, measured, remembering_bundle, tiny_bundle
from tests.ui.conftest import BAD, GOOD, OTHER, entrance


def count(site):
    return len(site.records.history(limit=100))


def test_the_page_says_what_a_task_is_for(visit):
    page = visit().task("chest-xray")
    assert TASKS["chest-xray"].intended_use in page.text
    assert "Modalities: CR, DX, RG" in page.text


def test_a_task_without_a_live_model_says_so_with_a_hint_and_takes_no_files(visit):
    page = visit().task("unserved")
    assert "No live model answers for the task unserved" in page.text
    assert "radlens train" in page.words
    assert not page.at.file_uploader


def test_a_task_can_be_changed_again_and_again(visit):
    page = visit()
    for name in ("neuro-rare", "chest-xray", "brain-tumor", "chest-xray"):
        page.task(name)
        assert TASKS[name].intended_use in page.text


def test_an_upload_is_one_record_however_often_the_page_runs(visit, site):
    page = visit().task("chest-xray").send(GOOD)
    assert count(site) == 1
    page.at.run()
    page.at.run()
    page.task("brain-tumor").task("chest-xray")
    assert count(site) == 1


def test_the_result_survives_leaving_the_page_and_coming_back(visit, site):
    page = visit().task("chest-xray").send(GOOD)
    page.at.file_uploader[0].set_value([]).run()  # what Streamlit does when a page is left
    assert "All findings" in [part.value for part in page.at.subheader]
    assert count(site) == 1


def test_a_reload_shows_the_result_again_from_the_record(visit, site):
    shown = visit().task("chest-xray").send(GOOD).at.query_params["prediction"]
    again = visit(prediction=shown[0] if isinstance(shown, list) else shown)
    assert "All findings" in [part.value for part in again.at.subheader]
    assert count(site) == 1


def test_the_same_upload_in_a_new_session_is_a_new_prediction(visit, site):
    visit().task("chest-xray").send(GOOD)
    visit().task("chest-xray").send(GOOD)
    assert count(site) == 2


def test_the_most_alike_training_images_stand_beside_the_answer_and_in_the_record(
    visit, site, tmp_path
):
    task = TASKS["brain-tumor"]
    folder = remembering_bundle(tmp_path / "new", task, version="new", **measured(task))
    go_live(site, folder)
    page = visit().task(task.name).send(GOOD)
    [made] = site.records.history(limit=10)
    count = made.alike.carrying("meningioma")
    for shown in (page, visit(prediction=made.id)):
        assert (
            f"Of the 5 most alike training images {count} were labelled Meningioma." in shown.text
        )
        [listed] = re.findall(r'<ol class="rl-alike".*?</ol>', shown.text)
        assert listed.count("<li>") == 5
        for case in made.alike.cases:
            assert f"{task.label(case.labels[0]).title}, likeness {case.likeness:.2f}" in listed
        assert "for 48 of 50 held-out answers that were right" in shown.text
        assert "not alike to a radiologist" in shown.text


def test_a_model_that_remembers_no_images_says_nothing_of_any(visit):
    assert "alike" not in visit().task("chest-xray").send(GOOD).text


def test_files_sent_for_one_task_are_not_read_for_another(visit, site):
    visit().task("chest-xray").send(GOOD).task("brain-tumor")
    assert [p.model.task for p in site.records.history(limit=10)] == ["chest-xray"]


def test_a_bad_file_says_why_beside_its_name_and_the_good_one_is_read(visit, site):
    page = visit().task("chest-xray").send(BAD, GOOD)
    beside = re.search(r"<li>.*?notes\.txt.*?</li>", page.text).group()
    assert "neither PNG, JPEG nor DICOM" in beside
    assert "Send a PNG, a JPEG or a DICOM file" in beside
    assert "All findings" in [part.value for part in page.at.subheader]
    assert count(site) == 1


def test_of_many_files_the_refused_ones_stand_first_in_the_list(visit):
    other = ("more.txt", b"no image either", "text/plain")
    page = visit().task("chest-xray").send(GOOD, BAD, OTHER, other)
    listed = re.search(r'<ul class="rl-files".*?</ul>', page.text, re.DOTALL).group()
    assert re.findall(r"<b>(\w+\.\w+)</b>", listed) == [
        "notes.txt",
        "more.txt",
        "chest.png",
        "other.png",
    ]


def test_a_session_that_ended_elsewhere_can_be_begun_anew_in_this_tab(visit, site):
    page = visit()

    def ended(*, active: bool) -> Caller:
        raise NotSignedIn("This session has ended.")

    door.enter(site, door.settings(), replace(entrance(), asked=ended))
    page.at.run()
    assert "This session has ended." in page.text
    assert '<a href="" target="_self">Sign in again</a>' in page.text


def test_a_bad_file_alone_leaves_nothing_on_record(visit, site):
    page = visit().task("chest-xray").send(BAD)
    assert "neither PNG, JPEG nor DICOM" in page.text
    assert not page.at.subheader
    assert count(site) == 0


def test_one_content_under_two_names_is_one_prediction_that_names_both(visit, site):
    twin = ("twin.png", GOOD[1], GOOD[2])
    page = visit().task("chest-xray").send(GOOD, twin)
    assert "chest.png (also twin.png)" in page.text
    assert count(site) == 1


def test_of_several_results_any_can_be_chosen(visit, site):
    page = visit().task("chest-xray").send(GOOD, OTHER)
    chooser = page.at.selectbox[1]
    assert len(chooser.options) == 2
    chooser.set_value(site.records.history(limit=2)[1].id).run()
    assert "<h2>chest.png</h2>" in page.text
    page.at.selectbox[1].set_value(site.records.history(limit=1)[0].id).run()
    assert "<h2>other.png</h2>" in page.text
    page.at.selectbox[1].set_value(site.records.history(limit=2)[1].id).run()
    assert "<h2>chest.png</h2>" in page.text
    assert count(site) == 2


def test_an_emptied_list_stays_empty_and_the_record_stays(visit, site):
    page = visit().task("chest-xray").send(BAD, GOOD)
    next(b for b in page.at.button if b.label == "Clear this list").click().run()
    assert "chest.png" not in page.text
    assert count(site) == 1


def test_a_server_that_forgot_the_list_still_makes_no_second_record(visit, site):
    page = visit().task("chest-xray").send(GOOD)
    intake.forget_all()  # as if it had been started again
    page.at.run()
    assert "All findings" in [part.value for part in page.at.subheader]
    assert count(site) == 1


def test_nothing_is_shown_as_a_result_when_it_could_not_be_recorded(visit, site, tmp_path: Path):
    page = visit().task("chest-xray")
    objects = tmp_path / "objects"
    kept = tmp_path / "kept"
    if objects.exists():
        shutil.move(objects, kept)
    objects.write_text("in the way")
    page.send(GOOD)
    assert not page.at.subheader
    assert 'role="alert"' in page.text
    assert count(site) == 0

    objects.unlink()
    if kept.exists():
        shutil.move(kept, objects)
    page.at.run()
    assert "All findings" in [part.value for part in page.at.subheader]
    assert count(site) == 1


def test_every_finding_is_listed_by_probability_with_its_sentence_and_mark(visit, site):
    page = visit().task("chest-xray").send(GOOD)
    [prediction] = site.records.history(limit=1)
    order = sorted(prediction.findings, key=lambda finding: -finding.probability)
    titles = [TASKS["chest-xray"].label(finding.label).title for finding in order]
    listed = page.text[page.text.index('aria-label="All findings"') :]
    assert re.findall(r"<h4>(.*?)</h4>", listed) == titles
    assert listed.count("not calibrated") == len(titles)
    assert listed.count("How often this is right has not been measured.") == len(titles)


def test_the_models_statement_stands_beside_the_result(visit):
    assert "Random weights for tests; its answers mean nothing." in (
        visit().task("chest-xray").send(GOOD).text
    )


def test_nothing_reported_is_never_called_normal(tmp_path: Path, visit, site):
    strict = (OperatingPoint(0.9999),) * 13
    changed = {"version": "strict", "operating_points": strict}
    go_live(site, tiny_bundle(tmp_path / "strict", TASKS["chest-xray"], **changed))
    text = visit().task("chest-xray").send(GOOD).text
    assert "Looked for and not reported" in text
    assert "Pneumothorax" in text
    for wrong in ("normal", "no significant", "green", "healthy", "all clear"):
        assert wrong not in text.lower()


def summary_with(tmp_path: Path, site, visit, label: str) -> str:
    """The summary that a model shows which always answers with one label."""
    task = TASKS["brain-tumor"]
    sure = measured(task, answer=task.names.index(label))
    go_live(site, tiny_bundle(tmp_path / label, task, version=label, **sure))
    text = visit().task(task.name).send(GOOD).text
    return text[text.index("rl-summary") : text.index("rl-findings")]


def test_an_answer_without_disease_bears_no_urgency(tmp_path: Path, site, visit):
    summary = summary_with(tmp_path, site, visit, "no_tumor")
    assert "None of the three tumours" in summary
    assert "rl-routine" not in summary


def test_a_reported_disease_bears_its_urgency_its_tier_and_the_advice(tmp_path: Path, site, visit):
    summary = summary_with(tmp_path, site, visit, "glioma")
    assert "rl-critical" in summary
    assert "High confidence, right in 46 of 50" in summary
    assert "Tier High was right in 46 of 50 held-out cases (92.0 %" in summary
    assert "Screening support: a clinician confirms" in summary


def test_what_cannot_be_ruled_out_stands_beside_the_answer(tmp_path: Path, site, visit):
    summary = summary_with(tmp_path, site, visit, "glioma")
    assert "With 90 % asked for, the true class is among: Glioma, Meningioma." in summary
    assert "The true class was in the set in 90 of 99 held-out cases" in summary
    assert "Too few cases to rule out at this level, whatever the image shows" in summary


def test_a_model_without_sets_claims_none(visit):
    assert "asked for" not in visit().task("chest-xray").send(GOOD).text


def test_a_sample_at_hand_is_read_by_one_press_and_marked_as_synthetic(visit, site):
    page = visit().task("brain-tumor")
    assert any("not taken of anyone" in part.value for part in page.at.caption)
    press = next(b for b in page.at.button if b.label == "Read brain average")
    press.click().run()
    page.at.run()
    assert "<h2>brain-average.png</h2>" in page.text
    assert count(site) == 1


def test_a_file_name_is_text_and_never_markup(visit):
    text = visit().task("chest-xray").send(("<img src=x>.png", GOOD[1], "image/png")).text
    assert "&lt;img src=x&gt;.png" in text
    assert "<img src=x>" not in text


def test_pages_without_a_site_say_how_to_start_it(visit):
    page = visit()
    door.leave()
    page.at.run()
    assert "The pages were started without a site." in page.text
    assert not page.at.exception


def test_what_nobody_foresaw_leaves_a_sentence_and_no_trace(site, caplog):
    from streamlit.testing.v1 import AppTest

    script = "from radlens.ui import door\ndoor.unexpected(RuntimeError('secret detail'))"
    at = AppTest.from_string(script).run()
    text = "".join(part.value for part in at.get("html"))
    assert "Something unexpected happened" in text
    assert "secret detail" not in text
    assert any(record.exc_info for record in caplog.records)
