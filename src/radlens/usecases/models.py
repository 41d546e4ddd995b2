"""Which model answers for each task, and whether the site is ready."""

from radlens.domain.errors import NoLiveModel, RadLensError
from radlens.domain.model import Manifest, ModelRef
from radlens.ports import Site


def live_models(site: Site) -> dict[str, tuple[ModelRef, Manifest] | RadLensError]:
    """For each task its live model, proven by its golden answer, or the reason."""
    return {task: _live(site, task) for task in site.tasks}


def troubles(site: Site) -> list[str]:
    """Why the site is not ready: every live model that did not pass; a task without one is fine."""
    return [
        f"{task}: {live.message}"
        for task, live in live_models(site).items()
        if isinstance(live, RadLensError) and not isinstance(live, NoLiveModel)
    ]


def _live(site: Site, task: str) -> tuple[ModelRef, Manifest] | RadLensError:
    try:
        engine = site.live.current(task)
        engine.prove()
    except RadLensError as error:
        return error
    return engine.ref, engine.manifest
