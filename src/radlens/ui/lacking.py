"""What has to be there yet for long work to be done, where it is done beside this server."""

from collections.abc import Iterator

from radlens.installed import packages
from radlens.ui import door
from radlens.ui.markup import Html, code, safe


def lacking(what: str, *extras: str) -> Iterator[Html]:
    """A sentence for each extra that is not installed here, and for a worker that does not run."""
    for extra in extras:
        if packages(extra).missing:
            yield safe(f"{what} needs an extra that is not here: ") + code(packages(extra).add)
    if not door.settings().job_workers:
        yield safe("No worker runs beside this server. In a shell, this is one: ") + code(
            "radlens work"
        )
