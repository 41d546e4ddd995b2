"""Synthesis as jobs: what comes out of each is an entry in the ledger, and of a drawing a dataset.

A job that was begun before goes on from what it finds, and is not done twice where it had come to
its end. Cancelled, its entry stands on record as failed.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from radlens.domain.errors import BadJob
from radlens.domain.generator import GeneratorRun
from radlens.domain.job import Job
from radlens.domain.ledger import Item, Kind, State
from radlens.domain.synthesis import Order
from radlens.lab.logbook import read_run
from radlens.lab.progress import Seen
from radlens.lab.synth.adapt import Adaptation, adapt
from radlens.lab.synth.assess import assess
from radlens.lab.synth.generate import generate
from radlens.ports import Site
from radlens.usecases.work import Tell


def adapt_job(site: Site, job: Job, folder: Path, tell: Tell) -> Mapping[str, Any]:
    """Teach a generator the disease that the images of the argument ``dataset`` show.

    The other arguments are those of a ``Wish``. Raises BadJob, and what ``adapt`` raises.
    """
    wish = _fitting(lambda dataset, **wish: Adaptation(images=dataset, **wish), job)
    out = folder / "run"
    run = read_run(out, GeneratorRun)
    if run is None or run.state is not State.DONE:
        run = adapt(site, wish, out=out, seen=_seen(tell, "learning the disease"))
    return {"generator": run.id, "digest": run.version, "disease": run.disease}


def generate_job(site: Site, job: Job, _folder: Path, tell: Tell) -> Mapping[str, Any]:
    """Draw images by an ``Order``, which the arguments are; raises BadJob and as ``generate``."""
    order = _fitting(Order, job)
    before = _ended(site, job, Kind.GENERATION, lambda item: item.body["order"] == asdict(order))
    if before:
        return {"dataset": before.parents[-1], "images": order.n}
    dataset = generate(site, order, seen=_seen(tell, "drawing images"))
    return {"dataset": dataset.id, "images": len(dataset.images)}


def assess_job(site: Site, job: Job, _folder: Path, tell: Tell) -> Mapping[str, Any]:
    """Hold the dataset of the argument ``dataset`` against the real one of ``against``.

    Raises BadJob, and what ``assess`` raises.
    """
    made, real, seed = _fitting(_pair, job)
    item = _ended(site, job, Kind.ASSESSMENT, lambda item: item.parents == (made, real))
    if item is None:
        seen = _seen(tell, "looking at every image")
        item = assess(site, made, against=real, seed=seed, seen=seen).item
    return {"assessment": item.id, "dataset": made}


def _pair(dataset: str, against: str, seed: int = 1) -> tuple[str, str, int]:
    return dataset, against, seed


def _fitting(make: Callable[..., Any], job: Job) -> Any:
    try:
        return make(**job.arguments)
    except TypeError as error:
        raise BadJob(f"The arguments of the job {job.kind} do not fit: {error}.") from error


def _seen(tell: Tell, words: str) -> Seen:
    return lambda done, of: tell(done, of, words)


def _ended(site: Site, job: Job, kind: Kind, meant: Callable[[Item], bool]) -> Item | None:
    """What an earlier attempt at this job had come to, if it came to its end."""
    for item in site.ledger.items(kind):
        if item.state is State.DONE and item.time >= (job.began or job.time) and meant(item):
            return item
    return None
