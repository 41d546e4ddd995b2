"""Recipe and data -> a generator: the whole run, in the order in which it happens."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save as dump

from radlens.domain.errors import BadDataset, BadRecipe
from radlens.domain.generator import GeneratorRun
from radlens.domain.task import Task
from radlens.lab.batches import made
from radlens.lab.checkpoint import State, write
from radlens.lab.dataset import Cases, find_dataset, read_again
from radlens.lab.logbook import Logbook
from radlens.lab.progress import Seen, silent
from radlens.lab.splits import Splits, splits_of
from radlens.lab.synth.about import ABOUT, CARD, About, figures
from radlens.lab.synth.card import card
from radlens.lab.synth.compact import KIND, WEIGHTS, Compact, half, shape_of
from radlens.lab.synth.find import open_generator
from radlens.lab.synth.masks import MASKS, kept
from radlens.lab.synth.network import Denoiser, fresh
from radlens.lab.synth.pictures import Pictures, conditions, pictures
from radlens.lab.synth.recipe import Refinement, SynthRecipe, read_synth_recipe
from radlens.lab.synth.refining import refine
from radlens.lab.synth.training import fit
from radlens.lab.train import task_of
from radlens.ports import Blobs, Site


def train(
    site: Site,
    recipe: Path,
    *,
    data: str,
    out: Path,
    name: str = "",
    start: str = "",
    seen: Seen = silent,
) -> GeneratorRun:
    """Train a generator by a recipe, write its folder ``out``, and give its entry.

    ``data`` is what ``find_dataset`` knows; ``start`` names a generator whose weights it begins
    with, if any. Only train is learned from, and only where it shares
    no patient and no picture with validation or test. A run that was stopped goes on from its
    last lap when it is started again with the same ``out``. Raises BadRecipe, BadDataset,
    NoSuchItem.
    """
    plan = read_synth_recipe(recipe)
    if not (plan.course.steps or start):
        raise BadRecipe(
            "A recipe without steps learns nothing.",
            hint="Name a generator to begin with (--from), or set course.steps.",
        )
    task = task_of(site, plan)
    network = fresh(plan.network, len(conditions(task)), plan.seed)
    begun = begin(site, network, start, conditions(task)) if start else None
    dataset = find_dataset(site, data, task=task, seen=seen)
    splits = splits_of(
        site.blobs, dataset, task=task, spec=plan.input, train_splits=plan.train_splits, seen=seen
    )
    cases = learned_from(splits, plan)
    shown = _shown(site.blobs, cases, plan, task)
    if plan.network.masks and not kept(shown, conditions(task)):
        raise BadDataset(
            f"No training image of {dataset.name} has a mask of its lesion.",
            hint="Import masks with it, in the manifest's column `mask`, or leave `masks` out.",
        )
    out.mkdir(parents=True, exist_ok=True)
    book = Logbook.open(
        site, out, plan, name=name or recipe.stem, dataset=dataset.id, kind=GeneratorRun
    )
    book.put(labels=conditions(task), images=len(cases))
    if begun:
        book.came_from((begun.digest,), {})
    with book.failing():
        run = f"{plan.digest} {dataset.id} {begun.digest if begun else ''}".strip()
        _learn(book, network, plan, run=run, shown=shown, splits=splits, task=task, seen=seen)
        how: dict[str, Any] = {}
        if begun:
            how["start"] = {"digest": begun.digest, "made": dict(begun.made)}
        if plan.refine:
            real = read_again(site.blobs, dataset, cases, plan.refined_input)
            how["refined"] = _refine(
                book, network, plan.refine, run=run, shown=shown, real=real, seen=seen
            )
        _close(book, network, plan, how=how, shown=shown, cases=cases)
    return book.run


def begin(site: Site, network: Denoiser, start: str, labels: tuple[str, ...]) -> About:
    """Put a generator's weights into a network that has the same layers or some more.

    Gives what that generator is. Raises NoSuchItem, and BadRecipe where the two do not fit.
    """
    base = open_generator(site, start)
    fits = isinstance(base, Compact) and base.about.labels == labels
    own = network.state_dict()
    weights = base.network.state_dict() if isinstance(base, Compact) else {}
    if not fits or any(n not in own or own[n].shape != w.shape for n, w in weights.items()):
        raise BadRecipe(
            f"The generator {base.about.name} does not fit the recipe: it has other classes or "
            "other layers.",
            hint="Begin with a generator of the same task, whose recipe has the same [network].",
        )
    network.load_state_dict(weights, strict=False)
    return base.about


def learned_from(splits: Splits, plan: SynthRecipe) -> Cases:
    """The cases of train that a recipe lets a generator learn from; BadDataset where none is."""
    cases = splits.train
    if not plan.synthetic:
        cases = cases.take(np.flatnonzero(~made(cases)))
    if not len(cases):
        raise BadDataset(
            f"Every image of {splits.dataset.name} in train is synthetic.",
            hint="A recipe with `synthetic = true` learns from made images.",
        )
    return cases


def _shown(blobs: Blobs, cases: Cases, plan: SynthRecipe, task: Task) -> Pictures:
    return pictures(cases, task, blobs if plan.network.masks else None)


def _learn(
    book: Logbook[GeneratorRun],
    network: Denoiser,
    plan: SynthRecipe,
    *,
    run: str,
    shown: Pictures,
    splits: Splits,
    task: Task,
    seen: Seen,
) -> None:
    def tell(at: State, steps: int) -> None:
        seen(at.step, steps)
        book.hear(at, steps)

    curve = fit(
        network,
        shown,
        plan.course,
        how=plan.augment,
        folder=book.folder,
        run=run,
        held_out=_shown(book.site.blobs, splits.val, plan, task),
        tell=tell,
    )
    book.put(curve=tuple(curve))


def _refine(
    book: Logbook[GeneratorRun],
    network: Denoiser,
    plan: Refinement,
    *,
    run: str,
    shown: Pictures,
    real: NDArray[np.float16],
    seen: Seen,
) -> dict[str, float]:
    """Teach the refiner; what that came to."""
    folder = book.folder / "refiner"
    return figures(
        refine(network, shown, real, plan, seed=book.run.seed, folder=folder, run=run, seen=seen)
    )


def _close(
    book: Logbook[GeneratorRun],
    network: Denoiser,
    plan: SynthRecipe,
    *,
    how: dict[str, Any],
    shown: Pictures,
    cases: Cases,
) -> None:
    """Write the folder, and close the entry with what came out."""
    run, outlines, put = book.run, kept(shown, book.run.labels), book.site.blobs.put
    counts = {label: len(each) for label, each in outlines.items()}
    parts = {WEIGHTS: half(network)} | ({MASKS: dump(outlines)} if outlines else {})
    about = About(
        kind=KIND,
        name=run.name,
        task=run.task,
        labels=run.labels,
        side=plan.network.drawn,
        files={name: put(content) for name, content in parts.items()},
        shape=shape_of(plan) | ({"masks": counts} if outlines else {}),
        made=_made(run, cases, sum(p.numel() for p in network.parameters())) | how,
        statement=plan.statement.format(train=len(cases)),
        simulated=bool(made(cases).all()),
    )
    parts |= {ABOUT: about.content, CARD: card(about).encode()}
    for name, content in parts.items():
        write(book.folder / name, content)
    files = {name: put(content) for name, content in parts.items()}
    book.done(version=about.digest, files=files, metrics=about.made["figures"])


def _made(run: GeneratorRun, cases: Cases, parameters: int) -> dict[str, Any]:
    sources = Counter((each.get("source", ""), each.get("licence", "")) for each in cases.about)
    return {
        "record": run.id,
        "time": run.time.isoformat(timespec="seconds"),
        "dataset": run.dataset,
        "seed": run.seed,
        "recipe": run.recipe,
        "code": dict(run.code),
        "environment": dict(run.environment),
        "images": len(cases),
        "sources": [
            {"source": source, "licence": licence, "images": n}
            for (source, licence), n in sorted(sources.items())
        ],
        "parameters": parameters,
        "figures": figures(run.curve),
    }
