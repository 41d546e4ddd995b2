"""``radlens work``: the process that does the long work."""

import os
import signal
import socket
from threading import Event
from uuid import uuid4

from radlens import logs
from radlens.bootstrap import open_site, settings
from radlens.cli.kinds import KINDS
from radlens.usecases.work import Worker, work


def run_worker(*, once: bool, parent: int | None) -> None:
    """Work until SIGTERM, Ctrl-C or the end of ``parent``; raises what opening the site does."""
    known = settings()
    logs.set_up(form=known.log_format, level=known.log_level)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

    def stopping(wait_s: float) -> bool:
        return stop.wait(wait_s) or parent not in (None, os.getppid())

    with open_site(known) as site:
        name = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
        work(site, Worker(name, KINDS, known.home / "jobs", stopping), once=once)
