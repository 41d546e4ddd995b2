"""What a generator's images cost and are worth, against images that nobody made."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from bench.timing import seconds
from radlens.domain.dataset import HELD_OUT, TRAIN, Dataset, Image
from radlens.domain.evaluation import Measure
from radlens.domain.scan import Scan, Window
from radlens.domain.synthesis import Order
from radlens.domain.task import Task
from radlens.imaging.encode import encode_png
from radlens.lab.progress import bar, progress
from radlens.lab.subject import find_model, scan_of
from radlens.lab.synth.adapt import Adaptation, adapt
from radlens.lab.synth.assess import assess
from radlens.lab.synth.features import CLASSIFIER, Penultimate, view
from radlens.lab.synth.fidelity import Sample, fidelity
from radlens.lab.synth.find import open_generator
from radlens.lab.synth.generate import generate
from radlens.lab.synth.generator import Drawing
from radlens.lab.synth.pictures import conditions
from radlens.ports import Site
from radlens.usecases.datasets import register

DISEASE, SEED, GUIDANCE = "bench_disease", 1, 2.0


@dataclass(frozen=True)
class Size:
    """How much of everything is made: ``few`` images teach a disease, of which ``samples`` are
    drawn; of each class ``each`` for every number of ``solver`` steps, against ``real`` training
    images, and on average ``made`` for the assessment."""

    few: int = 20
    samples: int = 200
    solver: tuple[int, ...] = (10, 15, 20, 25, 50)
    each: int = 32
    real: int = 400
    made: int = 75


@dataclass(frozen=True)
class Ground:
    """A site with a live model, its ``generator`` and the dataset ``real`` that this learned."""

    site: Site
    task: Task
    generator: str
    real: Dataset
    size: Size = Size()


def minutes_to_adapt(ground: Ground, place: Site) -> float:
    """Minutes of wall time to learn a disease from a few images and to draw samples of it.

    ``place`` is a site of which nothing else is asked; without a live model no image is refused.
    """
    images = list(ground.real.of(TRAIN))
    shown = [i for i in images if i.truth == images[0].truth][: ground.size.few]
    with TemporaryDirectory() as folder, progress() as bars:
        few = Path(folder) / "few"
        few.mkdir()
        for at, image in enumerate(shown):
            (few / f"{at}.png").write_bytes(encode_png(scan_of(ground.site.blobs, image)))
        wish = Adaptation(DISEASE, few, ground.task.name, generator=ground.generator)

        def work() -> None:
            run = adapt(place, wish, out=Path(folder) / "out", seen=bar(bars, "learning"))
            order = Order(DISEASE, ground.size.samples, generator=run.id)
            generate(place, order, seen=bar(bars, "drawing"))

        return seconds(work) / 60


def steps_needed(ground: Ground) -> float:
    """The fewest steps of the solver that are as good as the most, from the same noise.

    As good: the Frechet distance to held-out images, in the classifier's features, is not above
    the interval of that of the most steps.
    """
    found = dict(distances(ground))
    most = found[max(found)]
    return min(steps for steps, distance in found.items() if distance.value <= most.high)


def distances(ground: Ground) -> Iterator[tuple[int, Measure]]:
    """The Frechet distance by the number of steps; said on stderr, too."""
    site, size = ground.site, ground.size
    engine = find_model(site, ground.task.name)
    network = site.blobs.get(site.registry.get(engine.ref.digest).files["model.onnx"])
    judge = Penultimate(network, engine.manifest.input)

    def seen(scans: list[Scan]) -> Sample:
        views = view(scans, [str(n) for n in range(len(scans))], judge)
        features = np.asarray(views.features[CLASSIFIER], np.float64)
        return Sample(features, np.arange(len(scans)))

    def real(images: list[Image]) -> Sample:
        some = np.random.default_rng(SEED).permutation(len(images))[: size.real]
        return seen([scan_of(site.blobs, images[at]) for at in some])

    train, held = (real(list(ground.real.of(*names))) for names in ((TRAIN,), HELD_OUT))
    generator = open_generator(site, ground.generator)
    for steps in size.solver:
        hows = [Drawing(label, SEED, GUIDANCE, steps) for label in ground.task.names]
        pixels = np.concatenate([generator.draw(how, range(size.each)) for how in hows])
        made = seen([Scan(each, Window(0.0, 255.0), "png") for each in pixels])
        distance = fidelity(made, train, held, seed=SEED)["fid"]
        assert distance is not None
        said = f"{distance.value:.4g} ({distance.low:.4g} to {distance.high:.4g})"
        print(f"  {steps} steps: Frechet distance {said}", file=sys.stderr, flush=True)
        yield steps, distance


def assessed(ground: Ground) -> Mapping[str, Any]:
    """The body of an assessment of images of every class."""
    with progress() as bars:
        made = drawn(ground, bars=bar(bars, "drawing"))
        register(ground.site, ground.real)
        done = assess(
            ground.site, made.id, against=ground.real.id, seed=SEED, seen=bar(bars, "assessing")
        )
    return done.item.body


def drawn(ground: Ground, *, bars: Any) -> Dataset:
    """Images of every class of the task, as often as among real ones, as one dataset on record."""
    wanted = shares(ground)
    labels, parts = list(wanted), []
    for at, (label, n) in enumerate(wanted.items()):
        order = Order(label, n, ground.generator, seed=SEED, guidance=GUIDANCE)
        parts.append(generate(ground.site, order))
        bars(at + 1, len(labels))
    images = tuple(
        replace(image, file=f"{label}-{image.file}")
        for label, part in zip(labels, parts, strict=True)
        for image in part.images
    )
    made = replace(parts[0], name="bench-made", images=images)
    register(ground.site, made)
    return made


def shares(ground: Ground) -> dict[str, int]:
    """How many images of each class are made, ``size.made`` of them on average.

    As in the training images, of which one may have several findings, or none.
    """
    labels = conditions(ground.task)
    truth = np.array([image.truth for image in ground.real.of(TRAIN)], np.float64)
    counts = [int(n) for n in (truth == 1).sum(0)]
    if len(labels) > len(counts):
        counts.append(int((truth == 0).all(1).sum()))
    total = ground.size.made * len(labels)
    parts = zip(labels, counts, strict=True)
    return {label: max(round(total * n / sum(counts)), 1) for label, n in parts}
