"""Earlier readings of a patient: which are shown, to whom the log says, and what stands beside."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from radlens.api.app import create_api
from radlens.domain.account import Role
from radlens.domain.audit import Actor, Verb
from radlens.domain.errors import Conflict, NoSuchPrediction, StorageUnavailable
from radlens.domain.prediction import Prediction
from radlens.domain.prior import COURSE, ORDER
from radlens.domain.review import Opinion
from radlens.domain.worklist import State
from radlens.ports import Site
from radlens.usecases.erase import erase
from radlens.usecases.predict import predict
from radlens.usecases.priors import MOST, priors
from radlens.usecases.review import state_blind
from radlens.usecases.worklist import claim
from tests.builders import TASKS, go_live, let_in, picture, png, tiny_bundle, tiny_site
from tests.imaging.samples import dicom
from tests.usecases.test_disclose import Mute

ANN, BOB = Actor("ann", "page"), Actor("bob", "page")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with tiny_site(tmp_path) as opened:
        yield opened


def read(site: Site, number: int, patient: str = "4711") -> Prediction:
    """An image of a study of its own."""
    upload = dicom(picture(number), PatientID=patient, StudyInstanceUID=f"1.2.{number}")
    return predict(site, upload, task="chest-xray", by=BOB)


def test_earlier_readings_of_the_patient_come_with_their_review_and_what_differs(site):
    one, _, two, now, _ = (
        read(site, 1),
        read(site, 2, "4712"),
        *(read(site, n) for n in (3, 4, 5)),
    )
    claim(site, one.id, by=BOB)
    found = priors(site, now.id, by=ANN)
    assert [(prior.prediction.id, prior.state) for prior in found] == [
        (two.id, State.WAITING),
        (one.id, State.IN_REVIEW),
    ]
    for prior in found:
        assert not prior.other_model
        assert [change.now for change in prior.changes] == list(now.findings)
        assert [change.then for change in prior.changes] == list(prior.prediction.findings)


def test_what_an_earlier_version_read_says_so(site, tmp_path):
    before = read(site, 1)
    go_live(site, tiny_bundle(tmp_path / "two", TASKS["chest-xray"], version="two", seed=9))
    [prior] = priors(site, read(site, 2).id, by=ANN)
    assert (prior.prediction.id, prior.other_model) == (before.id, True)


def test_each_of_them_is_a_look_that_the_log_tells_of_first(site):
    then, now = read(site, 1), read(site, 2)
    assert priors(site, now.id, by=ANN)
    seen = [entry.act for entry in site.trail.entries() if entry.act.verb == Verb.VIEW]
    assert [(act.subject, act.by) for act in seen] == [(now.id, ANN), (then.id, ANN)]
    assert seen[1].detail["prior_of"] == now.id
    assert then.whose.patient not in str(seen)
    assert priors(site, now.id, by=None)
    assert len([e for e in site.trail.entries() if e.act.verb == Verb.VIEW]) == 2
    with pytest.raises(StorageUnavailable):
        priors(replace(site, trail=Mute()), now.id, by=ANN)


def test_a_prior_that_was_seen_is_not_read_blind_any_more(site):
    then, now = read(site, 1), read(site, 2)
    priors(site, now.id, by=ANN)
    with pytest.raises(Conflict):
        state_blind(site, then.id, [Opinion("Mass", present=True)], by=ANN)


def test_of_nobody_and_of_what_was_erased_nothing_is_shown(site):
    then, now = read(site, 1), read(site, 2)
    assert priors(site, predict(site, png(picture()), task="chest-xray", by=BOB).id, by=ANN) == []
    erase(site, then.image.digest, reason="asked", by=BOB)
    assert priors(site, now.id, by=ANN) == []
    with pytest.raises(NoSuchPrediction):
        priors(site, "unknown", by=ANN)


def test_no_more_than_the_last_are_shown(site):
    for number in range(MOST + 2):
        last = read(site, number)
    assert len(priors(site, last.id, by=ANN)) == MOST


def test_a_program_reads_them_with_what_has_to_be_said_beside_them(site):
    then, now = read(site, 1), read(site, 2)
    api = TestClient(let_in(create_api(site), Role.READER))
    told = api.get(f"/v1/predictions/{now.id}/priors").json()
    assert told["notes"] == [ORDER, COURSE]
    [prior] = told["priors"]
    assert (prior["prediction_id"], prior["state"]) == (then.id, "waiting")
    assert prior["reported"] == [one.label for one in then.findings if one.positive]
    assert [change["now"]["probability"] for change in prior["changes"]] == [
        one.probability for one in now.findings
    ]
    assert now.whose.patient not in str(told)
    assert now.whose.patient not in api.get(f"/v1/predictions/{now.id}").text
