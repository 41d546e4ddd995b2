"""What the arms of a study had right -> levels and steps, with paired intervals."""

import numpy as np
from numpy.typing import NDArray

from radlens.domain.evaluation import Measure
from radlens.domain.study import Arm, Effect, Level, Step
from radlens.lab.bootstrap import measure, resamples
from radlens.lab.dataset import Cases
from radlens.lab.study_recipe import StudyRecipe

Array = NDArray[np.floating]


def right(logits: NDArray[np.float32], cases: Cases) -> NDArray[np.float64]:
    """1 where the largest class is the true one, (n,)."""
    return np.asarray(logits.argmax(1) == cases.truth.argmax(1), np.float64)


def results(
    plan: StudyRecipe,
    arms: tuple[Arm, ...],
    scores: dict[tuple[str, int, int], NDArray[np.float64]],
    *,
    unit: NDArray[np.int64],
    classes: dict[str, NDArray[np.bool_]],
) -> tuple[tuple[Level, ...], tuple[Step, ...]]:
    """Levels and steps from what each arm had right, (n,) by its key; ``classes`` are masks (n,).

    Intervals draw whole test units and seeds again, the same for every arm, so that what two
    rungs share cancels out (paired percentile bootstrap, Efron 1979).
    """
    rng = np.random.default_rng(0)
    cases = resamples(unit, rng, plan.resamples)
    seeds = resamples(np.arange(len(plan.seeds)), rng, plan.resamples)
    every = np.ones(len(unit), bool)

    def accuracy(rung: str, n: int, which: NDArray[np.bool_]) -> Array:
        """Of those cases, of every resample; NaN where it drew none of them."""
        of_seed = np.stack([scores[rung, n, seed][which] for seed in plan.seeds])
        weights = cases[:, which]
        with np.errstate(invalid="ignore"):
            of_seeds = (weights @ of_seed.T) / weights.sum(1, keepdims=True)
        return np.asarray((of_seeds * seeds).sum(1) / len(plan.seeds))

    def changed(before: str, after: str, n: int, which: NDArray[np.bool_]) -> Measure | None:
        return measure(accuracy(after, n, which) - accuracy(before, n, which), int(which.sum()))

    levels, steps = [], []
    for n in plan.per_class:
        for rung in plan.rungs(n):
            levels.append(_level(rung.name, n, arms, accuracy(rung.name, n, every), len(unit)))
        for before, after in plan.pairs(n):
            whole = changed(before.name, after.name, n, every)
            assert whole is not None  # noqa: S101 - counts are never NaN
            each = {
                label: Effect.of(found)
                for label, which in classes.items()
                if which.any() and (found := changed(before.name, after.name, n, which))
            }
            effect = Effect.of(whole)
            steps.append(Step(before.name, after.name, n, effect.difference, effect.verdict, each))
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
