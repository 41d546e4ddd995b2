"""An activation beside the load of its model alone, with a full registry and a model that ships."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figure import Figure
from bench.registry_live import DATABASES, ME, TASK, database, site_at
from bench.timing import medians
from radlens.bootstrap import GALLERY
from radlens.domain.bundle import MANIFEST, bundle_of
from radlens.domain.model import Manifest
from radlens.domain.registry import Version
from radlens.engines.bundle import read_parts
from radlens.engines.runtime import OnnxEngine
from radlens.ports import Site
from radlens.usecases.register import register
from tests.builders import furnish, put_live

VERSIONS, REPEATS = 20, 40


def activation_ratio(
    home: Path, url: str, *, bundle: Path, versions: int = VERSIONS, repeats: int = REPEATS
) -> float:
    """Median seconds of an activation / of loading the same version, in turns, one thread.

    A load reads the parts from the objects, checks their digests, makes the session and asks for
    the golden answer. Neither finds its model in memory: each version's turn comes again when it
    is long pushed out. Both find the optimised graph in the cache, where registering it put it,
    and the files in the memory of the operating system. The process serves the task, so an
    activation ends with the switch.
    """
    furnish(home)
    with site_at(home, url) as site:
        registered = [_added(site, bundle, f"v{number}") for number in range(versions)]
        site.live.current(TASK)
        activated, loaded = cycle(registered), cycle(registered)
        whole, load = medians(
            lambda: put_live(site, next(activated).digest, by=ME),
            lambda: _load(site, next(loaded), home / "cache"),
            repeats=repeats,
        )
    return whole / load


def _added(site: Site, bundle: Path, name: str) -> Version:
    """The bundle as a version of its own."""
    parts = read_parts(bundle)
    manifest = replace(Manifest.from_json(parts[MANIFEST]), version=name)
    return register(site, lambda: {**parts, MANIFEST: manifest.to_json()}, by=ME)


def _load(site: Site, version: Version, cache: Path) -> None:
    parts = {name: site.blobs.get(digest) for name, digest in version.files.items()}
    bundle = bundle_of(parts, site.tasks[version.task], digests=version.files)
    OnnxEngine(bundle, workers=1, cache=cache).prove()


def figures() -> Iterator[Figure]:
    for kind in DATABASES:
        yield Figure(f"activation-{kind}/load", "<=1.2", lambda kind=kind: _measured(kind))


def _measured(kind: str) -> float:
    with TemporaryDirectory() as home, database(kind) as url:
        return activation_ratio(Path(home), url, bundle=GALLERY / TASK)
