"""What heat maps are tried on: held-out findings, and lesions whose outline is known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from radlens.domain.evaluation import Measure
from radlens.domain.model import Forward, InputSpec
from radlens.domain.task import Task
from radlens.imaging.prepare import normalise
from radlens.lab.dataset import Cases, masks_of
from radlens.lab.export import run
from radlens.lab.lesions_drawn import CHEST, TUMOURS, Finding, chest_frame, head_frame, painted
from radlens.lab.phantoms import Frame, Plane
from radlens.ports import Blobs

Images = NDArray[np.float32]
Ints = NDArray[np.int64]
RESAMPLES = 1000
OWN_MASKS = "lesions with masks in the test split"
DRAWN_ON = "lesions drawn on test images without a finding"


@dataclass(frozen=True, eq=False)
class Found:
    """Greys (n, rows, cols) in [0, 1] and the label (n,) that each is explained for."""

    grey: Images
    label: Ints

    def take(self, most: int) -> "Found":
        return Found(self.grey[:most], self.label[:most])


@dataclass(frozen=True, eq=False)
class Targets:
    """Greys (n, rows, cols), the label (n,) and mask (n, rows, cols) of the lesion in each.

    ``before`` are the greys without the lesion, where it was drawn.
    """

    grey: Images
    label: Ints
    mask: NDArray[np.bool_]
    on: str
    before: Images | None = None


def answer(network: bytes, images: Images, spec: InputSpec) -> Forward:
    """What the network says of greys (n, rows, cols)."""
    return run(network, np.stack([normalise(image, spec) for image in images]))


def mean_of(values: NDArray[np.floating]) -> Measure:
    """The mean of one value an image, (n,), with a 95 % percentile bootstrap interval."""
    rng = np.random.default_rng(len(values))
    drawn = values[rng.integers(len(values), size=(RESAMPLES, len(values)))].mean(1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Measure(float(values.mean()), float(low), float(high), len(values))


def known_findings(
    network: bytes,
    cases: Cases,
    spec: InputSpec,
    *,
    task: Task,
    most: int,
    rng: np.random.Generator,
) -> Found:
    """Cases with a true finding, each for that of its true labels which the network rates highest.

    Where nothing abnormal is labelled, every true label counts.
    """
    abnormal = np.array([label.abnormal for label in task.labels])
    true = (cases.truth == 1) & abnormal
    if not true.any():
        true = cases.truth == 1
    which = rng.permutation(np.flatnonzero(true.any(1)))[:most]
    greys = cases.grey[which].astype(np.float32)
    logits = answer(network, greys, spec).logits
    label = np.where(true[which], logits, -np.inf).argmax(1)
    return Found(greys, label.astype(np.int64))


def targets(
    cases: Cases, task: Task, *, blobs: Blobs, most: int, rng: np.random.Generator
) -> Targets | None:
    """Lesions of known outline: the cases' own where they have masks, else drawn ones.

    None where the cases have no masks and nothing can be drawn for the task.
    """
    abnormal = np.array([label.abnormal for label in task.labels])
    masked = np.array([bool(about.get("mask")) for about in cases.about])
    with_mask = np.flatnonzero(masked & ((cases.truth == 1) & abnormal).any(1))
    if with_mask.size:
        return _own(cases, abnormal, rng.permutation(with_mask)[:most], blobs)
    free = np.flatnonzero(~((cases.truth == 1) & abnormal).any(1))
    for kind in KINDS:
        names = {
            i: kind.findings[label.name]
            for i, label in enumerate(task.labels)
            if label.name in kind.findings and label.abnormal
        }
        if names and free.size:
            return _drawn(cases, replace(kind, by_label=names), _turns(free, most, rng), rng)
    return None


def _own(cases: Cases, abnormal: NDArray[np.bool_], which: Ints, blobs: Blobs) -> Targets | None:
    masks = masks_of(blobs, cases.take(which))
    kept = np.flatnonzero(masks.any((1, 2)))
    label = ((cases.truth[which] == 1) & abnormal).argmax(1)
    if not kept.size:
        return None
    return Targets(
        cases.grey[which[kept]].astype(np.float32),
        label[kept].astype(np.int64),
        masks[kept],
        OWN_MASKS,
    )


def _turns(free: Ints, most: int, rng: np.random.Generator) -> Ints:
    """Rounds over the same images (rounds, n): few drawn lesions are recognised, so many are."""
    return np.stack([rng.permutation(free)[:most] for _ in range(-(-most // len(free)))])


def _drawn(cases: Cases, kind: "Kind", which: Ints, rng: np.random.Generator) -> Targets | None:
    """One lesion on each of these images, the labels in turn."""
    images, labels, masks, before = [], [], [], []
    for n, i in enumerate(which.ravel()):
        image = cases.grey[i].astype(np.float64)
        label = [*kind.by_label][n % len(kind.by_label)]
        if (where := kind.frame(image)) is None:
            continue
        done = painted(image, kind.by_label[label](where, rng), shadows=kind.shadows)
        if done.mask.any():
            images.append(done.pixels.astype(np.float32))
            before.append(image.astype(np.float32))
            labels.append(label)
            masks.append(done.mask)
    if not images:
        return None
    label_of = np.array(labels, np.int64)
    return Targets(np.stack(images), label_of, np.stack(masks), DRAWN_ON, np.stack(before))


@dataclass(frozen=True)
class Kind:
    """Findings that can be drawn, and how; ``by_label`` are those that a task has."""

    findings: Mapping[str, Finding]
    frame: Callable[[Plane], Frame | None]
    shadows: bool
    by_label: Mapping[int, Finding] = field(default_factory=dict)


KINDS = (Kind(CHEST, chest_frame, shadows=True), Kind(TUMOURS, head_frame, shadows=False))
