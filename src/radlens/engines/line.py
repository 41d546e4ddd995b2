"""The line of those who wait for a model: so long, and nobody beyond."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from radlens.domain.errors import Busy


class BoundedLine:
    """At most ``running`` predictions under way and ``waiting`` behind them."""

    def __init__(self, *, running: int, waiting: int) -> None:
        self._running, self._most = running, running + waiting
        self._lock = Lock()
        self._inside = 0
        self._closed = False

    @contextmanager
    def place(self) -> Iterator[None]:
        self._enter()
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1

    def close(self) -> None:
        self._closed = True

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def inside(self) -> int:
        return self._inside

    @property
    def waiting(self) -> int:
        return max(0, self._inside - self._running)

    def _enter(self) -> None:
        with self._lock:
            if self._closed:
                raise Busy("The server is being stopped and takes nothing new.")
            if self._inside >= self._most:
                raise Busy(f"{self._most} predictions are under way or wait already.")
            self._inside += 1
