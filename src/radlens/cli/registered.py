"""``radlens models``: what is known of the versions, and what became of them.

Nothing heavy is imported at the top, so that ``radlens --help`` answers at once.
"""

from datetime import datetime
from pathlib import Path

import click

from radlens.cli.audit import TIME, zoned
from radlens.cli.models import FILE, json_option
from radlens.cli.say import me, spoken, this_site


@click.command()
@click.argument("version")
@json_option
@spoken
def show(version: str, *, as_json: bool) -> None:
    """Show a VERSION: where it is from, its parts, its figures, and its way so far."""
    from radlens.cli.registered_words import show_version

    with this_site() as site:
        show_version(site, version, as_json=as_json)


@click.command()
@click.argument("one")
@click.argument("other")
@json_option
@spoken
def compare(one: str, other: str, *, as_json: bool) -> None:
    """Show the figures of two versions side by side, and their newest paired comparison."""
    from radlens.cli.registered_words import compare_versions

    with this_site() as site:
        compare_versions(site, one, other, as_json=as_json)


@click.command()
@click.argument("version", required=False)
@spoken
def verify(version: str | None) -> None:
    """Check a VERSION, or all: each part by its digest, the manifest, the golden answer now."""
    from radlens.cli.registered_words import verify_versions

    with this_site() as site:
        intact = verify_versions(site, version, by=me())
    if not intact:
        raise click.exceptions.Exit(7)


@click.command()
@click.argument("version")
@click.option("--out", type=FILE, required=True, help="Zip file; `models add` takes it.")
@spoken
def export(version: str, out: Path) -> None:
    """Write the bundle of a VERSION to a zip file."""
    from radlens.cli.registered_words import export_version

    with this_site() as site:
        export_version(site, version, out=out, by=me())


@click.command()
@click.argument("task")
@click.option("--at", type=TIME, help="The version that was live then.")
@json_option
@spoken
def history(task: str, *, at: datetime | None, as_json: bool) -> None:
    """Show what became of the versions of a TASK: when, by whom, and why."""
    from radlens.cli.registered_words import show_moves

    with this_site() as site:
        show_moves(site, task, at=zoned(at), as_json=as_json)
