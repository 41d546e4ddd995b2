"""Whether anything should be sent to this site now, and how fast each part of it answers."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import perf_counter

from radlens.domain.errors import NoLiveModel, RadLensError
from radlens.ports import Site


@dataclass(frozen=True)
class Check:
    """What a part said when it was asked to do a piece of real work, and after how long."""

    error: RadLensError | None
    ms: float


def examine(site: Site) -> dict[str, Check]:
    """Each part of the site, asked now: database, objects, disk, and the model of each task."""
    checks: dict[str, Callable[[], None]] = {
        "database": site.stores.write,
        "objects": partial(_objects, site),
        "disk": site.stores.room,
    }
    checks |= {f"model of {task}": partial(_model, site, task) for task in site.tasks}
    return {reason: _check(check) for reason, check in checks.items()}


def unready(site: Site) -> dict[str, RadLensError]:
    """What is wrong, by a word or two that tell a stranger nothing more; {} where all is well.

    A task without a live model is not wrong: nobody gave it one.
    """
    found = {reason: check.error for reason, check in examine(site).items()}
    return {
        reason: error
        for reason, error in found.items()
        if error and not isinstance(error, NoLiveModel)
    }


def _check(work: Callable[[], None]) -> Check:
    began, error = perf_counter(), None
    try:
        work()
    except RadLensError as raised:
        error = raised
    return Check(error, 1000 * (perf_counter() - began))


def _objects(site: Site) -> None:
    digest = site.blobs.put(site.new_id().encode())  # its own, or two that ask would erase it
    site.blobs.get(digest)
    site.blobs.delete(digest)


def _model(site: Site, task: str) -> None:
    site.live.current(task).prove()
