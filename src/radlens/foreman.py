"""The workers that a server keeps beside it: child processes, begun again when they end."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from radlens.settings import Settings

log = logging.getLogger("radlens.jobs")
LONGEST_S = 60.0  # between attempts to start a worker that ends again and again
LEAVE_S = 10  # for a worker to let go of its job; what it loses, it lost since its last checkpoint


@contextmanager
def workers(settings: Settings) -> Iterator[None]:
    """As many workers as the settings ask for; they put back what they are at when this ends."""
    stop = Event()
    threads = [
        Thread(target=_keep, args=(settings, stop), name="foreman", daemon=True)
        for _ in range(settings.job_workers)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _keep(settings: Settings, stop: Event) -> None:
    wait_s = 1.0
    while not stop.is_set():
        child = _start(settings)
        while child.poll() is None and not stop.wait(0.5):
            pass
        if stop.is_set():
            _end(child)
            return
        log.warning("The worker ended with %d; another one is started.", child.returncode)
        stop.wait(wait_s)
        wait_s = min(2 * wait_s, LONGEST_S)


def _start(settings: Settings) -> "subprocess.Popen[bytes]":
    own = {
        "RADLENS_HOME": str(settings.home),
        "OMP_NUM_THREADS": "1",  # one core; the others read
        "TTY_COMPATIBLE": "0",  # no bars in the server's log
    }
    return subprocess.Popen(  # noqa: S603 (this program itself)
        [sys.executable, "-m", "radlens", "work", "--parent", str(os.getpid())],
        env=os.environ | own,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


def _end(child: "subprocess.Popen[bytes]") -> None:
    child.terminate()
    try:
        child.wait(LEAVE_S)
    except subprocess.TimeoutExpired:
        log.warning("A worker did not let go of its job in time; the next one takes it up again.")
        child.kill()
        child.wait()
