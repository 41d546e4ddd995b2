"""Datasets on record for tests of synthetic images: a real one, and one that a generator made."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from radlens.domain.dataset import Dataset
from radlens.domain.evaluation import Measure
from radlens.domain.study import Effect, Study
from radlens.domain.task import Task
from radlens.ports import Site
from radlens.usecases.datasets import register
from tests.builders import TASKS, png
from tests.domain.test_release import assessment
from tests.lab.planted import alike, stored

BRAIN = TASKS["brain-tumor"]
TRAIN, HELD = 48, 40


def real_images(site: Site, name: str = "real", *, splits: Sequence[str] = ()) -> Dataset:
    """Training and held-out images, one patient each."""
    n = TRAIN + HELD
    cut = splits or ["train"] * TRAIN + ["val"] * (HELD // 2) + ["test"] * (HELD // 2)
    uploads = [png(alike(seed)) for seed in range(n)]
    patients = [f"P{n}" for n in range(n)]
    made = replace(stored(site, uploads, BRAIN, splits=cut, patients=patients), name=name)
    register(site, made)
    return made


def made_images(
    site: Site, pixels: Sequence[np.ndarray], *, name: str, task: Task = BRAIN
) -> Dataset:
    """A synthetic dataset of these pixels, labels in turn."""
    splits = ["train"] * len(pixels)
    made = stored(site, [png(each) for each in pixels], task, splits=splits)
    images = tuple(replace(i, about={"synthetic": "by a test"}) for i in made.images)
    made = replace(made, name=name, images=images, parents=("a generation",))
    register(site, made)
    return made


def assessed(site: Site, made: Dataset, real: Dataset) -> None:
    """Put on record that every class of a synthetic dataset may be trained on."""
    item = assessment(without=made.id)
    figures = {**item.body["classes"]["glioma"], "diversity": {}}
    body = item.body | {
        "classes": dict.fromkeys(made.labels, figures),
        "whole": figures,
        "images": figures["images"],
        "real": {"name": real.name},
        "task": made.task,
    }
    site.ledger.put(
        replace(item, id=site.new_id(), time=site.clock(), body=body, parents=(made.id, real.id))
    )


def harmed(site: Site, made: str, label: str) -> None:
    """Put a study on record in which the synthetic images of a class did harm."""
    study = Study(
        id=site.new_id(),
        name="ladder",
        time=site.clock(),
        recipe="",
        dataset="real",
        arms_planned=0,
        test={},
        environment={},
        parents=("real", made),
        utility={label: Effect.of(Measure(-0.1, -0.2, -0.01, 9))},
    )
    site.ledger.put(study.item())


def hidden(seed: int) -> np.ndarray:
    """A copy of a training image: mirrored, shifted, noisy."""
    rng = np.random.default_rng(seed)
    moved = np.roll(alike(seed)[:, ::-1], rng.integers(-4, 5, 2), (0, 1)).astype(float)
    return (moved + rng.normal(0, 6, moved.shape)).clip(0, 255).astype(np.uint8)
