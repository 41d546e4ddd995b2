"""All figures of an assessment, of the whole and of each class."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radlens.domain.evaluation import Measures
from radlens.domain.task import Mode
from radlens.lab.progress import Seen
from radlens.lab.synth.asked import Asked, truth_of, units_of
from radlens.lab.synth.diversity import diversity
from radlens.lab.synth.features import EMBEDDINGS, Views
from radlens.lab.synth.fidelity import Sample, fidelity
from radlens.lab.synth.gathered import Gathered
from radlens.lab.synth.judges import Judge, agreement, learned_claims, live_claims
from radlens.model_ports import Engine


@dataclass(frozen=True, eq=False)
class Set:
    """Images with what is true of them (n, labels) and the unit of each (n,)."""

    views: Views
    truth: NDArray[np.float64]
    unit: NDArray[np.int64]

    @property
    def kinds(self) -> NDArray[np.int64]:
        """The first class that each image shows, (n,); -1 where none is known."""
        shows = self.truth == 1
        return np.where(shows.any(1), shows.argmax(1), -1)

    def take(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> "Set":
        """Those of the images."""
        return Set(self.views.take(which), self.truth[which], self.unit[which])

    def sample(self, name: str) -> Sample:
        """Its features in one embedding."""
        return Sample(np.asarray(self.views.features[name], np.float64), self.unit)


@dataclass(frozen=True, eq=False)
class Sets:
    """The made, the training and the held-out images."""

    made: Set
    train: Set
    held: Set

    def of(self, label: int) -> "Sets":
        """Those of one class."""
        return Sets(*(s.take(s.truth[:, label] == 1) for s in (self.made, self.train, self.held)))

    def alike(self, rng: np.random.Generator) -> "Sets":
        """With as many training as made images of each class, and no class that was not made.

        Otherwise it would be the classes' shares that are measured.
        """
        made, train, held = (s.kinds for s in (self.made, self.train, self.held))
        first, second = [], []
        for label in np.unique(made[made >= 0]):
            pair = [rng.permutation(np.flatnonzero(of == label)) for of in (made, train)]
            n = min(map(len, pair))
            first.append(pair[0][:n])
            second.append(pair[1][:n])
        one, other = (np.sort(np.concatenate(each)) for each in (first, second))
        outside = np.isin(held, made[one])
        return Sets(self.made.take(one), self.train.take(other), self.held.take(outside))


def sets_of(asked: Asked, gathered: Gathered) -> Sets:
    """The images of an assessment."""
    pairs = (
        (gathered.made.views, asked.made),
        (gathered.train, asked.train),
        (gathered.held.views, gathered.held_images),
    )
    return Sets(*(Set(v, truth_of(images), units_of(images)) for v, images in pairs))


def judges_of(engine: Engine, sets: Sets, mode: Mode, seen_train: int | None) -> list[Judge]:
    """The live model, and a classifier that has learned from held-out images alone."""
    told = (
        "nobody knows how many of the generator's training images it has learned from"
        if seen_train is None
        else f"it has learned from {seen_train} of the generator's {len(sets.train.unit)} "
        "training images"
    )
    held, train, made = sets.held, sets.train, sets.made
    labels = held.truth.shape[1]
    live = Judge(
        engine.ref.version,
        f"the live model; {told}; real: held-out images",
        live_claims(engine, made.views, labels),
        live_claims(engine, held.views, labels),
        held.truth,
        held.unit,
    )
    outside = Judge(
        "held-out classifier",
        "logistic regression on EfficientNet-Lite0, which has learned from the held-out images "
        "and from none of the generator's; real: training images",
        learned_claims((held.views, held.truth), made.views, mode),
        learned_claims((held.views, held.truth), train.views, mode),
        train.truth,
        train.unit,
    )
    return [live, outside]


def measured(
    asked: Asked, sets: Sets, judges: list[Judge], *, seed: int, seen: Seen
) -> dict[str, Any]:
    """``whole``, and ``classes`` by label: of each ``images``, ``fidelity`` by embedding,
    ``diversity`` and ``agreement`` by judge."""
    one_class = asked.task.mode is Mode.MULTI_CLASS
    rng = np.random.default_rng(seed)
    whole = sets.alike(rng) if one_class else sets
    body: dict[str, Any] = {"whole": _figures(whole, seed, kinds=one_class), "classes": {}}
    body["whole"]["agreement"] = _agreements(judges, sets, None, seed)
    for label, name in enumerate(asked.dataset.labels):
        body["classes"][name] = _figures(sets.of(label), seed, kinds=False)
        body["classes"][name]["agreement"] = _agreements(judges, sets, label, seed)
        seen(label + 1, len(asked.dataset.labels))
    return body


def _figures(sets: Sets, seed: int, *, kinds: bool) -> dict[str, Any]:
    made, train, held = sets.made, sets.train, sets.held
    near = {
        name: plainly(fidelity(*(s.sample(name) for s in (made, train, held)), seed=seed))
        for name in EMBEDDINGS
    }
    of_class = [s.kinds if kinds else np.zeros(len(s.unit), np.int64) for s in (made, train)]
    return {
        "images": {"made": len(made.unit), "train": len(train.unit), "held_out": len(held.unit)},
        "fidelity": near,
        "diversity": plainly(
            diversity(
                (made.views.copies, made.unit, of_class[0]),
                (train.views.copies, train.unit, of_class[1]),
                seed=seed,
            )
        ),
    }


def _agreements(judges: list[Judge], sets: Sets, label: int | None, seed: int) -> dict[str, Any]:
    return {judge.name: plainly(agreement(judge, sets.made.truth, label, seed)) for judge in judges}


def plainly(measures: Measures) -> dict[str, Any]:
    """Measures as plain JSON, null where one is not measurable."""
    return {name: None if found is None else asdict(found) for name, found in measures.items()}
