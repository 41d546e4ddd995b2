"""Whether anything should be sent to this site now."""

from collections.abc import Callable
from functools import partial

from radlens.domain.errors import NoLiveModel, RadLensError
from radlens.ports import Site


def unready(site: Site) -> dict[str, RadLensError]:
    """What is wrong, by a word or two that tell a stranger nothing more; {} where all is well.

    A task without a live model is not wrong: nobody gave it one.
    """
    checks: dict[str, Callable[[], None]] = {
        "database": site.stores.write,
        "objects": partial(_objects, site),
        "disk": site.stores.room,
    }
    checks |= {f"model of {task}": partial(_model, site, task) for task in site.tasks}
    found = {reason: _error(check) for reason, check in checks.items()}
    return {reason: error for reason, error in found.items() if error}


def _error(check: Callable[[], None]) -> RadLensError | None:
    try:
        check()
    except NoLiveModel:
        return None
    except RadLensError as error:
        return error
    return None


def _objects(site: Site) -> None:
    digest = site.blobs.put(site.new_id().encode())  # its own, or two that ask would erase it
    site.blobs.get(digest)
    site.blobs.delete(digest)


def _model(site: Site, task: str) -> None:
    site.live.current(task).prove()
