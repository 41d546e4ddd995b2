"""What has to be there yet for long work to be done, where it is done beside this server."""

from collections.abc import Iterator

from radlens.installed import add, packages
from radlens.ui import door
from radlens.ui.markup import Html, told


def lacking(what: str, *extras: str) -> Iterator[Html]:
    """A sentence of the extras that are not installed here, and of a worker that does not run."""
    if missing := [extra for extra in extras if packages(extra).missing]:
        yield told(f"{what} needs what is not here: `{add(*missing)}` adds it.")
    if not door.settings().job_workers:
        yield told("No worker runs beside this server. In a shell, `radlens work` is one.")
