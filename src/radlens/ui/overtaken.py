"""Models that ship and came after what is live: an update brings them, nobody made them live."""

from collections.abc import Iterator
from hashlib import sha256

from radlens.bootstrap import gallery_of
from radlens.domain.registry import Stage, Version
from radlens.ports import Site
from radlens.ui import door
from radlens.ui.markup import Html, inside


def needs(site: Site) -> Iterator[tuple[str, Html]]:
    """What an administrator has to decide: a former shipped model answers, its successor waits."""
    for live, newer in _pairs(site):
        title = site.tasks[live.task].title if live.task in site.tasks else live.task
        yield (
            f"{title}: {live.version} is live, which shipped before; {newer.version} ships now, "
            "and is a candidate.",
            inside(f"/model-manager?version={newer.digest}", "Decide in the Model Manager"),
        )


def _pairs(site: Site) -> Iterator[tuple[Version, Version]]:
    """The live version of a task and the one that ships for it now, where that came later."""
    versions = {version.digest: version for version in site.registry.versions()}
    lives = {found.task: found for found in versions.values() if found.stage is Stage.LIVE}
    for manifest in sorted(gallery_of(door.settings()).glob("*/manifest.json")):
        newer = versions.get(sha256(manifest.read_bytes()).hexdigest())
        if newer is None or newer.stage is not Stage.CANDIDATE:
            continue
        live = lives.get(newer.task)
        if live and live.source == newer.source and live.time < newer.time:
            yield live, newer
