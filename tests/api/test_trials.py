"""The way to being live over REST: the same use-cases, the same refusals."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from radlens.api.app import create_api
from radlens.ports import Site
from radlens.usecases.activate import approve
from radlens.usecases.predict import predict
from tests.builders import let_in, picture, png, tiny_site
from tests.versions import ME, added, measured

TASK = "chest-xray"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with tiny_site(tmp_path) as opened:
        yield opened


@pytest.fixture
def client(site: Site) -> Iterator[TestClient]:
    with TestClient(let_in(create_api(site)), raise_server_exceptions=False) as client:
        yield client


def test_a_version_goes_from_the_gate_to_a_canary_and_back(
    site: Site, client: TestClient, tmp_path: Path
) -> None:
    version = added(site, tmp_path, TASK, "two")
    path = f"/v1/versions/{version.digest[:12]}"
    assert client.get(f"{path}/gate").json()["passed"] is False
    refused = client.post(f"{path}/canary", json={"share": 0.1})
    assert (refused.status_code, refused.json()["error"]["kind"]) == (409, "NotPromoted")
    assert client.post(f"{path}/shadow", json={"reason": "look"}).json()["stage"] == "shadow"
    measured(site, version)
    assert client.get(f"{path}/gate").json()["passed"] is True
    staged = client.post(f"{path}/canary", json={"share": 0.1, "reason": "good so far"})
    assert (staged.status_code, staged.json()["share"]) == (200, 0.1)
    assert client.get(f"{path}/agreement").json()["stage"] == "canary"
    assert client.post(f"{path}/withdraw", json={}).json()["stage"] == "candidate"
    assert site.registry.moves(TASK)[-1].by.via == "api"


def test_the_preview_counts_alarms_on_recorded_images(
    site: Site, client: TestClient, tmp_path: Path
) -> None:
    for seed in range(3):
        predict(site, png(picture(seed)), task=TASK, by=ME)
    version = added(site, tmp_path, TASK, "two")
    found = client.get(f"/v1/versions/{version.digest}/preview", params={"last": 2}).json()
    assert found["images"] == 2
    assert {label["live"]["n"] for label in found["labels"]} == {2}


@pytest.mark.parametrize("share", [0, 0.6, -1, "much"])
def test_a_share_that_cannot_be_meant_is_refused(
    site: Site, client: TestClient, tmp_path: Path, share: object
) -> None:
    version = added(site, tmp_path, TASK, "two")
    body = {"share": share, "override": True, "reason": "a test asks"}
    assert client.post(f"/v1/versions/{version.digest}/canary", json=body).status_code == 422


def test_with_two_approvals_a_canary_waits_for_a_second_account(tmp_path: Path) -> None:
    with tiny_site(tmp_path, approvals=2) as site:
        client = TestClient(let_in(create_api(site)))
        path = f"/v1/versions/{added(site, tmp_path, TASK, 'two').digest}"
        body = {"share": 0.1, "override": True, "reason": "a test asks"}
        client.post(f"{path}/approve", json={})  # by the very account that asks
        refused = client.post(f"{path}/canary", json=body)
        assert (refused.status_code, refused.json()["error"]["kind"]) == (409, "NotApproved")
        approve(site, "two", by=ME)
        assert client.post(f"{path}/canary", json=body).json()["stage"] == "canary"


def test_an_unknown_version_is_not_found(client: TestClient) -> None:
    assert client.get("/v1/versions/absent/gate").status_code == 404
