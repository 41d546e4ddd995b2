"""``radlens jobs`` and ``radlens work``: long work, and the worker that does it.

Nothing heavy is imported at the top, so that ``radlens --help`` answers at once.
"""

import os
from contextlib import suppress

import click

from radlens.cli.say import me, spoken, this_site

NICE = 10  # reading comes first

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def jobs() -> None:
    """Long work of this site: list, show, cancel, watch."""


@jobs.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, help="How many at most.")
@json_option
@spoken
def list_(limit: int, *, as_json: bool) -> None:
    """List the jobs, the newest first."""
    from radlens.cli.job_words import show_jobs

    with this_site() as site:
        show_jobs(site, limit=limit, as_json=as_json)


@jobs.command()
@click.argument("job")
@json_option
@spoken
def show(job: str, *, as_json: bool) -> None:
    """Show a JOB (its id, or the beginning of it): how far it is, what came out, or why not."""
    from radlens.cli.job_words import show_job

    with this_site() as site:
        show_job(site, job, as_json=as_json)


@jobs.command()
@click.argument("job")
@spoken
def cancel(job: str) -> None:
    """Cancel a JOB; what it left is cleared away."""
    from radlens.cli.job_words import cancel_job

    with this_site() as site:
        cancel_job(site, job, by=me())


@jobs.command()
@click.argument("job")
@spoken
def watch(job: str) -> None:
    """Watch a JOB until it ends; leave with 1 unless it is done. Ctrl-C leaves it running."""
    from radlens.cli.job_words import watch_job

    with this_site() as site:
        done = watch_job(site, job)
    if not done:
        raise click.exceptions.Exit(1)


@click.command()
@click.option("--once", is_flag=True, help="Do what is queued, and end.")
@click.option("--parent", type=int, hidden=True, help="The process with which to end.")
@spoken
def work(parent: int | None, *, once: bool) -> None:
    """Do the long work of this site, one job after the other, until Ctrl-C.

    `radlens serve` keeps a worker of its own. Stopped, it puts its job back into the queue; killed,
    its job is taken up again by the next worker.
    """
    with suppress(OSError):  # a service may be forbidden to; it works all the same
        os.nice(NICE)  # before anything heavy is imported
    from radlens.cli.worker import run_worker

    run_worker(once=once, parent=parent)
