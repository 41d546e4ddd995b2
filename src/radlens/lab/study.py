"""A study: every arm trained, every answer kept, differences with paired intervals."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from radlens.domain.dataset import Dataset
from radlens.domain.errors import BadDataset, BadRecipe
from radlens.domain.ledger import Kind, State
from radlens.domain.study import Arm, Effect, Step, Study
from radlens.domain.task import Mode
from radlens.lab.dataset import Cases
from radlens.lab.logbook import closing
from radlens.lab.progress import bar, progress
from radlens.lab.recipe import Recipe
from radlens.lab.record import code, environment, weights_digest
from radlens.lab.splits import Splits
from radlens.lab.study_made import MIX, Made, both, given_by, given_cases, made_cases
from radlens.lab.study_recipe import Rung, StudyRecipe, read_study
from radlens.lab.study_report import figure, report
from radlens.lab.study_results import results, right
from radlens.lab.train import fresh, splits_for, task_of
from radlens.lab.training import fit, forward
from radlens.ports import Site

# What computes is what was there when this process began.
CODE = code()["sources"]
# How many training images the curve's score is taken of.
SCORED = 40


def study(site: Site, recipe: Path, *, data: str) -> Study:
    """Run a study, or go on with it where it was stopped: a finished arm is not repeated.

    Whatever ends it, its entry is on record as failed, and the same study asked for again begins
    with its arms. Raises BadRecipe, or BadDataset where a class has too few images of different
    units.
    """
    plan = read_study(recipe)
    first = plan.plan(plan.rung[0], plan.per_class[0], plan.seeds[0])
    task = task_of(site, first)
    if task.mode is not Mode.MULTI_CLASS:
        raise BadRecipe("A study counts right answers, so its task must be multi-class.")
    given = given_by(site, plan.dataset, task) if plan.dataset else None
    with progress() as bars:
        splits = splits_for(site, first, data, partial(bar, bars))
        subsets(splits.train, max(plan.per_class), seed=plan.seeds[0])
        entry = _entry(site, plan, splits, given)
        seen = bar(bars, "arms")
        draw = lru_cache(1)(partial(_made, site, plan, splits, given))
        with closing(
            lambda why: site.ledger.put(replace(entry, state=State.FAILED, error=why).item())
        ):
            for rung, n, seed in plan.arms():
                seen(len(entry.arms), entry.arms_planned)
                if (rung.name, n, seed) in {arm.key for arm in entry.arms}:
                    continue
                arm = _arm(site, plan, splits, rung=rung, per_class=n, seed=seed, draw=draw)
                entry = replace(entry, arms=(*entry.arms, arm))
                site.ledger.put(entry.item())
            seen(len(entry.arms), entry.arms_planned)
            return _closed(site, plan, entry, splits, given)


def _entry(site: Site, plan: StudyRecipe, splits: Splits, given: Dataset | None) -> Study:
    """The study that was begun with this recipe and data, or a new one; after a failure, with
    the arms that were done.
    """
    before = _before(site, plan, splits)
    if before and before.state is State.RUNNING:
        return before
    failed = before if before and before.state is State.FAILED else None
    entry = Study(
        id=site.new_id(),
        name=plan.name,
        time=site.clock(),
        recipe=plan.text,
        dataset=splits.dataset.id,
        arms_planned=len(list(plan.arms())),
        test={"images": len(splits.test), "units": len(np.unique(splits.test.unit))},
        environment=environment(),
        claims=tuple(vars(claim) for claim in plan.claim),
        parents=tuple(each.id for each in (splits.dataset, given, failed) if each),
        arms=failed.arms if failed else (),
    )
    site.ledger.put(entry.item())
    return entry


def _before(site: Site, plan: StudyRecipe, splits: Splits) -> Study | None:
    """The newest study of this recipe and data, if there is one."""
    found = map(Study.of, site.ledger.items(Kind.STUDY, name=plan.name))
    same = (plan.text, splits.dataset.id)
    return next((one for one in found if (one.recipe, one.dataset) == same), None)


def subsets(cases: Cases, per_class: int, *, seed: int) -> NDArray[np.int64]:
    """Positions of so many images of each class, of different units, drawn by the seed.

    A smaller draw of the same seed lies within a larger one. Raises BadDataset.
    """
    order = np.random.default_rng(seed).permutation(len(cases))
    order = order[np.sort(np.unique(cases.unit[order], return_index=True)[1])]
    of_class = cases.truth.argmax(1)[order]
    picked = [order[of_class == label][:per_class] for label in range(cases.truth.shape[1])]
    if (few := min(map(len, picked))) < per_class:
        raise BadDataset(f"A class has {few} images of different units; {per_class} are wanted.")
    return np.sort(np.concatenate(picked))


def _made(
    site: Site,
    study: StudyRecipe,
    splits: Splits,
    given: Dataset | None,
    made: Made,
    per_class: int,
    seed: int,
) -> Cases:
    """What is drawn for an arm, the same for every rung that draws alike, or what was given."""
    few = splits.train.take(subsets(splits.train, per_class, seed=seed))
    plan = study.plan(study.rung[0], per_class, seed)
    if made.dataset and given:
        return given_cases(site, few, given, spec=plan.input)
    return made_cases(site, few, made, task=task_of(site, plan), seed=seed, side=plan.size)


def courses(few: Cases, made: Cases | None, way: str, plan: Recipe) -> list[tuple[Cases, Recipe]]:
    """What an arm learns from, one after the other; every rung takes as many steps."""
    if made is None:
        return [(few, plan)]
    steps = plan.epochs * -(-len(few) // plan.batch)

    def course(cases: Cases, share: float) -> tuple[Cases, Recipe]:
        epochs = max(1, round(share * steps / -(-len(cases) // plan.batch)))
        return cases, replace(plan, epochs=epochs)

    if way == MIX:
        return [course(both(few, made), 1.0)]
    return [course(made, 0.5), course(few, 0.5)]


def _arm(
    site: Site,
    study: StudyRecipe,
    splits: Splits,
    *,
    rung: Rung,
    per_class: int,
    seed: int,
    draw: Callable[[Made, int, int], Cases],
) -> Arm:
    plan = study.plan(rung, per_class, seed)
    few = splits.train.take(subsets(splits.train, per_class, seed=seed))
    task = task_of(site, plan)
    began, computed = time.monotonic(), time.process_time()
    more = draw(rung.made.drawn_as, per_class, seed) if rung.made else None
    network = fresh(plan, task)
    # The few images are all that an arm sees. The score of some of them is the curve's, and
    # nothing is chosen by it.
    some = few.take(np.arange(0, len(few), max(1, len(few) // SCORED)))
    for cases, course in courses(few, more, rung.made.way if rung.made else "", plan):
        with TemporaryDirectory() as folder:
            data = replace(splits, train=cases, val=some)
            fit(network, data, course, mode=task.mode, folder=Path(folder))
    spent = time.monotonic() - began, time.process_time() - computed
    logits = forward(network, splits.test, plan.input)
    kept = BytesIO()
    np.save(kept, logits)
    return Arm(
        rung=rung.name,
        per_class=per_class,
        seed=seed,
        accuracy=float(right(logits, splits.test).mean()),
        minutes=spent[0] / 60,
        processor_minutes=spent[1] / 60,
        answers=site.blobs.put(kept.getvalue()),
        weights=weights_digest(network.state_dict()),
        code=CODE,
    )


def _closed(
    site: Site, plan: StudyRecipe, entry: Study, splits: Splits, given: Dataset | None
) -> Study:
    scores = {
        arm.key: right(np.load(BytesIO(site.blobs.get(arm.answers))), splits.test)
        for arm in entry.arms
    }
    first = plan.plan(plan.rung[0], plan.per_class[0], plan.seeds[0])
    classes = dict(zip(task_of(site, first).names, splits.test.truth.T == 1, strict=True))
    levels, steps = results(plan, entry.arms, scores, unit=splits.test.unit, classes=classes)
    entry = replace(entry, levels=levels, steps=steps, utility=_utility(plan, given, steps))
    files = {
        "report.md": site.blobs.put(report(entry, plan).encode()),
        "figure.json": site.blobs.put(figure(entry).encode()),
    }
    files |= {f"{arm.rung} {arm.per_class} {arm.seed}.npy": arm.answers for arm in entry.arms}
    entry = replace(entry, files=files, state=State.DONE)
    site.ledger.put(entry.item())
    return entry


def _utility(
    plan: StudyRecipe, given: Dataset | None, steps: tuple[Step, ...]
) -> dict[str, Effect]:
    """What a dataset's images did to the classes that they show, beside the most real images."""
    if given is None:
        return {}
    user = next(rung.name for rung in plan.rung if rung.made and rung.made.dataset)
    step = max((s for s in steps if s.after == user), key=lambda step: step.per_class)
    shown = {
        label
        for image in given.images
        for label, value in zip(given.labels, image.truth, strict=True)
        if image.synthetic and value == 1
    }
    return {label: effect for label, effect in step.classes.items() if label in shown}
