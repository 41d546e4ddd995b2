"""Trials in a real server: what reads beside the answers, and the stop of a canary."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from radlens.domain.audit import Verb
from radlens.domain.canary import chosen
from radlens.domain.registry import Stage
from radlens.imaging.decode import decode
from radlens.ports import Site
from radlens.usecases.trial import Terms, canary
from tests.builders import picture, png, tiny_site
from tests.objects import on_s3
from tests.server.conftest import TASK, Running, Serve, ask, send
from tests.versions import EAGER, ME, added

Stores = dict[str, str]


@pytest.fixture(params=["SQLite and a folder", "PostgreSQL and S3"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "SQLite and a folder":
        return {}
    servers = (request.getfixturevalue(name) for name in ("postgres", "s3_server"))
    return {"database": next(servers), **on_s3(next(servers))}


def stopped(server: Running) -> str:
    """Wait until the server says that it stopped a canary."""
    for line in server.process.stderr or ():
        if "was stopped" in (said := json.loads(line)["event"]):
            return said
    raise AssertionError("the server ended before it stopped the canary")


def of_the_share(site: Site, share: float) -> Iterator[int]:
    """Seeds of the images that a canary reads."""
    return (s for s in range(200) if chosen(decode(png(picture(s)), site.bounds), share))


def test_a_server_stops_a_canary_that_changes_too_many_answers(
    home: Path, serve: Serve, stores: Stores
) -> None:
    with tiny_site(home, **stores) as site:
        added(site, home, TASK, "eager", **EAGER)
        canary(site, "eager", 0.5, by=ME, terms=Terms("a test asks", override=True))
        every = of_the_share(site, 0.5)
        seeds = [next(every) for _ in range(12)]
    server = serve(home, **stores)
    first = [send(server.port, seed) for seed in seeds]
    assert {answer.status for answer in first} == {201}
    assert first[0].body["model"]["version"] == "eager"
    assert "eager was stopped. It changed the answer for" in stopped(server)
    again = [send(server.port, seed) for seed in seeds]
    assert {answer.body["model"]["version"] for answer in again} == {"tiny-1"}
    server.end()
    with tiny_site(home, **stores) as site:
        assert site.registry.get("eager").stage is Stage.CANDIDATE
        assert [e.act.verb for e in site.trail.entries()].count(Verb.STOP_CANARY) == 1


def test_a_shadow_reads_in_a_server_what_the_live_version_answers(
    home: Path, serve: Serve, stores: Stores
) -> None:
    with tiny_site(home, **stores) as site:
        digest = added(site, home, TASK, "eager", **EAGER).digest
    server = serve(home, log_level="warning", **stores)  # its log is not read while it is asked
    path, why = f"/api/v1/versions/{digest}", json.dumps({"reason": "a test asks"}).encode()
    staged = ask(server.port, "POST", f"{path}/shadow", why, Content_Type="application/json")
    assert (staged.status, staged.body["stage"]) == (200, "shadow")
    for seed in range(5):
        assert send(server.port, seed).body["model"]["version"] == "tiny-1"
    told = {"read": 0}
    while told["read"] < 5:
        told = ask(server.port, "GET", f"{path}/agreement").body
        assert (told["stage"], told["answered"], told["failed"]) == ("shadow", 5, 0)
    assert sum(label["changed"]["hits"] for label in told["labels"]) > 0
    server.end()
