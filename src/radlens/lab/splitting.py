"""A new split of a dataset: whole patients or near-duplicate groups, rare labels first."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radlens.domain.dataset import HELD_OUT, TEST, TRAIN, VAL, Dataset, Image
from radlens.domain.errors import BadDataset
from radlens.lab.duplicates import grouped
from radlens.lab.progress import Seen, silent
from radlens.lab.splits import leaks
from radlens.ports import Blobs

# Splits of these names, and images without one, are divided anew; others stay what they are.
DIVIDED = (TRAIN, VAL, TEST, "")


@dataclass(frozen=True)
class Plan:
    """What share of the divided images goes where; ``keep`` names splits that stay as given."""

    validation: float
    test: float
    seed: int
    keep: tuple[str, ...] = ()

    @property
    def shares(self) -> dict[str, float]:
        """The splits that are to be cut, and their shares."""
        wanted = {TEST: self.test, VAL: self.validation}
        return {name: share for name, share in wanted.items() if name not in self.keep}


def split(blobs: Blobs, dataset: Dataset, plan: Plan, *, name: str, seen: Seen = silent) -> Dataset:
    """The next version of a dataset, split by a plan; it is not on record yet.

    An image that shares a patient or picture with one of a kept split, or stands in a split of
    another name and shares one with validation or test, is dropped and listed in the history
    beside the image that it repeats. Raises BadDataset.
    """
    _check(plan, dataset)
    whole = grouped(blobs, dataset, seen)
    held = {image.unit: image for image in whole.of(*plan.keep)}
    pool = [i for i in whole.of(*DIVIDED) if i.split not in plan.keep and i.unit not in held]
    homes = _homes(pool, plan, simulated=dataset.simulated)
    twins = held | {image.unit: image for image in pool if image.unit in homes}
    images, dropped = [], []
    for image in whole.images:
        if image.split in plan.keep:
            images.append(image)
        elif image.unit in held or (image.split not in DIVIDED and image.unit in homes):
            dropped.append(_dropped(image, twins[image.unit]))
        elif image.split in DIVIDED:
            images.append(replace(image, split=homes.get(image.unit, TRAIN)))
        else:
            images.append(image)
    made = replace(
        dataset,
        name=name,
        images=tuple(images),
        parents=(dataset.id,),
        history=_history(plan, dropped, dataset),
    )
    if torn := leaks(made):
        raise BadDataset(
            f"{len(torn)} images leak between the kept splits, first {torn[0][1].file}.",
            hint="Keep one of them and let the other be cut anew.",
        )
    return made


def _check(plan: Plan, dataset: Dataset) -> None:
    if not all(0 < share < 0.5 for share in plan.shares.values()):
        raise BadDataset("The share of a split is more than 0 and less than 0.5.")
    for name in plan.keep:
        if name not in HELD_OUT or name not in dataset.splits:
            raise BadDataset(
                f"The split {name!r} cannot be kept.",
                hint=f"Of {' and '.join(HELD_OUT)} those may be kept that the dataset has.",
            )


def _history(plan: Plan, dropped: list[dict[str, str]], dataset: Dataset) -> dict[str, Any]:
    return {
        "made": "split",
        **plan.shares,
        "seed": plan.seed,
        "kept": list(plan.keep),
        "dropped": dropped,
        "before": dict(dataset.history),
    }


def _dropped(image: Image, twin: Image) -> dict[str, str]:
    return {
        "file": image.file,
        "digest": image.digest,
        "split": image.split,
        "repeats": twin.file,
        "in": twin.split,
    }


def _homes(pool: list[Image], plan: Plan, *, simulated: bool) -> dict[str, str]:
    """The units that are cut from train, and into which split; synthetic ones stay in train."""
    made = {image.unit for image in pool if image.synthetic and not simulated}
    rng = np.random.default_rng(plan.seed)
    homes: dict[str, str] = {}
    for name, share in plan.shares.items():
        rest = [image for image in pool if image.unit not in homes and image.unit not in made]
        if rest:
            homes |= dict.fromkeys(_cut(rest, share * len(pool) / len(rest), rng), name)
    return homes


def _cut(images: list[Image], fraction: float, rng: np.random.Generator) -> list[str]:
    """Whole units until every label has its share, rare labels first (Sechidis et al. 2011).

    Images without any positive label are one more stratum.
    """
    truth = np.nan_to_num(np.array([image.truth for image in images], np.float64))
    truth = np.column_stack([truth, ~truth.any(1)])
    names, unit = np.unique([image.unit for image in images], return_inverse=True)
    of_unit: NDArray[np.float64] = np.zeros((len(names), truth.shape[1]))
    np.add.at(of_unit, unit, truth)
    sizes, chosen = np.bincount(unit), np.zeros(len(names), bool)
    wanted, have = fraction * of_unit.sum(0), np.zeros(truth.shape[1])
    for label in np.argsort(of_unit.sum(0), kind="stable"):
        for one in rng.permutation(np.flatnonzero(of_unit[:, label])):
            room = sizes[chosen].sum() + sizes[one] <= 1.1 * fraction * len(images)
            if have[label] < wanted[label] and not chosen[one] and room:
                chosen[one] = True
                have += of_unit[one]
    return [str(name) for name in names[chosen]]
