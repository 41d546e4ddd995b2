"""``radlens backup`` and ``radlens restore``: a whole site in one file, and back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from radlens.cli.say import me, spoken

if TYPE_CHECKING:
    from radlens.usecases.backup import Seen

FILE = click.Path(path_type=Path)


@click.command()
@click.argument("target", type=FILE)
@click.option("--with-keys", is_flag=True, help="Include the keys of audit log and pseudonyms.")
@spoken
def backup(target: Path, *, with_keys: bool) -> None:
    """Write the whole site to TARGET, a file or a folder, while it goes on working.

    Everything on record as of one moment with its objects, the task cards and the settings that
    are no secret. The file holds images and password hashes: keep it as safe as the site.
    """
    from radlens.bootstrap import open_site, settings
    from radlens.domain.errors import DigestMismatch
    from radlens.site_files import collected
    from radlens.usecases.backup import backup as back_up

    known = settings()
    with open_site(known) as site, progress() as bar:
        if target.is_dir():
            target = target / f"radlens-{site.clock():%Y%m%d-%H%M%S}.zip"
        signer = site.seal.held() if site.seal else None
        files = collected(known, signer=signer, keys=with_keys)
        contents, digest = back_up(site, target, files=files, by=me(), seen=bar("Writing"))
    rows = sum(part.rows or 0 for part in contents.parts.values())
    click.echo(f"{target}: {rows} rows, {len(contents.objects)} objects, contents {digest}")
    if not with_keys:
        click.echo("Without the keys of audit log and pseudonyms: --with-keys includes them.")
    if contents.missing:
        raise DigestMismatch(
            f"The backup is made, but {len(contents.missing)} objects of the site are gone or "
            f"damaged, first {contents.missing[0]}.",
            hint="Bring them back from an older backup.",
        )


@click.command()
@click.argument("source", metavar="FILE", type=FILE)
@click.option("--check", is_flag=True, help="Check the backup whole, and restore nothing.")
@spoken
def restore(source: Path, *, check: bool) -> None:
    """Bring a site back from a backup FILE, into a RADLENS_HOME where nothing is yet.

    All of it is checked before anything is written: each part by its digest, the audit log, and
    every record.
    """
    from radlens.bootstrap import open_bare, open_trial, settings
    from radlens.site_files import CHECKPOINTS, placed
    from radlens.usecases.restore import opened, rehearse
    from radlens.usecases.restore import restore as bring_back

    known = settings()
    with progress() as bar, opened(source, seen=bar("Checking")) as kept:
        files = kept.files()
        with open_trial(known, checkpoints=files.get(CHECKPOINTS, b"")) as trial:
            act = kept.act(trial.clock(), me())
            found = rehearse(kept, trial, act)
        if not check:
            with open_bare(known) as site:
                bring_back(kept, site, act, seen=bar("Writing"))
            left = placed(files, known)
    click.echo(f"{source} is whole: {found.entries} audit entries verify, contents {kept.digest}")
    for key in found.keys:
        click.echo(f"Its checkpoints are signed by {key}: compare it with the key that you know.")
    if not check:
        click.echo(f"Restored into {known.home}.")
        for name in left:
            click.echo(f"{name} was there already and was left as it is.")


@contextmanager
def progress() -> "Iterator[Callable[[str], Seen]]":
    """A bar for each thing that is done, on standard error."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bars:

        def bar(name: str) -> "Seen":
            task = bars.add_task(name, total=None)
            return lambda done, total: bars.update(task, completed=done, total=total)

        yield bar
