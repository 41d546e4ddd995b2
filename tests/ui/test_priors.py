"""A case, or an entry of the history, beside earlier readings of its patient, if it has one."""

import pytest

from radlens.domain.account import Caller, Role
from radlens.domain.prior import COURSE, ORDER, OTHER_MODEL
from radlens.settings import Settings
from radlens.ui import door
from radlens.ui.priors import NOBODYS, NONE
from radlens.usecases.predict import predict
from tests.builders import TASKS, go_live, measured, picture, png, tiny_bundle
from tests.imaging.samples import dicom
from tests.ui.conftest import READER, entrance

TASK = "chest-xray"


@pytest.fixture
def read(site):
    def one(number: int, patient: str = "4711"):
        upload = dicom(picture(number), PatientID=patient, StudyInstanceUID=f"1.2.{number}")
        return predict(site, upload, task=TASK, by=READER.actor)

    return one


@pytest.fixture(params=[("worklist", "case"), ("history", "prediction")], ids=["case", "entry"])
def case(screen, request):
    page, name = request.param
    return lambda prediction: screen(page, **{name: prediction.id})


def test_an_image_of_nobody_says_so(case, site):
    text = case(predict(site, png(picture()), task=TASK, by=READER.actor)).text
    assert NOBODYS in text
    assert "Earlier readings" not in text


def test_the_first_image_of_a_patient_has_no_earlier_ones(case, read):
    text = case(read(1)).text
    assert NONE in text
    assert NOBODYS not in text


def test_an_earlier_reading_is_shown_with_what_differs_and_that_it_is_no_course(case, read):
    then, now = read(1), read(2)
    text = case(now).text
    assert "1 earlier reading of this patient" in text
    assert f"/worklist-review?case={then.id}" in text
    assert ORDER in text
    assert COURSE in text
    assert OTHER_MODEL not in text
    assert then.whose.patient not in text


def test_a_look_at_earlier_readings_is_told_to_the_log_once(case, read, site):
    then, now = read(1), read(2)
    page = case(now)
    page.at.run()
    looks = [entry.act for entry in site.trail.entries() if "prior_of" in entry.act.detail]
    assert [(act.subject, act.detail["prior_of"]) for act in looks] == [(then.id, now.id)]


def test_who_may_not_read_sees_no_earlier_readings_in_the_history(screen, read, site, tmp_path):
    read(1)
    now = read(2)
    viewer = entrance(Caller("", "v", Role.VIEWER, "page"), demo=False)
    door.enter(site, Settings(home=tmp_path), viewer)
    text = screen("history", prediction=now.id).text
    assert now.id in text
    assert "earlier reading" not in text.lower()
    assert not [entry for entry in site.trail.entries() if "prior_of" in entry.act.detail]


def test_what_another_version_read_says_that_it_may_come_from_the_model(case, read, site, tmp_path):
    read(1)
    task = TASKS[TASK]
    go_live(site, tiny_bundle(tmp_path / "two", task, version="two", **measured(task)))
    text = case(read(2)).text
    assert OTHER_MODEL in text
    assert ">new<" in text


def test_the_earlier_reading_to_compare_with_is_chosen(case, read):
    read(1)
    read(2)
    page = case(read(3))
    [chosen] = [box for box in page.at.selectbox if box.label == "Compared with"]
    assert len(chosen.options) == 2
    before = page.text
    chosen.set_value(chosen.options[1]).run()
    assert not page.at.exception
    assert page.text != before
