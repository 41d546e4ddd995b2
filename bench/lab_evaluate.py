"""Evaluation with every interval, beside nothing but the forward passes that it needs."""

from pathlib import Path

import numpy as np

from bench.figures import image
from bench.timing import seconds
from radlens.bootstrap import open_site
from radlens.domain.dataset import Dataset, Image
from radlens.domain.prediction import ImageRef
from radlens.imaging.decode import decode
from radlens.imaging.encode import encode_png
from radlens.imaging.prepare import prepare
from radlens.lab.curves import curves
from radlens.lab.evaluate import evaluate
from radlens.lab.subgroups import subgroups
from radlens.lab.subject import ask, images_of, scan_of
from radlens.model_ports import Engine
from radlens.ports import Blobs, Site
from radlens.settings import Settings

IMAGES, DIFFERENT, SIDE = 1000, 100, 320
TASK = "chest-xray"


def evaluation_ratio(home: Path) -> float:
    """Seconds to evaluate 1,000 stored images with all intervals / seconds of the bare forwards.

    The shipped chest model: the fastest network and the most labels, so the hardest case. Reading
    and preparing the images, all figures, curves and subgroups count; robustness does not.
    """
    with open_site(Settings(home=home, gallery="gallery", workers=1), record=False) as site:
        engine = site.live.current(TASK)
        dataset = _dataset(site)
        images = images_of(dataset, "test")
        tensor = prepare(scan_of(site.blobs, images[0]), engine.manifest.input)[None]
        bare = seconds(lambda: _forwards(engine, tensor, IMAGES // 2))
        ours = seconds(lambda: _evaluation(engine, site, images))
        bare += seconds(lambda: _forwards(engine, tensor, IMAGES - IMAGES // 2))
    return ours / bare


def _forwards(engine: Engine, tensor: np.ndarray, count: int) -> None:
    for _ in range(count):
        engine.forward(tensor)


def _evaluation(engine: Engine, site: Site, images: list[Image]) -> None:
    [answers] = ask([engine], site.blobs, images, task=site.tasks[TASK])
    evaluate(answers, seed=1)
    curves(answers, seed=1)
    subgroups(answers, [found.about for found in images], seed=1)


def _dataset(site: Site) -> Dataset:
    """Two images of each patient, a tenth of each label positive."""
    labels = site.tasks[TASK].names
    rng = np.random.default_rng(0)
    stored = [_stored(site.blobs, seed) for seed in range(DIFFERENT)]
    truth = np.where(rng.random((IMAGES, len(labels))) < 0.1, 1.0, 0.0)
    images = tuple(
        Image(
            file=str(i),
            stored=stored[i % DIFFERENT],
            split="test",
            patient=str(i // 2),
            truth=tuple(float(value) for value in truth[i]),
            about={
                "sex": "FM"[i // 2 % 2],
                "age": str(20 + i // 2 % 60),
                "view": ("AP", "PA")[i % 2],
                "source": "noise",
            },
        )
        for i in range(IMAGES)
    )
    return Dataset("bench", TASK, labels, images)


def _stored(blobs: Blobs, seed: int) -> ImageRef:
    scan = decode(image(SIDE, seed))
    return ImageRef.of(scan, blobs.put(encode_png(scan)))
