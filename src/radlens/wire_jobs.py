"""Jobs as JSON, the same over REST and from the command line."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from typing_extensions import TypedDict  # pydantic cannot read typing.TypedDict before 3.12

from radlens.domain.job import Job


class ProgressJson(TypedDict):
    """``done`` of ``total`` parts of what ``words`` name; ``left_s`` null where nobody can say."""

    done: int
    total: int
    words: str
    left_s: float | None


class FailureOfJobJson(TypedDict):
    """What went wrong, and what to do about it."""

    kind: str
    message: str
    hint: str


class JobJson(TypedDict):
    """One job; ``stopping`` where somebody cancelled it and its worker has yet to let go of it."""

    id: str
    kind: str
    state: str
    stopping: bool
    arguments: dict[str, Any]
    actor: str
    time: str
    began: str | None
    ended: str | None
    attempts: int
    progress: ProgressJson
    result: dict[str, Any] | None
    failure: FailureOfJobJson | None


def job_json(job: Job) -> JobJson:
    at, failure = job.progress, job.failure
    return JobJson(
        id=job.id,
        kind=job.kind,
        state=job.state.value,
        stopping=job.open and job.stop,
        arguments=dict(job.arguments),
        actor=job.by.name,
        time=job.time.isoformat(),
        began=_time(job.began),
        ended=_time(job.ended),
        attempts=job.attempts,
        progress=ProgressJson(done=at.done, total=at.total, words=at.words, left_s=at.left_s),
        result=_plain(job.result),
        failure=None
        if failure is None
        else FailureOfJobJson(kind=failure.kind, message=failure.message, hint=failure.hint),
    )


def _time(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _plain(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if values is None else dict(values)
