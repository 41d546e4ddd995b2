"""A training as a job: what comes out is a run on record, and a candidate in the registry."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from re import fullmatch
from typing import Any

from radlens.domain.bundle import MANIFEST
from radlens.domain.errors import BadJob, Cancelled
from radlens.domain.job import Job
from radlens.domain.registry import Version
from radlens.domain.run import Run
from radlens.engines.bundle import read_parts
from radlens.lab.disease.data import with_synthetic
from radlens.lab.logbook import let_go
from radlens.lab.progress import Bars, Seen
from radlens.lab.recipe import read_recipe
from radlens.lab.train import train
from radlens.ports import Site
from radlens.usecases.datasets import found
from radlens.usecases.datasets import register as register_data
from radlens.usecases.register import register
from radlens.usecases.release import check_released
from radlens.usecases.work import Tell

RECIPES = Path(__file__).parent / "recipes"


def train_job(site: Site, job: Job, folder: Path, tell: Tell) -> Mapping[str, Any]:
    """Train by the arguments ``recipe`` (a shipped one's name, or TOML), ``data`` and ``name``.

    With ``synthetic``, a dataset on record, its images are put into train, if they are released and
    but for those that show what a held-out image does. A job that was begun before goes on from
    the last epoch in its folder. Cancelled, its run is on record as failed. Raises BadJob,
    Conflict where a class is blocked, and what ``train`` and ``register`` raise.
    """
    out = folder / "run"

    def told(words: str) -> Seen:
        tell(0, 0, words)
        return lambda done, of: tell(done, of, words)

    try:
        told("beginning")
        recipe = _recipe(job, folder)
        data = _mixed(site, job, told) if "synthetic" in job.arguments else _text(job, "data")
        run = train(site, recipe, data=data, out=out, told=told, job=job.id)
    except Cancelled:
        let_go(site, out, Run, "It was cancelled.")
        raise
    if run is None:
        raise BadJob("A worker trains alone, not under torchrun.")
    reason = f"The job {job.id[:12]} trained it."
    parts = read_parts(out / run.task)
    version = registered(
        site,
        parts,
        lambda: register(site, lambda: parts, by=job.by, reason=reason, source="run"),
    )
    return {"run": run.id, "version": version.version, "digest": version.digest}


def _recipe(job: Job, folder: Path) -> Path:
    """The recipe as a file in the job's folder, whose name becomes the run's."""
    text = _text(job, "recipe")
    shipped = {path.stem: path for path in RECIPES.glob("*.toml")}
    name = str(job.arguments.get("name", text if text in shipped else "queued"))
    if not fullmatch(r"[\w][\w .+-]{0,99}", name):
        raise BadJob(f"A run cannot be called {name[:100]!r}.", hint="Letters, digits and . _ + -")
    path = folder / f"{name}.toml"
    path.write_text(shipped[text].read_text("utf-8") if text in shipped else text, "utf-8")
    start = read_recipe(path).start
    if start not in ("scratch", "imagenet") and not start.startswith("run:"):
        raise BadJob(  # whoever queues it may not be whoever may read the worker's files
            f"A queued training cannot start from {start[:100]!r}.",
            hint="It starts from scratch, imagenet or run:NAME; `radlens train` also from files.",
        )
    return path


def _mixed(site: Site, job: Job, told: Bars) -> str:
    """The id of the real dataset with synthetic images in train; raises Conflict if blocked."""
    made, real = (found(site, _text(job, name)) for name in ("synthetic", "data"))
    check_released(site, made)
    seen = told("looking for held-out pictures among the synthetic ones")
    both = with_synthetic(site.blobs, real, made, task=site.tasks[real.task], seen=seen)
    return register_data(site, both).id


def _text(job: Job, name: str) -> str:
    value = job.arguments.get(name)
    if not isinstance(value, str) or not value:
        raise BadJob(f"A training needs the argument {name!r}.")
    return value


def registered(site: Site, parts: Mapping[str, bytes], register: Callable[[], Version]) -> Version:
    """The version of a bundle; it is there already where a job was interrupted after this."""
    digest = sha256(parts[MANIFEST]).hexdigest()
    for version in site.registry.versions():
        if version.digest == digest:
            return version
    return register()
