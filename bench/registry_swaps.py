"""Swaps while clients read: nobody fails, nobody waits long, every answer is of one model."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from threading import Condition
from time import perf_counter, sleep

from bench.figure import Figure, once
from bench.registry_answers import mixed, mixed_reports
from radlens.bootstrap import open_site
from radlens.domain.audit import Actor, Verb, Wanted
from radlens.domain.registry import Version
from radlens.ports import Site
from radlens.settings import Settings
from tests.builders import furnish, picture, png, put_live
from tests.server.conftest import FORM, TASK, Answer, Serve, ask, envelope, servers
from tests.versions import added

ME, CLIENTS, WARM_UP, WITHIN_S = Actor("bench", "cli"), 4, 200, 600


@dataclass(frozen=True)
class Size:
    """How much is done in a phase under swaps, and in the quiet one that follows it."""

    phases: int = 10
    predictions: int = 1000
    quiet: int = 500
    swaps: int = 20
    broken: int = 2
    versions: int = 12
    reports: int = 100


@dataclass(frozen=True)
class Toll:
    """What the swaps cost. ``held`` are the broken ones that left the old model answering.

    ``slower`` is the median p99 of a phase under swaps / of a quiet phase.
    """

    predictions: int
    swaps: int
    held: int
    failed: int
    mixed: int
    slower: float


@dataclass(frozen=True)
class Sent:
    """An image by its seed, what was answered and how long that took."""

    seed: int
    answer: Answer
    began: float
    seconds: float


class Clients:
    """Clients that send one image after another, each its own, until they are told to stop."""

    def __init__(self, port: int) -> None:
        self._port, self._seeds = port, count()
        self._changed = Condition()
        self._over = False
        self.sent: list[Sent] = []

    def phase(self, predictions: int, beside: Callable[[], None] = lambda: None) -> list[Sent]:
        """What was sent until so many were answered and what is done ``beside`` is done."""
        start, self._over = len(self.sent), False
        with ThreadPoolExecutor(CLIENTS) as pool:
            running = [pool.submit(self._insist) for _ in range(CLIENTS)]
            try:
                beside()
                self.until(lambda: len(self.sent) >= start + predictions)
            finally:
                self._over = True
            for client in running:
                client.result()
        return self.sent[start:]

    def until(self, said: Callable[[], bool]) -> None:
        """Wait until that is so; it is asked after each answer."""
        with self._changed:
            if not self._changed.wait_for(said, WITHIN_S):
                raise TimeoutError("the answers did not come to what was waited for")

    def until_answered_by(self, version: str) -> None:
        """Wait until a request that began after this was answered by a version."""
        now, place = perf_counter(), len(self.sent)

        def said() -> bool:
            return any(
                sent.began > now and sent.answer.body["model"]["version"] == version
                for sent in self.sent[place:]
                if sent.answer.status == 201
            )

        self.until(said)

    def _insist(self) -> None:
        while not self._over:
            with self._changed:
                seed = next(self._seeds)
            body, began = envelope(upload(seed)), perf_counter()
            answer = ask(self._port, "POST", "/api/v1/predictions", body, **FORM)
            sent = Sent(seed, answer, began, perf_counter() - began)
            with self._changed:
                self.sent.append(sent)
                self._changed.notify_all()


def upload(seed: int) -> bytes:
    return png(picture(seed))


class Swapper:
    """Who puts versions live: in the server, in another process, and broken ones in both ways."""

    def __init__(self, site: Site, home: Path, port: int, clients: Clients, size: Size) -> None:
        self._site, self._home, self._port, self._clients = site, home, port, clients
        self._good = [added(site, home, TASK, f"v{n}", seed=20 + n) for n in range(size.versions)]
        self._bad = [
            added(site, home, TASK, f"broken{n}", seed=20 + size.versions + n)
            for n in range(size.phases * size.broken)
        ]
        self.answers = "tiny-1"  # what is to answer now
        self.swaps = self.held = 0

    def swap(self, size: Size, elsewhere: subprocess.Popen[str], rng: Random) -> None:
        """The swaps of one phase, each while the phase goes on."""
        kinds = ["broken"] * size.broken + ["good"] * (size.swaps - size.broken)
        rng.shuffle(kinds)
        start = len(self._clients.sent)
        for number, kind in enumerate(kinds):
            due = start + size.predictions * number // size.swaps
            self._clients.until(lambda due=due: len(self._clients.sent) >= due)
            if kind == "broken":
                self._break()
            else:
                self._change(elsewhere, rng)
            self.swaps += 1
            self._clients.until_answered_by(self.answers)

    def _change(self, elsewhere: subprocess.Popen[str], rng: Random) -> None:
        version = rng.choice([found for found in self._good if found.version != self.answers])
        if self.swaps % 2:
            elsewhere.stdin.write(f"swap 1 {version.version}\n")
            elsewhere.stdin.flush()
            assert elsewhere.stdout.readline() == "swapped\n"
        else:
            assert self._activated(version).status == 200
        self.answers = version.version

    def _break(self) -> None:
        """A version whose network is spoiled goes live: refused here, or put live elsewhere."""
        version = self._bad.pop()
        if len(self._bad) % 2:
            self._spoil(version)
            answer = self._activated(version)
            self.held += (answer.status, answer.body["error"]["kind"]) == (503, "BrokenModel")
            return
        self._site.live.warm(version)  # so it loads where it is put live, and nowhere else
        self._spoil(version)
        put_live(self._site, version.digest, by=ME)
        wanted, start = Wanted(verb=Verb.LOAD_MODEL, subject=version.digest), perf_counter()
        while not self._site.trail.search(wanted, limit=1):
            if perf_counter() - start > WITHIN_S:
                return
            sleep(0.05)
        self.held += 1

    def _spoil(self, version: Version) -> None:
        digest = version.files["model.onnx"]
        (self._home / "objects" / digest[:2] / digest).write_bytes(b"spoiled")

    def _activated(self, version: Version) -> Answer:
        body = json.dumps({"reason": "the bench asks", "override": True}).encode()
        path = f"/api/v1/versions/{version.digest}/activate"
        return ask(self._port, "POST", path, body, Content_Type="application/json")


def swapped(home: Path, serve: Serve, size: Size, *, seed: int = 5) -> Toll:
    """Read from four clients while versions are swapped; then judge each answer."""
    furnish(home)
    rng, quiet, loud = Random(seed), list[list[Sent]](), list[list[Sent]]()  # noqa: S311
    server = serve(home, log_level="error")  # a pipe that nobody reads must not fill
    clients = Clients(server.port)
    with open_site(Settings(home=home, gallery="gallery")) as site, another(home) as elsewhere:
        swapper = Swapper(site, home, server.port, clients, size)
        clients.phase(min(WARM_UP, size.quiet))
        for _ in range(size.phases):
            loud.append(clients.phase(size.predictions, lambda: swapper.swap(size, elsewhere, rng)))
            quiet.append(clients.phase(size.quiet))
        answered = [sent for sent in clients.sent if sent.answer.status == 201]
        folders = [home / "gallery" / TASK, *(home / "bundles").glob("v*")]
        bodies = {sent.seed: sent.answer.body for sent in answered}
        return Toll(
            predictions=sum(map(len, loud)),
            swaps=swapper.swaps,
            held=swapper.held,
            failed=len(clients.sent) - len(answered),
            mixed=mixed(site, folders, bodies, upload)
            + mixed_reports(server.port, bodies, rng.sample(sorted(bodies), size.reports)),
            slower=median(map(_p99, loud)) / median(map(_p99, quiet)),
        )


def _p99(sent: list[Sent]) -> float:
    return quantiles((one.seconds for one in sent), n=100)[-1]


@contextmanager
def another(home: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that puts versions live when it is told to, as a command line does."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.contracts.swapper", str(home), str(home)],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def figures() -> list[Figure]:
    """What 200 swaps cost the clients, 20 of them of broken models, measured once."""

    @once
    def toll() -> Toll:
        with TemporaryDirectory() as home, servers() as serve:
            return swapped(Path(home), serve, Size())

    return [
        Figure("swaps/predictions", ">=10000", lambda: toll().predictions),
        Figure("swaps/made-or-refused", ">=200", lambda: toll().swaps),
        Figure("swaps/broken-held-back", ">=20", lambda: toll().held),
        Figure("swaps/failed", "<=0", lambda: toll().failed),
        Figure("swaps/mixed", "<=0", lambda: toll().mixed),
        Figure("swaps/p99-quiet", "<=2", lambda: toll().slower),
    ]
