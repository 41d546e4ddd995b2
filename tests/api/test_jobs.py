"""Jobs over REST: seen by engineers, cancelled by them, and by nobody else."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from radlens.api.app import create_api
from radlens.bootstrap import ACCESS
from radlens.domain.access import Access
from radlens.domain.account import Role
from radlens.domain.audit import Actor
from radlens.domain.job import JobState, Progress
from radlens.ports import Site
from radlens.usecases.jobs import enqueue
from tests.builders import let_in, tiny_site

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BY = Actor("ada", "cli")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with tiny_site(tmp_path) as opened:
        yield opened


@pytest.fixture
def api(site: Site) -> TestClient:
    return TestClient(let_in(create_api(site)))


def test_a_job_is_listed_and_shown_with_its_progress(site: Site, api: TestClient) -> None:
    first, second = (enqueue(site, "train", {"n": n}, by=BY) for n in (1, 2))
    site.jobs.claim("w", now=NOON)
    site.jobs.tell(first.id, "w", Progress(2, 8, "training", 6.5), now=NOON)
    assert [job["id"] for job in api.get("/v1/jobs").json()] == [second.id, first.id]
    assert [job["id"] for job in api.get("/v1/jobs?state=running").json()] == [first.id]
    shown = api.get(f"/v1/jobs/{first.id[:10]}").json()
    assert shown["progress"] == {"done": 2, "total": 8, "words": "training", "left_s": 6.5}
    assert (shown["state"], shown["arguments"], shown["actor"]) == ("running", {"n": 1}, "ada")
    assert (shown["attempts"], shown["result"], shown["failure"]) == (1, None, None)


def test_a_job_is_cancelled_once(site: Site, api: TestClient) -> None:
    job = enqueue(site, "train", {}, by=BY)
    assert api.delete(f"/v1/jobs/{job.id}").json()["state"] == "cancelled"
    assert site.jobs.get(job.id).state is JobState.CANCELLED
    again = api.delete(f"/v1/jobs/{job.id}")
    assert (again.status_code, again.json()["error"]["kind"]) == (409, "Conflict")
    last = [entry.act for entry in site.trail.entries()][-2]
    assert (last.verb, last.subject, last.by.name) == ("cancel-job", job.id, "somebody")


def test_a_running_job_is_on_its_way_to_be_cancelled(site: Site, api: TestClient) -> None:
    job = enqueue(site, "train", {}, by=BY)
    site.jobs.claim("w", now=NOON)
    told = api.delete(f"/v1/jobs/{job.id}").json()
    assert (told["state"], told["stopping"]) == ("running", True)


def test_what_is_not_there_or_no_state_is_refused(api: TestClient) -> None:
    assert api.get("/v1/jobs/nobody").status_code == 404
    assert api.delete("/v1/jobs/nobody").status_code == 404
    assert api.get("/v1/jobs?state=lost").status_code == 422


def test_readers_have_nothing_to_do_with_jobs() -> None:
    table = Access.from_toml(ACCESS.read_text())
    for method, path in (("GET", ""), ("GET", "/{job_id}"), ("DELETE", "/{job_id}")):
        row = table.route(method, f"/api/v1/jobs{path}")
        assert row.roles == {Role.ENGINEER, Role.ADMIN}
        assert not row.open


def test_the_queue_is_counted_in_the_metrics_and_said_where_there_is_any(
    site: Site, api: TestClient
) -> None:
    assert "jobs" not in api.get("/v1/readyz").json()
    enqueue(site, "train", {}, by=BY)
    enqueue(site, "train", {}, by=BY)
    site.jobs.claim("w", now=NOON)
    assert api.get("/v1/readyz").json()["jobs"] == "1 queued, 1 running"
    text = api.get("/v1/metrics").text
    assert 'radlens_jobs{state="queued"} 1.0' in text
    assert 'radlens_jobs{state="running"} 1.0' in text
