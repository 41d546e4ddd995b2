"""The queue of long work, on whatever database the site has."""
# ruff: noqa: S608 (the only text put into a statement is this module's own column list)

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from radlens.domain.audit import Act, Actor
from radlens.domain.errors import Busy, DigestMismatch, JobLost, NoSuchJob
from radlens.domain.job import (
    MOST_ATTEMPTS,
    MOST_QUEUED,
    Failure,
    Job,
    JobState,
    Progress,
    lost,
)
from radlens.storage.database import Database, Transaction
from radlens.storage.rows import Row, actor_row, finite, in_utc, time_of, zoned
from radlens.storage.statements import append

JOB = (
    "id, kind, arguments, time, actor, via, origin, "
    "state, progress, attempts, stop, began, ended, worker, lease, result, failure"
)
# A lease is written in UTC and to the microsecond: its text sorts as time does.
FREE = "state = 'queued' OR (state = 'running' AND lease < ?)"


class SqlJobs:
    """The jobs of a site; every change is one transaction, of which there is one at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, job: Job, act: Act) -> None:
        row = _row(job)
        marks = ", ".join("?" * (len(row) + 1))
        with self._database.writing() as sql:
            [queued] = sql.execute("SELECT count(*) FROM jobs WHERE state = 'queued'").fetchone()
            if queued >= MOST_QUEUED:
                raise Busy(
                    f"{queued} jobs are queued already, as many as may be.",
                    hint="Wait until some are done, or cancel one: `radlens jobs list`.",
                )
            entry = append(sql, act)
            sql.execute(f"INSERT INTO jobs ({JOB}, seq) VALUES ({marks})", (*row, entry.seq))

    def get(self, job_id: str) -> Job:
        with self._database.reading() as sql:
            return _get(sql, job_id)

    def jobs(self, *states: JobState, limit: int = 1000) -> list[Job]:
        wanted = f"WHERE state IN ({', '.join('?' * len(states))})" if states else ""
        with self._database.reading() as sql:
            rows = sql.execute(
                f"SELECT {JOB} FROM jobs {wanted} ORDER BY seq DESC LIMIT ?",
                (*(state.value for state in states), limit),
            ).fetchall()
        return [_job_of(row) for row in rows]

    def claim(self, worker: str, *, now: datetime) -> Job | None:
        with self._database.reading() as sql:  # most looks find nothing, and take no lock
            if _free(sql, now) is None:
                return None
        with self._database.writing() as sql:
            while job := _free(sql, now):
                if job.attempts < MOST_ATTEMPTS or job.stop:
                    return _put(sql, job.claimed(worker, now=now))
                _put(sql, lost(job, now=now))
        return None

    def tell(self, job_id: str, worker: str, progress: Progress, *, now: datetime) -> Job:
        with self._database.writing() as sql:
            return _put(sql, _held(sql, job_id, worker).told(progress, now=now))

    def finish(self, job: Job, worker: str) -> None:
        with self._database.writing() as sql:
            held = _held(sql, job.id, worker)
            # Cancelled in the last moment: what is put back is still to be cleared away.
            _put(sql, replace(job, stop=held.stop))

    def cancel(self, job_id: str, act: Act) -> Job:
        with self._database.writing() as sql:
            job = _put(sql, _get(sql, job_id).cancelled(now=act.time))
            append(sql, act)
            return job


def _get(sql: Transaction, job_id: str) -> Job:
    rows = sql.execute(
        f"SELECT {JOB} FROM jobs WHERE substr(id, 1, ?) = ? LIMIT 2", (len(job_id), job_id)
    ).fetchall()
    if not job_id or not rows:
        raise NoSuchJob(f"There is no job {job_id!r}.")
    if len(rows) > 1:
        raise NoSuchJob(f"More than one job begins with {job_id}.")
    return _job_of(rows[0])


def _free(sql: Transaction, now: datetime) -> Job | None:
    row = sql.execute(
        f"SELECT {JOB} FROM jobs WHERE {FREE} ORDER BY seq LIMIT 1", (in_utc(now),)
    ).fetchone()
    return _job_of(row) if row else None


def _held(sql: Transaction, job_id: str, worker: str) -> Job:
    job = _get(sql, job_id)
    if job.state is not JobState.RUNNING or job.worker != worker:
        raise JobLost(f"The job {job_id[:12]} is not this worker's any more.")
    return job


def _put(sql: Transaction, job: Job) -> Job:
    sets = ", ".join(f"{column} = ?" for column in JOB.split(", ")[1:])
    [key, *values] = _row(job)
    sql.execute(f"UPDATE jobs SET {sets} WHERE id = ?", (*values, key))
    return job


def _row(job: Job) -> Row:
    """The columns JOB; raises NotAssessable where a number is NaN or infinite."""
    return (
        job.id,
        job.kind,
        finite(dict(job.arguments)),
        zoned(job.time),
        *actor_row(job.by),
        job.state.value,
        finite(asdict(job.progress)),
        job.attempts,
        int(job.stop),
        job.began and zoned(job.began),
        job.ended and zoned(job.ended),
        job.worker,
        job.lease and in_utc(job.lease),
        None if job.result is None else finite(dict(job.result)),
        job.failure and finite(asdict(job.failure)),
    )


def _job_of(row: Sequence[Any]) -> Job:
    """The job of a row; raises DigestMismatch where the row is not what was written."""
    key, kind, arguments, time, *actor, state, progress, attempts, stop = row[:11]
    began, ended, worker, lease, result, failure = row[11:]
    try:
        return Job(
            id=key,
            kind=kind,
            arguments=json.loads(arguments),
            by=Actor(*actor),
            time=time_of(time),
            state=JobState(state),
            progress=Progress(**json.loads(progress)),
            attempts=attempts,
            stop=bool(stop),
            began=time_of(began) if began else None,
            ended=time_of(ended) if ended else None,
            worker=worker,
            lease=time_of(lease) if lease else None,
            result=None if result is None else json.loads(result),
            failure=None if failure is None else Failure(**json.loads(failure)),
        )
    except (ValueError, TypeError) as error:
        raise DigestMismatch(f"The job {key} cannot be read as it was written.") from error
