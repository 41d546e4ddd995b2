"""Recipe and data -> bundle: the whole run, in the order in which it happens."""

from functools import partial
from pathlib import Path

import torch
from safetensors.torch import save as dump

from radlens.domain.bundle import PARTS
from radlens.domain.errors import BadRecipe
from radlens.domain.run import Run
from radlens.domain.task import Task
from radlens.lab.checkpoint import WEIGHTS, State, save_weights
from radlens.lab.dataset import find_dataset
from radlens.lab.finish import Trained, finish
from radlens.lab.logbook import Logbook, Plan
from radlens.lab.memory import keep_freed_memory
from radlens.lab.networks import Net, build
from radlens.lab.place import together
from radlens.lab.progress import Bars, Seen, bar, progress
from radlens.lab.recipe import Recipe, read_recipe
from radlens.lab.record import weights_digest
from radlens.lab.splits import Splits, splits_of
from radlens.lab.start import START, start_from
from radlens.lab.training import fit
from radlens.ports import Site


def train(
    site: Site, recipe: Path, *, data: str, out: Path, told: Bars | None = None, job: str = ""
) -> Run | None:
    """Train by a recipe, finish what came out, and give the run's entry.

    ``data`` is what ``find_dataset`` knows: a name or id on record, or a folder. ``out`` is the
    run's folder: recipe, entry, checkpoint, weights, curve, record, and the bundle ``out/<task>``.
    A run that was stopped goes on from its last epoch when it is started again with the same
    ``out``. Whoever is ``told`` hears how far it is; ``job`` is the one that asks for it. Under
    ``torchrun`` the processes train together; all but the first one give None. Raises BadRecipe,
    BadDataset or, where the export disagrees with itself, BadBundle.
    """
    plan = read_recipe(recipe)
    task = task_of(site, plan)
    with together() as place, progress() as shown:
        bars = told or partial(bar, shown)
        if not place.first:
            place.agreed(0.0)  # the first process imports, and the others find it done
        splits = splits_for(site, plan, data, bars)
        if place.first:
            place.agreed(0.0)
        network = fresh(plan, task)
        start = start_from(network, plan, folder=recipe.parent, site=site, cases=splits.train)
        out.mkdir(parents=True, exist_ok=True)
        if not place.first:
            fit(network, splits, plan, mode=task.mode, folder=out)
            return None
        book = Logbook.open(site, out, plan, name=recipe.stem, dataset=splits.dataset.id, kind=Run)
        kept = {START: site.blobs.put(dump(network.state_dict()))} if start.elsewhere else {}
        book.came_from(start.parents, kept)
        book.put(job=job)
        with book.failing():
            trained = learn(book, network, splits, plan=plan, task=task, seen=bars("training"))
            bars("export and evaluation")
            close(book, trained, splits, task)
        return book.run


def task_of(site: Site, plan: Plan) -> Task:
    """The card that a recipe is for; raises BadRecipe."""
    if plan.task not in site.tasks:
        known = ", ".join(site.tasks)
        raise BadRecipe(f"There is no task card {plan.task!r}; there are {known}.")
    return site.tasks[plan.task]


def splits_for(site: Site, plan: Recipe, data: str, bars: Bars) -> Splits:
    """The dataset as the recipe takes it apart; raises BadDataset, also where it leaks."""
    task = task_of(site, plan)
    dataset = find_dataset(site, data, task=task, seen=bars("importing"))
    return splits_of(
        site.blobs,
        dataset,
        task=task,
        spec=plan.input,
        train_splits=plan.train_splits,
        seen=bars("decoding"),
    )


def fresh(plan: Recipe, task: Task) -> Net:
    """The recipe's network, drawn by its seed, in a process that is ready to repeat itself."""
    keep_freed_memory()
    torch.set_num_threads(1)  # sums depend on the number of threads, and one is fastest here
    chance = torch.Generator().manual_seed(plan.seed)
    return build(plan.architecture, len(task.labels), chance)


def learn(
    book: Logbook[Run], network: Net, splits: Splits, *, plan: Recipe, task: Task, seen: Seen
) -> Trained:
    """Train, with every epoch on record; the weights that came out are in the run's folder."""

    def tell(at: State, steps: int) -> None:
        seen(at.step, steps)
        book.hear(at, steps)

    curve = fit(network, splits, plan, mode=task.mode, folder=book.folder, tell=tell)
    save_weights(book.folder / WEIGHTS, network.state_dict())
    book.put(curve=tuple(curve), weights=weights_digest(network.state_dict()))
    return Trained(network, plan, book.run)


def close(book: Logbook[Run], trained: Trained, splits: Splits, task: Task) -> None:
    """Calibrate, measure and export with today's code, and close the entry with what came out."""
    record = finish(trained, task=task, splits=splits, blobs=book.site.blobs, out=book.folder)
    put, bundle = book.site.blobs.put, book.folder / task.name
    names = sorted(PARTS | record["digests"].keys())
    files = {name: put((bundle / name).read_bytes()) for name in names}
    files[WEIGHTS] = put((book.folder / WEIGHTS).read_bytes())
    book.done(
        version=record["version"],
        metrics=record["metrics"],
        finished_by=record["finished_by"],
        files=files,
    )
