"""The registry over REST: the same use-cases, the same refusals."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx import Response
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from radlens.api.app import create_api
from radlens.domain.archive import archive_of, parts_of
from radlens.domain.audit import Outcome, Verb
from radlens.domain.registry import Stage
from radlens.engines.bundle import read_parts
from radlens.ports import Site
from tests.builders import TASKS, damage, let_in, tiny_bundle, tiny_site

TASK = "chest-xray"
LIMIT = 50_000
FORCED = {"override": True, "reason": "a test asks"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with tiny_site(tmp_path, bundle_bytes=LIMIT, upload_bytes=1000) as opened:
        yield opened


@pytest.fixture
def client(site: Site) -> Iterator[TestClient]:
    with TestClient(let_in(create_api(site)), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def archive(tmp_path: Path) -> bytes:
    bundle = tiny_bundle(tmp_path / "new", TASKS[TASK], seed=8, version="new")
    return archive_of(read_parts(bundle), "new")


def send(client: TestClient, archive: bytes) -> Response:
    files = {"file": ("new.zip", archive, "application/zip")}
    return client.post("/v1/versions", files=files, data={"reason": "more images"})


def refusals(site: Site) -> list[str]:
    acts = [entry.act for entry in site.trail.entries() if entry.act.verb == Verb.ADD_MODEL]
    return [act.detail["kind"] for act in acts if act.outcome is Outcome.REFUSED]


def live(client: TestClient) -> list[str]:
    rows = client.get("/v1/versions", params={"task": TASK}).json()
    return [row["version"] for row in rows if row["stage"] == "live"]


def test_a_bundle_goes_from_its_upload_to_being_live_and_back(
    site: Site, client: TestClient, archive: bytes
) -> None:
    sent = send(client, archive)
    assert (sent.status_code, sent.json()["stage"]) == (201, "candidate")
    path = f"/v1/versions/{sent.json()['digest']}"
    refused = client.post(f"{path}/activate", json={})
    assert (refused.status_code, refused.json()["error"]["kind"]) == (409, "NotPromoted")
    assert client.post(f"{path}/approve", json={"reason": "fine"}).json()["approved"]
    assert client.post(f"{path}/activate", json=FORCED).json()["stage"] == "live"
    assert live(client) == ["new"]
    assert client.post(f"{path}/retire", json={}).status_code == 409
    back = client.post(f"/v1/tasks/{TASK}/rollback", json={"reason": "worse"})
    assert back.json()["version"] == "tiny-1"
    assert live(client) == ["tiny-1"]
    shown = client.get(path).json()
    assert [step["after"] for step in shown["moves"]] == ["candidate", "live", "retired"]
    assert site.registry.moves(TASK)[-1].by.via == "api"


def test_the_history_says_what_was_live_at_a_time(client: TestClient, archive: bytes) -> None:
    digest = send(client, archive).json()["digest"]
    client.post(f"/v1/versions/{digest}/activate", json=FORCED)
    path = f"/v1/tasks/{TASK}/history"
    [*_, last] = client.get(path).json()
    assert (last["digest"], last["after"], last["reason"]) == (digest, "live", "a test asks")
    assert client.get(path, params={"at": last["time"]}).json() == [last]
    assert client.get(path, params={"at": "2001-01-01T00:00:00"}).json() == []
    assert client.get("/v1/tasks/absent/history").status_code == 422


def test_what_is_downloaded_is_what_was_sent(
    site: Site, client: TestClient, archive: bytes
) -> None:
    digest = send(client, archive).json()["digest"]
    answer = client.get(f"/v1/versions/{digest}/bundle.zip")
    assert answer.headers["content-type"] == "application/zip"
    assert parts_of(answer.content) == parts_of(archive)
    assert Verb.EXPORT_MODEL in {entry.act.verb for entry in site.trail.entries()}


def test_a_version_is_verified_on_record_and_a_damaged_one_says_what_is_wrong(
    site: Site, client: TestClient, archive: bytes, tmp_path: Path
) -> None:
    sent = send(client, archive).json()
    path = f"/v1/versions/{sent['digest']}/verify"
    intact = client.post(path).json()
    assert (intact["intact"], intact["troubles"]) == (True, [])
    assert intact["version"]["version"] == "new"
    damage(tmp_path, TASK)
    [version] = site.registry.versions(task=TASK, stage=Stage.LIVE)
    broken = client.post(f"/v1/versions/{version.digest}/verify").json()
    assert not broken["intact"]
    assert broken["troubles"]
    done = [e.act.outcome for e in site.trail.entries() if e.act.verb == Verb.VERIFY_MODEL]
    assert done == [Outcome.DONE, Outcome.FAILED]


def test_two_versions_are_compared_where_they_have_one_task(
    client: TestClient, archive: bytes
) -> None:
    path = f"/v1/versions/{send(client, archive).json()['digest']}/comparison"
    found = client.get(path, params={"other": f"{TASK}/tiny-1"}).json()
    assert [side["version"] for side in found["versions"]] == ["new", "tiny-1"]
    assert found["comparison"] is None
    other = client.get(path, params={"other": "brain-tumor/tiny-1"})
    assert (other.status_code, other.json()["error"]["kind"]) == (422, "BadInput")
    assert client.get(path, params={"other": "absent"}).status_code == 404
    assert client.get(path).status_code == 422


def test_what_is_no_bundle_or_registered_already_is_refused_and_on_record(
    site: Site, client: TestClient, archive: bytes
) -> None:
    assert send(client, b"\x80\x04 a pickle").status_code == 422
    assert send(client, archive).status_code == 201
    assert send(client, archive).status_code == 409
    assert refusals(site) == ["BadBundle", "Conflict"]


@pytest.mark.parametrize("declared", [True, False])
def test_a_bundle_above_its_bound_is_refused_before_it_is_in_memory_and_on_record(
    site: Site, *, declared: bool
) -> None:
    client = TestClient(let_in(Starlette(routes=[Mount("/api", create_api(site))])))
    begin = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    chunks = [begin] + [bytes(64 * 1024)] * 10
    content = b"".join(chunks) if declared else iter(chunks)
    kind = {"content-type": "multipart/form-data; boundary=x"}
    answer = client.post("/api/v1/versions", content=content, headers=kind)
    assert answer.json()["error"]["kind"] == "TooLarge"
    assert refusals(site) == ["TooLarge"]


def test_an_image_is_not_let_through_by_the_bound_of_bundles(client: TestClient) -> None:
    files = {"file": ("a.png", bytes(100_000), "image/png")}
    answer = client.post("/v1/predictions", files=files, data={"task": TASK})
    assert answer.json()["error"]["kind"] == "TooLarge"


def test_an_unknown_version_is_not_found(client: TestClient) -> None:
    assert client.get("/v1/versions/absent").status_code == 404
    assert client.get("/v1/versions/absent/bundle.zip").status_code == 404
    assert client.post("/v1/versions/absent/activate", json={}).status_code == 404
