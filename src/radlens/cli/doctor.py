"""``radlens doctor``: what is installed, what is missing, what to do."""

import platform
from importlib.metadata import version
from pathlib import Path
from shutil import disk_usage
from sqlite3 import sqlite_version

import click

from radlens import installed
from radlens.bootstrap import open_site, settings
from radlens.cli.streamlit_secrets import say_instead
from radlens.domain.errors import RadLensError
from radlens.domain.legacy import notice
from radlens.settings import Settings
from radlens.storage.places import shown
from radlens.usecases.models import live_models
from radlens.usecases.verify import verify_records


def examine() -> bool:
    """Print the state of this installation and its site; true where nothing needs a hand."""
    click.echo(f"RadLens {version('radlens')}, Python {platform.python_version()}")
    known = settings()
    packages = [_extra(name) for name in ("", *installed.EXTRAS, "dev")]
    return all([packages[0], _site(known)])


def _extra(extra: str) -> bool:
    """One line for the packages of an extra ('' is what serving needs)."""
    found = installed.packages(extra)
    name = f"extra {extra}" if extra else "serving"
    if found.missing:
        click.echo(f"  missing  {name}: {', '.join(found.missing)}. To add: {found.add}")
    else:
        click.echo(f"  ok       {name}: {len(found.packages)} packages")
    return not found.missing


def _site(known: Settings) -> bool:
    click.echo(
        f"  site     {known.home} ({_free(known.home):.0f} GB free), {known.workers} workers"
    )
    click.echo(f"  database {shown(known.database_url)} (SQLite here: {sqlite_version})")
    click.echo(f"  objects  {shown(known.objects_url)}")
    _advise(known)
    say_instead(known)
    try:
        with open_site(known) as site:
            log = verify_records(site)
            said = f"audit log: {log.entries} entries verify, signed up to entry {log.sealed}"
            click.echo(f"  ok       SQLite {sqlite_version}, {said}")
            answers = live_models(site)
            if waiting := notice(site.legacy.left()):
                click.echo(f"  advice   {waiting}")
    except RadLensError as error:
        click.echo(f"  broken   {error.message} {error.hint}")
        return False
    fine = True
    for task, live in answers.items():
        if isinstance(live, RadLensError):
            click.echo(f"  no model {task}: {live.message} {live.hint}")
            fine &= live.kind == "NoLiveModel"
        else:
            click.echo(f"  ok       {task}: {live[0].version} gives its golden answer")
    return fine


def _advise(known: Settings) -> None:
    file = known.home / "radlens.toml"
    if (known.database or known.s3_secret) and file.exists() and file.stat().st_mode & 0o077:
        click.echo(f"  advice   {file.name} may hold passwords and others can read it: chmod 600")


def _free(home: Path) -> float:
    folder = next(path for path in (home, *home.parents) if path.exists())
    return disk_usage(folder).free / 2**30
