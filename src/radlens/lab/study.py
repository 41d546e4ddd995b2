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

from radlens.domain.errors import BadDataset, BadInput, BadRecipe
from radlens.domain.ledger import Kind, State
from radlens.domain.study import Arm, Level, Step, Study, Verdict
from radlens.domain.task import Mode
from radlens.lab.bootstrap import measure, resamples
from radlens.lab.dataset import Cases
from radlens.lab.progress import bar, progress
from radlens.lab.recipe import Recipe
from radlens.lab.record import code, environment, weights_digest
from radlens.lab.splits import Splits
from radlens.lab.study_made import MIX, Made, both, made_cases
from radlens.lab.study_recipe import Rung, StudyRecipe, read_study
from radlens.lab.study_report import figure, report
from radlens.lab.train import fresh, splits_for, task_of
from radlens.lab.training import fit, forward
from radlens.ports import Site

# What computes is what was there when this process began.
CODE = code()["sources"]
# How many training images the curve's score is taken of.
SCORED = 40

Array = NDArray[np.floating]


def study(site: Site, recipe: Path, *, data: str) -> Study:
    """Run a study, or go on with it where it was stopped: a finished arm is not repeated.

    Raises BadRecipe, or BadDataset where a class has too few images of different units.
    """
    plan = read_study(recipe)
    first = plan.plan(plan.rung[0], plan.per_class[0], plan.seeds[0])
    if task_of(site, first).mode is not Mode.MULTI_CLASS:
        raise BadRecipe("A study counts right answers, so its task must be multi-class.")
    with progress() as bars:
        splits = splits_for(site, first, data, partial(bar, bars))
        subsets(splits.train, max(plan.per_class), seed=plan.seeds[0])
        entry = _entry(site, plan, splits)
        seen = bar(bars, "arms")
        draw = lru_cache(1)(partial(_made, site, plan, splits))
        for rung, n, seed in plan.arms():
            seen(len(entry.arms), entry.arms_planned)
            if (rung.name, n, seed) in {arm.key for arm in entry.arms}:
                continue
            try:
                arm = _arm(site, plan, splits, rung=rung, per_class=n, seed=seed, draw=draw)
            except BadInput as error:
                failed = replace(entry, state=State.FAILED, error=error.message)
                site.ledger.put(failed.item())
                raise
            entry = replace(entry, arms=(*entry.arms, arm))
            site.ledger.put(entry.item())
        seen(len(entry.arms), entry.arms_planned)
    return _closed(site, plan, entry, splits)


def _entry(site: Site, plan: StudyRecipe, splits: Splits) -> Study:
    """The study that was begun with this recipe and data, or a new one."""
    for item in site.ledger.items(Kind.STUDY, name=plan.name):
        before = Study.of(item)
        same = (before.recipe, before.dataset) == (plan.text, splits.dataset.id)
        if same and before.state is State.RUNNING:
            return before
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
        parents=(splits.dataset.id,),
    )
    site.ledger.put(entry.item())
    return entry


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
    site: Site, study: StudyRecipe, splits: Splits, made: Made, per_class: int, seed: int
) -> Cases:
    """What is drawn for an arm, the same for every rung that draws alike."""
    few = splits.train.take(subsets(splits.train, per_class, seed=seed))
    plan = study.plan(study.rung[0], per_class, seed)
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


def right(logits: NDArray[np.float32], cases: Cases) -> NDArray[np.float64]:
    """1 where the largest class is the true one, (n,)."""
    return np.asarray(logits.argmax(1) == cases.truth.argmax(1), np.float64)


def _closed(site: Site, plan: StudyRecipe, entry: Study, splits: Splits) -> Study:
    scores = {
        arm.key: right(np.load(BytesIO(site.blobs.get(arm.answers))), splits.test)
        for arm in entry.arms
    }
    levels, steps = results(plan, entry.arms, scores, unit=splits.test.unit)
    entry = replace(entry, levels=levels, steps=steps)
    files = {
        "report.md": site.blobs.put(report(entry, plan).encode()),
        "figure.json": site.blobs.put(figure(entry).encode()),
    }
    files |= {f"{arm.rung} {arm.per_class} {arm.seed}.npy": arm.answers for arm in entry.arms}
    entry = replace(entry, files=files, state=State.DONE)
    site.ledger.put(entry.item())
    return entry


def results(
    plan: StudyRecipe,
    arms: tuple[Arm, ...],
    scores: dict[tuple[str, int, int], NDArray[np.float64]],
    *,
    unit: NDArray[np.int64],
) -> tuple[tuple[Level, ...], tuple[Step, ...]]:
    """Levels and steps from what each arm had right, (n,) by its key.

    Intervals draw whole test units and seeds again, the same for every arm, so that what two
    rungs share cancels out (paired percentile bootstrap, Efron 1979).
    """
    rng = np.random.default_rng(0)
    cases = resamples(unit, rng, plan.resamples)
    seeds = resamples(np.arange(len(plan.seeds)), rng, plan.resamples)
    means: dict[tuple[str, int], Array] = {}
    levels, steps = [], []
    for n in plan.per_class:
        for rung in plan.rung:
            of_seed = np.stack([scores[rung.name, n, seed] for seed in plan.seeds])
            accuracy = (cases @ of_seed.T) / cases.sum(1, keepdims=True)
            means[rung.name, n] = (accuracy * seeds).sum(1) / len(plan.seeds)
            levels.append(_level(rung.name, n, arms, means[rung.name, n], len(unit)))
        for before, after in plan.pairs():
            difference = measure(means[after.name, n] - means[before.name, n], len(unit))
            assert difference is not None  # noqa: S101 - counts are never NaN
            verdict = Verdict.of(difference)
            steps.append(Step(before.name, after.name, n, difference, verdict))
    return tuple(levels), tuple(steps)


def _level(rung: str, n: int, arms: tuple[Arm, ...], means: Array, images: int) -> Level:
    mine = [arm for arm in arms if (arm.rung, arm.per_class) == (rung, n)]
    accuracy = measure(means, images)
    assert accuracy is not None  # noqa: S101 - counts are never NaN
    return Level(
        rung,
        n,
        accuracy,
        tuple(arm.accuracy for arm in mine),
        float(np.mean([arm.minutes for arm in mine])),
        float(np.mean([arm.processor_minutes for arm in mine])),
    )
