"""Third parties' warnings, kept away from ours."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


class _Hush:
    """Ignores warnings while anyone is inside: the first one in saves, the last one out restores.

    ``warnings.catch_warnings`` alone swaps process-wide state, so that two threads which overlap
    can leave each other's filters behind for good.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._saved = warnings.catch_warnings()

    def enter(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._saved = warnings.catch_warnings()
                self._saved.__enter__()
                warnings.simplefilter("ignore")
            self._inside += 1

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._saved.__exit__(None, None, None)


_hush = _Hush()


@contextmanager
def quiet() -> Iterator[None]:
    """Run a third party's code without its warnings, safely from many threads.

    What they warn of is either answered by one of our errors or does not matter, and pydicom's
    warnings quote element values, which can be a patient's.
    """
    _hush.enter()
    try:
        yield
    finally:
        _hush.leave()
