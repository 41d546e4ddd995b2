"""What a reader sends, as a list: each content is read once, in the background."""

import hmac
import logging
import re
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from hashlib import sha256
from secrets import token_bytes
from statistics import fmean
from threading import Lock
from time import monotonic, perf_counter
from uuid import uuid4

import streamlit as st

from radlens.domain.audit import Actor
from radlens.domain.errors import RadLensError, Unavailable
from radlens.imaging.decode import place
from radlens.metrics import ERRORS, answered
from radlens.ports import Site
from radlens.ui import door
from radlens.usecases.predict import predict

log = logging.getLogger("radlens.ui")

MOST = 200  # files of one list that wait at the same time
RECENT = 20  # files whose pace says how long those that wait may take
KEPT_S = 12 * 3600  # a working day: then a list that nobody looks at is forgotten
LISTS = 256  # of all readers together
LIST = "list"  # in the address, so that a reload and a new session find the same list


@dataclass(frozen=True)
class Upload:
    """One file that the reader sent; ``token`` tells it from others without reading it."""

    name: str
    token: str
    content: Callable[[], bytes]


@dataclass(frozen=True)
class Answer:
    """What becomes of one content: a prediction's id, or why there is none.

    ``files`` are the names under which it was sent; they live in this process's memory alone,
    since a file name may hold a patient's name. ``series`` is a pseudonym that only this list
    knows, "" where a file names none; ``number`` is the image's own in it.
    """

    files: tuple[str, ...]
    task: str
    reading: Future[str | RadLensError]
    series: str = ""
    number: int | None = None

    @property
    def name(self) -> str:
        first, *others = self.files
        return f"{first} (also {', '.join(others)})" if others else first

    @property
    def outcome(self) -> str | RadLensError | None:
        """None while it is being read or waits for that."""
        if not self.reading.done():
            return None
        if error := self.reading.exception():
            log.error("A reading failed", exc_info=error)
            return Unavailable("Something unexpected happened; the server's log has the details.")
        return self.reading.result()


def by_series(answers: Sequence[Answer]) -> list[list[Answer]]:
    """Each series where its first file was sent, by its images' numbers, else as they were sent."""
    found: dict[Answer | str, list[Answer]] = {}
    for answer in answers:
        found.setdefault(answer.series or answer, []).append(answer)
    return [sorted(one, key=lambda a: (a.number is None, a.number or 0)) for one in found.values()]


Key = tuple[str, str]  # a task and the SHA-256 of a content


class Intake:
    """One reader's list. It outlives the run of a page, its reload, and the reader's session.

    ``told`` are the predictions of whose answer the reader has seen anything. In a ``blind`` list
    that is after the reader's own opinion. A ``forgotten`` list had entries that this process does
    not know.
    """

    def __init__(self, name: str, *, forgotten: bool = False) -> None:
        self.name = name
        self.forgotten = forgotten
        self.answers: dict[Key, Answer] = {}  # oldest first
        self.told: set[str] = set()
        self.blind = False
        self.used = monotonic()
        self._digests: dict[str, str] = {}
        self._secret = token_bytes(32)  # a series is known again in this list and nowhere else
        self._took: deque[float] = deque(maxlen=RECENT)  # seconds for each of the last files
        self._lock = Lock()
        # One after another, so that nobody's heap of files keeps others from being served.
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="radlens-intake")

    def take(
        self, site: Site, task: str, uploads: Sequence[Upload], *, by: Actor, retry: bool = True
    ) -> tuple[int, int]:
        """Let what is new be read; how many began, and for how many there is no room yet.

        What was merely unavailable is new once more, unless it shall not be tried again.
        """
        began = left = 0
        with self._lock:
            room = MOST - len(self.unread())
            for upload in uploads:
                known = self.answers.get((task, self._digests.get(upload.token, "")))
                if known and not (retry and isinstance(known.outcome, Unavailable)):
                    continue
                if began < room:
                    began += self._queue(site, task, upload, by)
                else:
                    left += 1
        return began, left

    def unread(self) -> list[Future[str | RadLensError]]:
        """What is being read or waits for that."""
        return [one.reading for one in list(self.answers.values()) if not one.reading.done()]

    def left_s(self, *, more: int = 0) -> float | None:
        """Seconds for what waits and ``more`` files, at the pace of the last; None: not known."""
        took = list(self._took)
        return fmean(took) * (len(self.unread()) + more) if took else None

    def of(self, task: str) -> list[Answer]:
        """What was sent for a task, oldest first."""
        return [answer for answer in list(self.answers.values()) if answer.task == task]

    def _queue(self, site: Site, task: str, upload: Upload, by: Actor) -> bool:
        content = upload.content()
        digest = sha256(content).hexdigest()
        self._digests[upload.token] = digest
        known = self.answers.get((task, digest))
        if known and not isinstance(known.outcome, Unavailable):
            names = tuple(dict.fromkeys((*known.files, upload.name)))
            self.answers[task, digest] = replace(known, files=names)
            return True
        # The key makes one record even where the server forgot this list.
        key = f"{by.name}:{self.name}:{task}:{digest}"
        reading = self._reader.submit(self._read, site, task, upload.content, by, key)
        self.answers.pop((task, digest), None)  # the newest stands last
        said = place(content, site.bounds)
        series = hmac.digest(self._secret, said.series.encode(), "sha256").hex() if said else ""
        number = said.number if said else None
        self.answers[task, digest] = Answer((upload.name,), task, reading, series, number)
        return True

    def _read(
        self, site: Site, task: str, content: Callable[[], bytes], by: Actor, key: str
    ) -> str | RadLensError:
        began = perf_counter()
        try:
            with site.line.place(by.name):
                prediction = predict(site, content(), task=task, by=by, key=key)
        except RadLensError as error:
            ERRORS.labels(error.kind).inc()
            return error
        finally:
            self._took.append(perf_counter() - began)
        answered(task, perf_counter() - began)
        return prediction.id


def here() -> Intake:
    """The list of this page: the one that the session or the address names, or a new one."""
    addressed = st.query_params.get(LIST, "")  # which names a list that has entries
    name: str = st.session_state.get(LIST) or addressed
    if not re.fullmatch(r"[0-9a-f]{32}", name):
        name = uuid4().hex
    st.session_state[LIST] = name
    return _list_of(door.caller().actor.name, name, begun=name == addressed)


def renew() -> None:
    """Begin a new list; what is on record stays there."""
    st.session_state[LIST] = uuid4().hex


def forget_all() -> None:
    """Forget every list of this process, as its end does; what is on record stays there."""
    with _listing:
        _lists.clear()


_lists: dict[tuple[str, str], Intake] = {}
_listing = Lock()


def _list_of(account: str, name: str, *, begun: bool = False) -> Intake:
    """The list of an account, whose name in an address opens nobody else's.

    One that had ``begun`` and is not here any more is forgotten.
    """
    with _listing:
        found = _lists.pop((account, name), None) or Intake(name, forgotten=begun)
        found.used = monotonic()
        _lists[account, name] = found  # the one that was used last stands last
        for key, other in list(_lists.items())[:-1]:
            if len(_lists) > LISTS or other.used < found.used - KEPT_S:
                del _lists[key]
        return found
