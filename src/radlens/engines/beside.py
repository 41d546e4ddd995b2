"""Work beside the answers: one thread, a bounded queue, and nobody who waits for it."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import RLock

log = logging.getLogger("radlens")


class Background:
    """Jobs one after the other in one thread, as far as there is room; it has to be started.

    What fails is logged and ends with its own job.
    """

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._lock = RLock()  # a job that is done at once says so within ``offer``
        self._waiting = self._dropped = 0
        self._thread: ThreadPoolExecutor | None = None

    def start(self) -> None:
        with self._lock:
            self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="beside")

    def offer(self, job: Callable[[], None]) -> bool:
        with self._lock:
            if self._thread is None:
                return False
            if self._waiting >= self._most:
                self._dropped += 1
                return False
            self._waiting += 1
            self._thread.submit(job).add_done_callback(self._done)
            return True

    @property
    def dropped(self) -> int:
        return self._dropped

    def close(self) -> None:
        """Finish the job at hand, leave the others, and take no more."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread:
            thread.shutdown(wait=True, cancel_futures=True)

    def _done(self, job: Future[None]) -> None:
        with self._lock:
            self._waiting -= 1
        if not job.cancelled() and (error := job.exception()):
            log.error("Reading beside the answers failed", exc_info=error)
