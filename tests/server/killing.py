"""Kill a server again and again while clients insist on their answers; then count."""

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from random import Random
from threading import Condition, Event
from time import perf_counter

from radlens.bootstrap import open_site
from radlens.settings import Settings
from radlens.usecases.verify import verify_records
from tests.server.conftest import Running, ask, send


@dataclass(frozen=True)
class Toll:
    """What the kills cost. ``told_twice`` are keys that were answered with two predictions."""

    predictions: int
    kills: int
    lost: int
    duplicates: int
    told_twice: int
    entries: int
    slowest_return_s: float


class _Clients:
    """Clients that send each image under its own key until they have an answer for it."""

    def __init__(self, port: int, total: int) -> None:
        self._port, self._total = port, total
        self._serving = Event()
        self._changed = Condition()
        self.acknowledged: dict[int, set[str]] = {number: set() for number in range(total)}

    def up(self) -> None:
        self._serving.set()

    def down(self) -> None:
        self._serving.clear()

    def reached(self, count: int) -> None:
        """Wait until so many are answered."""
        with self._changed:
            self._changed.wait_for(lambda: sum(map(bool, self.acknowledged.values())) >= count, 600)

    def insist(self, number: int) -> None:
        while True:
            assert self._serving.wait(120), "the server did not come back"
            try:
                answer = send(self._port, number, Idempotency_Key=f"key-{number}")
            except (OSError, HTTPException):
                self._serving.wait(0.2)  # killed: nobody knows whether this one is on record
                continue
            assert answer.status in (201, 503), answer.content
            if answer.status == 201:
                with self._changed:
                    self.acknowledged[number].add(answer.body["prediction_id"])
                    self._changed.notify_all()
                return


def storm(
    home: Path,
    serve: Callable[..., Running],
    *,
    kills: int,
    predictions: int,
    seed: int,
    **told: str,
) -> Toll:
    """Make ``predictions`` from eight clients while the server is killed ``kills`` times."""
    rng, returns = Random(seed), list[float]()  # noqa: S311
    server = serve(home, log_level="error", **told)
    clients = _Clients(server.port, predictions)
    clients.up()
    with ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(clients.insist, number) for number in range(predictions)]
        for count in sorted(rng.sample(range(1, predictions - 8), kills)):
            clients.reached(count)
            Event().wait(rng.uniform(0, 0.05))  # anywhere between two steps of a request
            clients.down()
            server.process.send_signal(signal.SIGKILL)
            server.process.communicate()
            began = perf_counter()
            server = serve(home, port=server.port, log_level="error", **told)
            assert ask(server.port, "GET", "/readyz").status == 200
            returns.append(perf_counter() - began)
            clients.up()
        for done in sent:
            done.result()
        list(pool.map(clients.insist, range(predictions)))  # every key once more
    server.end()
    return _toll(Settings(home=home, gallery="gallery", **told), clients.acknowledged, returns)


def _toll(settings: Settings, acknowledged: dict[int, set[str]], returns: list[float]) -> Toll:
    with open_site(settings) as site:
        entries = verify_records(site).entries
        kept = [found.id for found in site.records.history(limit=10 * len(acknowledged))]
    told = set().union(*acknowledged.values())
    return Toll(
        predictions=len(acknowledged),
        kills=len(returns),
        lost=len(told - set(kept)),
        duplicates=len(kept) - len(acknowledged),
        told_twice=sum(len(ids) > 1 for ids in acknowledged.values()),
        entries=entries,
        slowest_return_s=max(returns),
    )
