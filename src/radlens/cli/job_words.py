"""Jobs in words: lists, one job, and a bar to watch."""

import json
from collections.abc import Iterator
from time import sleep

import click

from radlens.domain.audit import Actor
from radlens.domain.job import Job, JobState
from radlens.ports import Site
from radlens.usecases.jobs import cancel
from radlens.wire_jobs import job_json

LOOK_S = 0.5


def show_jobs(site: Site, *, limit: int, as_json: bool) -> None:
    """Print the newest jobs."""
    found = site.jobs.jobs(limit=limit)
    if as_json:
        click.echo(json.dumps([job_json(job) for job in found], indent=1))
    elif not found:
        click.echo("No job was ever queued. `radlens train --queue RECIPE` queues one.")
    else:
        for job in found:
            click.echo(_line(job))


def show_job(site: Site, job_id: str, *, as_json: bool) -> None:
    """Print one job."""
    job = site.jobs.get(job_id)
    if as_json:
        click.echo(json.dumps(job_json(job), indent=1))
    else:
        click.echo("\n".join([_line(job), *_more(job)]))


def cancel_job(site: Site, job_id: str, *, by: Actor) -> None:
    """Cancel a job and say whether it is over."""
    job = cancel(site, job_id, by=by)
    over = "is cancelled" if not job.open else "will be cancelled as soon as its worker hears of it"
    click.echo(f"The job {job.id[:12]} {over}.")


def watch_job(site: Site, job_id: str) -> bool:
    """Show how a job goes on until it ends; whether it is done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    left = TextColumn("{task.fields[left]}")
    with Progress(*columns, left, console=console, disable=not console.is_terminal) as bars:
        bar = bars.add_task("", total=None, left="")
        for job in _looks(site, job_id):
            at = job.progress
            words = at.words if job.state is JobState.RUNNING and at.words else job.said
            bars.update(
                bar,
                description=f"{job.kind}: {words}",
                completed=at.done,
                total=at.total or None,
                left=at.left,
            )
    click.echo("\n".join([_line(job), *_more(job)]))
    return job.state is JobState.DONE


def _looks(site: Site, job_id: str) -> Iterator[Job]:
    while (job := site.jobs.get(job_id)).open:
        yield job
        sleep(LOOK_S)
    yield job


def _line(job: Job) -> str:
    time, at = job.time.isoformat(sep=" ", timespec="seconds"), job.progress
    far = f"  {at.words} {at.done}/{at.total} {at.left}".rstrip()
    shown = far if job.state is JobState.RUNNING and at.total else ""
    return f"{time}  {job.id[:12]}  {job.kind}  {job.said}{shown}"


def _more(job: Job) -> Iterator[str]:
    if job.failure:
        yield f"{job.failure.message}\n  Hint: {job.failure.hint}"
    if job.result is not None:
        yield json.dumps(dict(job.result), indent=1)
