"""The line of those who wait for a model: so long, and nobody beyond."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from radlens.domain.errors import Busy, TooManyAtOnce


class BoundedLine:
    """At most ``running`` predictions under way and ``waiting`` behind them, ``each`` of one."""

    def __init__(self, *, running: int, waiting: int, each: int) -> None:
        self._running, self._most, self._each = running, running + waiting, each
        self._lock = Lock()
        self._inside = Counter[str]()
        self._closed = False

    @contextmanager
    def place(self, of: str) -> Iterator[None]:
        self._enter(of)
        try:
            yield
        finally:
            with self._lock:
                self._inside[of] -= 1
                self._inside += Counter()  # whoever has none left is forgotten

    def close(self) -> None:
        self._closed = True

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def inside(self) -> int:
        return self._inside.total()

    @property
    def waiting(self) -> int:
        return max(0, self.inside - self._running)

    def _enter(self, of: str) -> None:
        with self._lock:
            if self._closed:
                raise Busy("The server is being stopped and takes nothing new.")
            if self.inside >= self._most:
                raise Busy(f"{self._most} predictions are under way or wait already.")
            if self._inside[of] >= self._each:
                raise TooManyAtOnce(
                    f"{self._each} predictions of this account are under way or wait already."
                )
            self._inside[of] += 1
