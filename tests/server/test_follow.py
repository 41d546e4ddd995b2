"""A server that runs follows what is activated elsewhere, without a pause and without a mixture."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep

from radlens.bootstrap import open_site
from radlens.domain.audit import Actor, Outcome, Verb
from radlens.domain.registry import Version
from radlens.engines.bundle import read_parts
from radlens.ports import Site
from radlens.settings import Settings
from radlens.usecases.activate import roll_back
from radlens.usecases.register import register
from radlens.usecases.verify import verify_records
from tests.builders import TASKS, put_live, tiny_bundle
from tests.server.conftest import TASK, Running, Serve, ask, send

ME = Actor("tester", "cli")
WITHIN_S = 5


def until(said: Callable[[], bool]) -> None:
    deadline = monotonic() + WITHIN_S
    while not said():
        assert monotonic() < deadline
        sleep(0.1)


def added(site: Site, home: Path, name: str, seed: int) -> Version:
    folder = tiny_bundle(home / "new" / name, TASKS[TASK], seed=seed, version=name)
    return register(site, lambda: read_parts(folder), by=ME)


def answering(server: Running, seed: int = 0) -> str:
    answer = send(server.port, seed)
    assert answer.status == 201, answer
    return answer.body["model"]["version"]


def ready(server: Running) -> dict[str, str]:
    answer = ask(server.port, "GET", "/readyz")
    assert answer.status == 200, answer
    return answer.body


def test_a_swap_under_load_fails_nobody_and_each_answer_is_of_one_model(
    serve: Serve, home: Path
) -> None:
    server = serve(home)
    with open_site(Settings(home=home, gallery="gallery")) as site:
        names = ["tiny-1", *(added(site, home, f"v{n}", 30 + n).version for n in range(4))]
        assert answering(server, 120) == "tiny-1"
        with ThreadPoolExecutor(2) as clients:
            sent = [clients.submit(answering, server, seed) for seed in range(120)]
            for name in names[1:]:
                put_live(site, f"{TASK}/{name}", by=ME)
                until(lambda name=name: answering(server) == name)
            said = [answer.result() for answer in sent]
        assert set(said) <= set(names)
        assert len(site.records.history(limit=1000)) >= len(said)
        by_version = {found.version: found.digest for found in site.registry.versions(task=TASK)}
        for prediction in site.records.history(limit=1000):
            assert prediction.model.digest == by_version[prediction.model.version]
        verify_records(site)


def test_a_live_model_that_does_not_load_in_the_server_leaves_the_old_one_answering_and_is_said(
    serve: Serve, home: Path
) -> None:
    server = serve(home)
    with open_site(Settings(home=home, gallery="gallery")) as site:
        version = added(site, home, "broken", 30)
        site.live.warm(version)  # so it is proven here, and spoiled for whoever comes after
        digest = version.files["model.onnx"]
        (home / "objects" / digest[:2] / digest).write_bytes(b"spoiled")
        assert answering(server) == "tiny-1"
        put_live(site, "broken", by=ME)
        until(lambda: "behind" in ready(server))
        assert TASK in ready(server)["behind"]
        assert answering(server) == "tiny-1"
        [failed] = [e.act for e in site.trail.entries() if e.act.verb == Verb.LOAD_MODEL]
        assert (failed.subject, failed.outcome) == (version.digest, Outcome.FAILED)
        roll_back(site, TASK, by=ME)
        until(lambda: "behind" not in ready(server))
        assert answering(server) == "tiny-1"
