"""``radlens migrate``: a whole site from one place to another."""

from dataclasses import replace

import click

from radlens.cli.backup import progress
from radlens.cli.say import me, spoken


@click.command()
@click.option("--from", "source", help="Database to copy; the present site's otherwise.")
@click.option("--from-objects", help="Its objects: s3://BUCKET/PREFIX or file://FOLDER.")
@click.option("--to", "target", required=True, help="postgresql://... or sqlite://FILE, empty.")
@click.option("--to-objects", help="s3://BUCKET/PREFIX or file://FOLDER.")
@spoken
def migrate(
    source: str | None, from_objects: str | None, target: str, to_objects: str | None
) -> None:
    """Copy everything on record to another database, and its objects to another place.

    Without --to-objects, objects go beside an SQLite file and stay where they are otherwise. Keys
    of S3 are those of the settings. Stop the server first: what it writes meanwhile stays behind.
    Stopped half-way, the same command goes on. Every row and object is checked.
    """
    from radlens.bootstrap import open_bare, settings
    from radlens.domain.errors import DigestMismatch
    from radlens.storage.places import beside, shown
    from radlens.usecases.migrate import migrate as copy

    known = settings()
    here = replace(
        known,
        database=source or known.database,
        objects=from_objects or (source and beside(source)) or known.objects,
    )
    there = replace(here, database=target, objects=to_objects or beside(target) or here.objects_url)
    where = shown(target)
    with open_bare(here) as old, open_bare(there) as new, progress() as bar:
        done = copy(old, new, by=me(), where=where, seen=bar("Objects"))
    click.echo(f"{where}: {sum(done.rows.values())} rows and {done.objects} objects, all checked.")
    click.echo("To use it, set `database` and `objects` in radlens.toml and start again:")
    click.echo(f'  objects = "{there.objects_url}"')
    if done.missing:
        raise DigestMismatch(
            f"The copy is made, but {len(done.missing)} objects of the old site are gone or "
            f"damaged, first {done.missing[0]}.",
            hint="Bring them back from a backup.",
        )
