"""Some images of a dataset, for somebody, after the log tells who looks at them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.dataset import stored_of
from radlens.domain.errors import Corrupted, NotFound
from radlens.domain.ledger import Item
from radlens.domain.scan import Scan
from radlens.imaging.encode import restore
from radlens.ports import Site


@dataclass(frozen=True, eq=False)
class Shown:
    """An image of the wall; ``scan`` is None where it was erased or is damaged."""

    file: str
    label: str
    split: str
    synthetic: bool
    scan: Scan | None


def look_at_wall(site: Site, scan: Item, *, by: Actor) -> None:
    """Put on record that somebody looks at the images of a dataset; to be called first."""
    digests = [entry["stored"]["digest"] for entry in scan.body.get("wall", [])]
    detail = {"dataset": scan.name, "images": digests}
    site.trail.note(Act(site.clock(), by, Verb.VIEW_IMAGE, scan.parents[0], detail))


def sample_wall(site: Site, scan: Item) -> list[Shown]:
    """The images that a scan chose to be shown of its dataset."""
    return [_shown(site, entry) for entry in scan.body.get("wall", [])]


def _shown(site: Site, entry: Mapping[str, Any]) -> Shown:
    stored = stored_of(entry["stored"])
    try:
        found = restore(site.blobs.get(stored.digest), stored)
    except (NotFound, Corrupted):
        found = None
    return Shown(entry["file"], entry["label"], entry["split"], entry["synthetic"], found)
