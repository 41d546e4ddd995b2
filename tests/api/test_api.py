"""The REST API: the same answers, every error declared, never a 500 for what was sent."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from starlette.formparsers import MultiPartParser
from starlette.testclient import TestClient

from radlens.api.app import create_api
from radlens.api.operations import create_operations
from radlens.domain.audit import Outcome, Verb
from radlens.domain.errors import NoSuchObject, StorageFull
from tests.builders import TASKS, damage, let_in, picture, png, tiny_site

IMAGE = png(picture())
COLOURED = png(np.stack([picture(seed) for seed in range(3)], 2))


@pytest.fixture
def site(tmp_path: Path):
    with tiny_site(tmp_path, upload_bytes=200_000) as opened:
        yield opened


@pytest.fixture
def client(site):
    with TestClient(let_in(create_api(site)), raise_server_exceptions=False) as client:
        yield client  # one event loop, as a server has


def post(client: TestClient, upload: bytes = IMAGE, task: str = "chest-xray", **headers: str):
    files = {"file": ("scan.dcm", upload, "application/dicom")}
    return client.post("/v1/predictions", files=files, data={"task": task}, headers=headers)


def test_an_upload_is_answered_and_on_record(client: TestClient) -> None:
    answer = post(client)
    assert answer.status_code == 201
    body = answer.json()
    assert body["file"] == "scan.dcm"
    assert [f["label"] for f in body["findings"]] == list(TASKS["chest-xray"].names)
    kept = client.get(f"/v1/predictions/{body['prediction_id']}").json()
    assert kept["findings"] == body["findings"]
    assert kept["file"] is None
    assert client.get("/v1/predictions").json() == [kept]


def test_history_is_paged(client: TestClient) -> None:
    ids = [post(client).json()["prediction_id"] for _ in range(3)][::-1]
    first = client.get("/v1/predictions", params={"limit": 2}).json()
    rest = client.get("/v1/predictions", params={"before": first[-1]["prediction_id"]}).json()
    assert [row["prediction_id"] for row in first + rest] == ids


def test_two_requests_with_one_key_at_once_make_one_record(client: TestClient) -> None:
    with ThreadPoolExecutor(8) as pool:
        key = {"Idempotency-Key": "k"}
        answers = list(pool.map(lambda _: post(client, **key), range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["prediction_id"] for answer in answers}) == 1
    assert len(client.get("/v1/predictions").json()) == 1
    conflict = post(client, png(picture(1)), **{"Idempotency-Key": "k"})
    assert conflict.status_code == 409
    assert conflict.json()["error"]["kind"] == "KeyReused"


@pytest.mark.parametrize(
    ("upload", "task", "status", "kind"),
    [
        (b"", "chest-xray", 422, "UnreadableImage"),
        (b"text", "chest-xray", 422, "UnreadableImage"),
        (IMAGE[:-40], "chest-xray", 422, "UnreadableImage"),
        (png(np.zeros((50, 50), np.uint8)), "chest-xray", 422, "NotAssessable"),
        (COLOURED, "chest-xray", 422, "NotThisTask"),
        (bytes(200_001), "chest-xray", 422, "TooLarge"),
        (bytes(900_000), "chest-xray", 422, "TooLarge"),
        (IMAGE, "knee", 422, "UnknownTask"),
        (IMAGE, "unserved", 503, "NoLiveModel"),
    ],
)
def test_what_cannot_be_answered_says_why_and_is_not_kept(client, upload, task, status, kind):
    answer = post(client, upload, task)
    assert answer.status_code == status
    assert answer.json()["error"]["kind"] == kind
    assert answer.json()["error"]["hint"]
    assert client.get("/v1/predictions").json() == []


def test_a_body_without_a_declared_length_is_bounded_while_it_arrives(client) -> None:
    def endless():
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(1000):
            yield bytes(64 * 1024)

    kind = {"content-type": "multipart/form-data; boundary=x"}
    answer = client.post("/v1/predictions", content=endless(), headers=kind)
    assert answer.status_code == 422
    assert answer.json()["error"]["kind"] == "TooLarge"


@pytest.mark.parametrize("size", [200_001, 900_000])  # found by the decoder, by the route
def test_an_image_above_the_bound_is_refused_on_record_once(client, site, size: int) -> None:
    post(client, bytes(size))
    refused = [e.act for e in site.trail.entries() if e.act.outcome is Outcome.REFUSED]
    assert [(act.verb, act.detail["kind"]) for act in refused] == [(Verb.PREDICT, "TooLarge")]
    assert refused[0].by.via == "api"


def test_another_body_above_the_bound_is_no_refused_image(client, site) -> None:
    answer = client.post("/v1/users", content=bytes(900_000))
    assert answer.json()["error"]["kind"] == "TooLarge"
    assert [e for e in site.trail.entries() if e.act.outcome is Outcome.REFUSED] == []


def test_a_misshapen_request_has_the_shape_of_every_error(client: TestClient) -> None:
    answer = client.post("/v1/predictions", data={"task": "chest-xray"})
    assert answer.status_code == 422
    assert answer.json()["error"]["kind"] == "BadInput"
    assert "file" in answer.json()["error"]["message"]


def test_heat_maps_and_the_report_are_made_on_demand(client: TestClient) -> None:
    url = f"/v1/predictions/{post(client).json()['prediction_id']}"
    plain = client.get(f"{url}/heatmaps/Mass.png", params={"opacity": 0})
    full = client.get(f"{url}/heatmaps/Mass.png", params={"opacity": 1})
    assert plain.headers["content-type"] == full.headers["content-type"] == "image/png"
    assert plain.content.startswith(b"\x89PNG")
    assert client.get(f"{url}/report.pdf").content.startswith(b"%PDF")
    for bad in ("nan", "-0.1", "1.1", "x"):
        params = {"opacity": bad}
        assert client.get(f"{url}/heatmaps/Mass.png", params=params).status_code == 422
    assert client.get(f"{url}/heatmaps/Fracture.png").status_code == 404


@pytest.mark.parametrize("path", ["", "/report.pdf", "/heatmaps/Mass.png"])
def test_an_unknown_prediction_is_not_found(client: TestClient, path: str) -> None:
    answer = client.get(f"/v1/predictions/none{path}")
    assert answer.status_code == 404
    assert answer.json()["error"]["kind"] == "NoSuchPrediction"


def test_tasks_and_models_are_listed(client: TestClient) -> None:
    assert {task["name"] for task in client.get("/v1/tasks").json()} == {*TASKS, "unserved"}
    models = {row["task"]: row for row in client.get("/v1/models").json()}
    assert models["chest-xray"]["statement"].startswith("Random weights")
    assert models["unserved"]["error"]["kind"] == "NoLiveModel"


def test_ready_means_that_every_live_model_gave_its_golden_answer(tmp_path: Path) -> None:
    with tiny_site(tmp_path) as site:
        client = TestClient(create_operations(site))
        assert client.get("/livez").status_code == client.get("/readyz").status_code == 200
    damage(tmp_path, "brain-tumor")
    with tiny_site(tmp_path) as site:
        client = TestClient(create_operations(site))
        assert client.get("/readyz").status_code == 503
        assert (
            client.get("/readyz").json()["error"]["message"] == "Not ready: model of brain-tumor."
        )
        broken = post(TestClient(let_in(create_api(site))), task="brain-tumor")
        assert broken.status_code == 503


def test_metrics_count_what_happened(client: TestClient) -> None:
    post(client)
    assert 'radlens_predictions_total{task="chest-xray"}' in client.get("/v1/metrics").text


def test_a_real_radiograph_is_read(client: TestClient, shared: Path) -> None:
    upload = min((shared / "chest-xray" / "images").glob("nih_*")).read_bytes()
    assert post(client, upload).status_code == 201


class FullDisk:
    """Objects that cannot be written any more."""

    def put(self, content: bytes) -> str:
        raise StorageFull("There is no room left.")

    def get(self, digest: str) -> bytes:
        raise NoSuchObject("There is no such object.")


def test_a_full_disk_is_503_and_nothing_is_kept(tmp_path: Path) -> None:
    with (
        tiny_site(tmp_path) as site,
        TestClient(let_in(create_api(replace(site, blobs=FullDisk())))) as client,
    ):
        answer = post(client)
        assert answer.status_code == 503
        assert answer.json()["error"]["kind"] == "StorageFull"
        assert client.get("/v1/predictions").json() == []


def test_an_upload_never_touches_a_temporary_file(tmp_path: Path) -> None:
    """A spooled part rolls over to a file above its limit, which has to be above the bound."""
    with tiny_site(tmp_path) as site:
        create_api(site)
        assert MultiPartParser.spool_max_size > site.bounds.upload_bytes


def test_a_route_that_does_not_exist_answers_in_the_same_shape(client: TestClient) -> None:
    answer = client.get("/v1/patients")
    assert answer.status_code == 404
    assert answer.json()["error"]["kind"] == "NotFound"
