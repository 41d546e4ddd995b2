"""``radlens runs``: what was trained.

Nothing heavy is imported at the top, so that ``radlens --help`` answers at once.
"""

from pathlib import Path

import click

from radlens.cli.say import spoken, this_site

FILE = click.Path(path_type=Path)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def runs() -> None:
    """Training runs: list, show, compare, reproduce, finish."""


@runs.command("list")
@json_option
@spoken
def list_(*, as_json: bool) -> None:
    """List the runs of this site, the newest first."""
    from radlens.cli.run_records import show_runs

    with this_site() as site:
        show_runs(site, as_json=as_json)


@runs.command()
@click.argument("run")
@json_option
@spoken
def show(run: str, *, as_json: bool) -> None:
    """Show a RUN (name, id or folder): recipe, data, code, curve, figures, what came out."""
    from radlens.cli.run_records import show_run

    with this_site() as site:
        show_run(site, run, as_json=as_json)


@runs.command()
@click.argument("one")
@click.argument("other")
@json_option
@spoken
def compare(one: str, other: str, *, as_json: bool) -> None:
    """Show where two runs differ in recipe, data, code and machine, and in their figures.

    Whether one model is better than the other is what `radlens evaluate --against` says.
    """
    from radlens.cli.run_records import compare_runs

    with this_site() as site:
        compare_runs(site, one, other, as_json=as_json)


@runs.command()
@click.argument("run")
@json_option
@spoken
def reproduce(run: str, *, as_json: bool) -> None:
    """Train a RUN again by its recorded recipe and data; leave with 1 if the weights differ."""
    from radlens.cli.run_records import reproduce_run

    with this_site() as site:
        if not reproduce_run(site, run, as_json=as_json):
            raise click.exceptions.Exit(1)


@runs.command()
@click.argument("run")
@click.option("--out", type=FILE, help="Folder for the bundle; a run's own folder by default.")
@spoken
def finish(run: str, out: Path | None) -> None:
    """Calibrate, measure and export a RUN (name, id or folder) again with today's code."""
    from radlens.cli.run_records import finish_run

    with this_site() as site:
        finish_run(site, run, out=out)
