"""How fast a model gets worse when images do."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from radlens.domain.dataset import Image
from radlens.domain.errors import NotAssessable
from radlens.domain.evaluation import Measures, Stress
from radlens.domain.scan import Scan
from radlens.domain.task import Mode, Task
from radlens.imaging.prepare import prepare
from radlens.lab.bootstrap import measure
from radlens.lab.evaluate import draw
from radlens.lab.perturb import PERTURBATIONS, perturbed
from radlens.lab.progress import Seen, silent
from radlens.lab.subject import answered, sample, scan_of
from radlens.model_ports import Engine
from radlens.ports import Blobs

MOST_IMAGES = 200
RESAMPLES = 500
STEPS = tuple((kind, strength) for kind in PERTURBATIONS for strength in range(1, 6))

Logits = NDArray[np.float32]


def robustness(
    engine: Engine,
    blobs: Blobs,
    images: Sequence[Image],
    *,
    task: Task,
    seed: int,
    seen: Seen = silent,
) -> tuple[Stress, ...]:
    """Every perturbation at strength 0 (the image as it is) to 5, on at most MOST_IMAGES images.

    An image that a perturbation leaves blank is not assessable, as it would be in service: it is
    left out of that figure, whose ``n`` says so.
    """
    images = sample(images, MOST_IMAGES, seed)
    logits = np.full((1 + len(STEPS), len(images), len(task.labels)), np.nan, np.float32)
    for index, image in enumerate(images):
        scan = scan_of(blobs, image)
        logits[0, index] = _logits(engine, scan)
        for step, (kind, strength) in enumerate(STEPS, start=1):
            rng = np.random.default_rng((seed, step, index))
            changed = perturbed(scan, kind, kind.amounts[strength - 1], rng)
            logits[step, index] = _logits(engine, changed)
        seen(index + 1, len(images))
    figures = [_measures(engine, found, images, task, seed) for found in logits]
    unchanged = [Stress(kind.name, 0, 0.0, kind.unit, figures[0]) for kind in PERTURBATIONS]
    stressed = [
        Stress(kind.name, strength, kind.amounts[strength - 1], kind.unit, figures[step])
        for step, (kind, strength) in enumerate(STEPS, start=1)
    ]
    return tuple(sorted([*unchanged, *stressed], key=lambda s: _order(s.perturbation, s.strength)))


def _order(name: str, strength: int) -> tuple[int, int]:
    return [kind.name for kind in PERTURBATIONS].index(name), strength


def _logits(engine: Engine, scan: Scan) -> Logits:
    """Shape (labels,); NaN where the image is not assessable."""
    try:
        found: Logits = engine.forward(prepare(scan, engine.manifest.input)[None]).logits[0]
    except NotAssessable:
        return np.full(len(engine.manifest.labels), np.nan, np.float32)
    return found


def _measures(
    engine: Engine, logits: Logits, images: Sequence[Image], task: Task, seed: int
) -> Measures:
    there = [index for index, row in enumerate(logits) if not np.isnan(row).any()]
    second = "accuracy" if task.mode is Mode.MULTI_CLASS else "balanced_accuracy"
    if len(there) < 2:
        return {"mean_auroc": None, second: None}
    answers = answered(engine, logits[there], [images[i] for i in there], task)
    drawn = draw(answers, seed=seed, count=RESAMPLES)
    return {name: measure(drawn.whole[name], len(there)) for name in ("mean_auroc", second)}
