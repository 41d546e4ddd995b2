"""Trials in a real server: what reads beside the answers, and the stop of a canary."""

import json
from pathlib import Path

from radlens.domain.audit import Verb
from radlens.domain.canary import chosen
from radlens.domain.registry import Stage
from radlens.imaging.decode import decode
from radlens.usecases.trial import Terms, canary
from tests.builders import picture, png, tiny_site
from tests.server.conftest import TASK, Running, Serve, send
from tests.versions import EAGER, ME, added


def stopped(server: Running) -> str:
    """Wait until the server says that it stopped a canary."""
    for line in server.process.stderr or ():
        if "was stopped" in (said := json.loads(line)["event"]):
            return said
    raise AssertionError("the server ended before it stopped the canary")


def test_a_server_stops_a_canary_that_changes_too_many_answers(home: Path, serve: Serve) -> None:
    with tiny_site(home) as site:
        added(site, home, TASK, "eager", **EAGER)
        canary(site, "eager", 0.5, by=ME, terms=Terms("a test asks", override=True))
        every = (s for s in range(200) if chosen(decode(png(picture(s)), site.bounds), 0.5))
        seeds = [next(every) for _ in range(12)]
    server = serve(home)
    first = [send(server.port, seed) for seed in seeds]
    assert {answer.status for answer in first} == {201}
    assert first[0].body["model"]["version"] == "eager"
    assert "eager was stopped. It changed the answer for" in stopped(server)
    again = [send(server.port, seed) for seed in seeds]
    assert {answer.body["model"]["version"] for answer in again} == {"tiny-1"}
    server.end()
    with tiny_site(home) as site:
        assert site.registry.get("eager").stage is Stage.CANDIDATE
        assert [e.act.verb for e in site.trail.entries()].count(Verb.STOP_CANARY) == 1
