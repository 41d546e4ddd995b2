"""Uploads of one session -> predictions, each read exactly once, however often the page runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from time import perf_counter
from uuid import uuid4

import streamlit as st

from radlens.domain.errors import RadLensError, Unavailable
from radlens.metrics import ERRORS, answered
from radlens.ports import Site
from radlens.ui import door
from radlens.ui.looked import told
from radlens.usecases.predict import predict


@dataclass(frozen=True)
class Upload:
    """One file that the reader sent; ``token`` tells it from others without reading it."""

    name: str
    token: str
    content: Callable[[], bytes]


@dataclass(frozen=True)
class Answer:
    """What became of one content: a prediction's id, or why there is none.

    ``files`` are the names under which it was sent; they live as long as the session only,
    since a file name may hold a patient's name.
    """

    files: tuple[str, ...]
    task: str
    outcome: str | RadLensError

    @property
    def name(self) -> str:
        first, *others = self.files
        return f"{first} (also {', '.join(others)})" if others else first


Key = tuple[str, str]


def answers() -> dict[Key, Answer]:
    """What this session has sent so far, by task and SHA-256 of the content, oldest first."""
    found: dict[Key, Answer] = st.session_state.setdefault("answers", {})
    return found


def forget() -> None:
    """Empty the session's list and its uploads; what is on record stays there."""
    st.session_state["answers"] = {}
    st.session_state["generation"] = generation() + 1


def generation() -> int:
    """How often the list was emptied: the uploads of an older list are not read again."""
    count: int = st.session_state.setdefault("generation", 0)
    return count


def take(site: Site, task: str, uploads: Sequence[Upload]) -> bool:
    """Read what this session has not read for the task yet; true where there was something."""
    fresh = [upload for upload in uploads if not _settled(task, upload)]
    if not fresh:
        return False
    progress = st.progress(0.0, text="Reading")
    for done, upload in enumerate(fresh):
        progress.progress(done / len(fresh), text=f"Reading {done + 1} of {len(fresh)}")
        _take(site, task, upload)
    progress.empty()
    return True


def _take(site: Site, task: str, upload: Upload) -> None:
    content = upload.content()
    digest = sha256(content).hexdigest()
    _digests()[upload.token] = digest
    known = answers().get((task, digest))
    if known and not isinstance(known.outcome, Unavailable):
        answers()[task, digest] = replace(
            known, files=tuple(dict.fromkeys((*known.files, upload.name)))
        )
        return
    answers().pop((task, digest), None)  # the newest stands last
    answers()[task, digest] = Answer((upload.name,), task, _read(site, task, content, digest))


def _read(site: Site, task: str, content: bytes, digest: str) -> str | RadLensError:
    # The key makes one record even where two runs of the page meet on one upload.
    key = f"{_session()}:{task}:{digest}"
    began = perf_counter()
    by = door.caller().actor
    try:
        with site.line.place(by.name):
            prediction = predict(site, content, task=task, by=by, key=key)
    except RadLensError as error:
        ERRORS.labels(error.kind).inc()
        return error
    answered(task, perf_counter() - began)
    told(prediction.id)
    return prediction.id


def _settled(task: str, upload: Upload) -> bool:
    """Answered for good: what was merely unavailable is tried again on the next run."""
    known = answers().get((task, _digests().get(upload.token, "")))
    return known is not None and not isinstance(known.outcome, Unavailable)


def _digests() -> dict[str, str]:
    found: dict[str, str] = st.session_state.setdefault("digests", {})
    return found


def _session() -> str:
    name: str = st.session_state.setdefault("session", uuid4().hex)
    return name
