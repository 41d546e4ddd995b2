"""Two versions side by side: what each was measured at, and what a pairing of them says."""

from dataclasses import dataclass

from radlens.domain.errors import BadInput
from radlens.domain.ledger import Item
from radlens.domain.registry import Version
from radlens.ports import Site
from radlens.usecases.gate import comparison


@dataclass(frozen=True)
class Compared:
    """Two versions of a task, and the newest record of both on the same cases, if any."""

    first: Version
    second: Version
    paired: Item | None


def compare(site: Site, one: str, other: str) -> Compared:
    """Two versions of one task; raises NoSuchVersion, BadInput where their tasks differ."""
    first, second = site.registry.get(one), site.registry.get(other)
    if first.task != second.task:
        raise BadInput(
            f"{first.version} reads for {first.task} and {second.version} for {second.task}.",
            hint="Figures of different tasks say nothing about each other.",
        )
    found = [comparison(site, first, second), comparison(site, second, first)]
    return Compared(
        first, second, max((item for item in found if item), key=lambda i: i.time, default=None)
    )
