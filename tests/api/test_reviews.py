"""The worklist over REST: what a reader's program does, and who may."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from radlens.api.app import create_api
from radlens.bootstrap import ACCESS
from radlens.domain.access import Access
from radlens.domain.account import Caller, Role
from radlens.domain.audit import Actor
from radlens.domain.prediction import Prediction
from radlens.domain.worklist import RULE
from radlens.ports import Site
from radlens.usecases.predict import predict
from radlens.usecases.worklist import claim
from tests.builders import let_in, picture, png, tiny_site

BOB = Actor("bob", "page")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with tiny_site(tmp_path) as opened:
        yield opened


@pytest.fixture
def api(site: Site) -> TestClient:
    return TestClient(let_in(create_api(site), Role.READER))


def read(site: Site, seed: int = 0) -> Prediction:
    return predict(site, png(picture(seed)), task="chest-xray", by=BOB)


def accepted(prediction: Prediction) -> dict[str, object]:
    return {"findings": [{"label": f.label, "decision": "accept"} for f in prediction.findings]}


def kind(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["kind"]


def test_a_case_is_listed_taken_signed_and_taken_back(site, api):
    prediction = read(site)
    listed = api.get("/v1/worklist").json()
    assert listed["rule"] == RULE
    assert listed["counts"]["waiting"] == 1
    [case] = listed["cases"]
    assert (case["prediction_id"], case["state"], case["reader"]) == (
        prediction.id,
        "waiting",
        None,
    )
    at = f"/v1/predictions/{prediction.id}"
    assert api.put(f"{at}/claim").json()["reader"] == "somebody"
    answer = api.post(f"{at}/reviews", json=accepted(prediction) | {"impression": "Clear."})
    assert answer.status_code == 201
    signed = answer.json()
    assert (signed["final"], signed["by"], signed["impression"]) == (True, "somebody", "Clear.")
    assert (signed["model"], signed["blind"]) == (prediction.model.digest, False)
    assert api.get("/v1/worklist").json()["cases"] == []
    [done] = api.get("/v1/worklist?state=verified&state=rejected").json()["cases"]
    assert (done["state"], done["signer"]) == ("verified", "somebody")
    undone = api.delete(f"/v1/reviews/{signed['id']}").json()
    assert undone["undone"]
    assert api.get(f"{at}/reviews").json() == [undone]
    [again] = api.get("/v1/worklist?reader=somebody").json()["cases"]
    assert (again["state"], again["reader"]) == ("in review", "somebody")


def test_the_same_review_sent_twice_is_one_record(site, api):
    prediction = read(site)
    at = f"/v1/predictions/{prediction.id}"
    api.put(f"{at}/claim")
    assert api.post(f"{at}/reviews", json=accepted(prediction)).status_code == 201
    assert kind(api.post(f"{at}/reviews", json=accepted(prediction))) == (409, "Taken")
    assert len(api.get(f"{at}/reviews").json()) == 1
    assert kind(api.put(f"{at}/claim")) == (409, "Conflict")
    assert api.put(f"{at}/claim?amend=true").status_code == 200


def test_the_next_case_is_taken_until_there_is_none(site, api):
    first, second = read(site), read(site, 1)
    claim(site, first.id, by=BOB)
    assert kind(api.put(f"/v1/predictions/{first.id}/claim")) == (409, "Taken")
    assert api.post("/v1/worklist/next").json()["prediction_id"] == second.id
    assert api.post("/v1/worklist/next").json() is None
    assert api.delete(f"/v1/predictions/{second.id}/claim").status_code == 204
    assert kind(api.delete(f"/v1/predictions/{second.id}/claim")) == (409, "Taken")


def test_a_blind_opinion_is_stated_before_the_answer_is_seen(site, api):
    prediction = read(site)
    at = f"/v1/predictions/{prediction.id}"
    said = {"findings": [{"label": "Mass", "present": True}], "blind": True}
    assert api.post(f"{at}/reviews", json=said).json()["blind"] is True
    other = read(site, 1)
    api.get(f"/v1/predictions/{other.id}")
    answer = api.post(f"/v1/predictions/{other.id}/reviews", json=said)
    assert kind(answer) == (409, "Conflict")


@pytest.mark.parametrize(
    "body",
    [
        {"findings": []},
        {"findings": [{"label": "Mass", "decision": "shrug"}]},
        {"findings": [{"label": "Mass", "decision": "reject", "reason": "x" * 301}]},
        {"findings": [{"label": "Stroke", "decision": "accept"}]},
        {"findings": [{"label": "Mass"}], "impression": "x" * 4001},
        [],
    ],
)
def test_what_is_no_review_is_refused_and_leaves_none(site, api, body):
    prediction = read(site)
    at = f"/v1/predictions/{prediction.id}"
    api.put(f"{at}/claim")
    assert api.post(f"{at}/reviews", json=body).status_code == 422
    assert api.get(f"{at}/reviews").json() == []


def test_what_is_not_there_is_not_found(api):
    for method, path in (
        ("PUT", "/v1/predictions/nobody/claim"),
        ("DELETE", "/v1/predictions/nobody/claim"),
        ("GET", "/v1/predictions/nobody/reviews"),
        ("DELETE", "/v1/reviews/nobody"),
    ):
        assert api.request(method, path).status_code == 404
    assert api.post("/v1/predictions/nobody/reviews", json={"findings": []}).status_code == 404


def test_a_second_reader_does_not_see_the_first_reading_before_both_have_signed(tmp_path):
    with tiny_site(tmp_path, readings=2) as site:
        api = create_api(site)
        prediction = read(site)
        at = f"/v1/predictions/{prediction.id}"
        ann, bob = (
            TestClient(let_in(api, caller=Caller("", name, Role.READER, "api")))
            for name in ("ann", "bob")
        )
        ann.put(f"{at}/claim")
        assert ann.post(f"{at}/reviews", json=accepted(prediction)).json()["final"] is False
        assert [len(who.get(f"{at}/reviews").json()) for who in (ann, bob)] == [1, 0]
        bob.put(f"{at}/claim")
        bob.post(f"{at}/reviews", json=accepted(prediction))
        assert [len(who.get(f"{at}/reviews").json()) for who in (ann, bob)] == [2, 2]


def test_readers_and_up_review_and_viewers_do_not() -> None:
    table = Access.from_toml(ACCESS.read_text())
    for method, path in (
        ("GET", "worklist"),
        ("POST", "worklist/next"),
        ("PUT", "predictions/1/claim"),
        ("DELETE", "predictions/1/claim"),
        ("GET", "predictions/1/reviews"),
        ("POST", "predictions/1/reviews"),
        ("DELETE", "reviews/1"),
    ):
        row = table.route(method, f"/api/v1/{path}")
        assert row.roles == {Role.READER, Role.ENGINEER, Role.ADMIN}
