"""A run on record -> the same run again, or its end alone with today's code."""

import tomllib
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from safetensors.torch import load

from radlens.domain.errors import BadRecipe
from radlens.domain.ledger import State
from radlens.domain.run import Run
from radlens.lab.checkpoint import WEIGHTS, write
from radlens.lab.finish import Trained
from radlens.lab.logbook import Logbook, begun, find_run, read_run
from radlens.lab.progress import bar, progress
from radlens.lab.recipe import Recipe, recipe_of
from radlens.lab.record import weights_digest
from radlens.lab.start import START, start_from
from radlens.lab.train import close, fresh, learn, splits_for, task_of
from radlens.lab.weights import load_strictly
from radlens.ports import Site


def reproduce(site: Site, reference: str) -> tuple[Run, Run]:
    """Train again by a run's recorded recipe and dataset; the run, and the one that repeats it.

    The same ``weights`` mean the same result, bit for bit. Raises BadRecipe where the run never
    came to an end.
    """
    run = find_run(site, reference)
    if not run.weights:
        raise BadRecipe(f"The run {run.id[:12]} did not end, so there is nothing to compare with.")
    plan, task = plan_of(run), task_of(site, plan_of(run))
    with TemporaryDirectory() as folder, progress() as bars:
        splits = splits_for(site, plan, run.dataset, partial(bar, bars))
        network = fresh(plan, task)
        if START in run.files:
            load_strictly(network, load(site.blobs.get(run.files[START])))
        else:
            start_from(network, plan, folder=Path(folder), site=site, cases=splits.train)
        repeat = begun(site, plan, name=run.name, dataset=run.dataset, kind=Run)
        repeat = replace(repeat, parents=(run.id,), reproduces=run.id)
        book = Logbook(site, Path(folder), repeat)
        book.put()
        with book.failing():
            learn(book, network, splits, plan=plan, task=task, seen=bar(bars, "training"))
            book.done()
        return run, book.run


def finish_again(site: Site, reference: str, *, out: Path | None = None) -> Run:
    """Calibrate, measure and export again from a run's stored weights, with today's code.

    A new entry, child of the run: it names both codes, that which trained and that which
    finished. ``out`` is by default the folder that ``reference`` names. Raises BadRecipe.
    """
    run, at_home = find_run(site, reference), read_run(Path(reference), Run)
    folder = out or (Path(reference) if at_home else None)
    if folder is None or not run.weights:
        what = "is not at an end" if folder else "needs a folder for the bundle"
        raise BadRecipe(f"The run {run.id[:12]} {what}.", hint="Say where with --out FOLDER.")
    weights = (
        (Path(reference) / WEIGHTS).read_bytes() if at_home else site.blobs.get(run.files[WEIGHTS])
    )
    plan, task = plan_of(run), task_of(site, plan_of(run))
    network = fresh(plan, task)
    load_strictly(network, load(weights))
    if weights_digest(network.state_dict()) != run.weights:
        raise BadRecipe(f"The weights of the run {run.id[:12]} are not those that it ended with.")
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / WEIGHTS, weights)
    again = replace(
        run,
        id=site.new_id(),
        time=site.clock(),
        state=State.RUNNING,
        parents=(run.id,),
        finished_by={},
        error="",
    )
    book = Logbook(site, folder, again)
    book.put()
    with progress() as bars, book.failing():
        splits = splits_for(site, plan, run.dataset, partial(bar, bars))
        close(book, Trained(network.eval(), plan, again), splits, task)
    return book.run


def plan_of(run: Run) -> Recipe:
    """The recipe that a run recorded; raises BadRecipe where today's code reads it no longer."""
    return recipe_of(tomllib.loads(run.recipe), run.recipe)
