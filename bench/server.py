"""The whole service under load, over HTTP, in a process of its own."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np

from bench.figures import image, raw_loop
from bench.models import TASK
from radlens.bootstrap import open_site
from radlens.settings import Settings

CLIENTS = 16


@contextmanager
def serving(home: Path, workers: int, **settings: str) -> Iterator[tuple[int, int]]:
    """A running server's port and process id, ready to answer."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    told = {"home": str(home), "workers": str(workers), **settings}
    environment = os.environ | {f"RADLENS_{name.upper()}": told[name] for name in told}
    command = [sys.executable, "-m", "radlens", "serve", "--demo", "--port", str(port)]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        deadline = perf_counter() + 120
        while not _ready(port):
            if server.poll() is not None or perf_counter() > deadline:
                raise RuntimeError("the server did not become ready")
        yield port, server.pid
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)


def _ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
            return bool(answer.status == 200)
    except (URLError, ConnectionError, TimeoutError):
        return False


def request(seed: int, side: int = 320) -> bytes:
    """The bytes of one upload, built before the clock starts."""
    envelope = (
        f'--b\r\nContent-Disposition: form-data; name="task"\r\n\r\n{TASK.name}\r\n--b\r\n'
        'Content-Disposition: form-data; name="file"; filename="a.png"\r\n'
        "Content-Type: image/png\r\n\r\n"
    )
    body = envelope.encode() + image(side, seed) + b"\r\n--b--\r\n"
    head = (
        "POST /api/v1/predictions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _client(port: int, requests: list[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for sent in requests:
        writer.write(sent)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 201"):
            raise RuntimeError(head.decode())
        length = next(h for h in head.lower().split(b"\r\n") if h.startswith(b"content-length"))
        await reader.readexactly(int(length.split(b":")[1]))
    writer.close()


def load(port: int, requests: list[bytes]) -> float:
    """Seconds for the requests, spread over the clients, each with one connection."""

    async def all_clients() -> None:
        await asyncio.gather(*(_client(port, requests[i::CLIENTS]) for i in range(CLIENTS)))

    start = perf_counter()
    asyncio.run(all_clients())
    return perf_counter() - start


def http_throughput(home: Path, workers: int) -> float:
    """Requests/s of 16 clients, answers recorded / images/s of the raw engine loop."""
    ratios = []
    with open_site(Settings(home=home, gallery="gallery", workers=workers), record=False) as site:
        engine = site.live.current(TASK.name)
        raw_loop(engine, 4, workers)
        with serving(home, workers) as (port, _):
            load(port, [request(seed) for seed in range(1000, 1032)])
            for part in range(5):
                requests = [request(2000 + part * 64 + i) for i in range(64)]
                ours = load(port, requests)
                ratios.append(raw_loop(engine, 64, workers) / ours)
    return float(np.median(ratios))


def memory_growth(home: Path, workers: int) -> float:
    """Resident memory of the serving process after 1,000 predictions / after 50."""
    with serving(home, workers) as (port, process):
        load(port, [request(seed, 256) for seed in range(50)])
        early = _resident(process)
        for part in range(10):
            load(port, [request(100 + part * 95 + i, 256) for i in range(95)])
        return _resident(process) / early


def _resident(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("VmRSS")))
