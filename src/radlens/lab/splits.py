"""Train, validation and test that share no patient and no near-duplicate."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from radlens.domain.errors import BadDataset
from radlens.domain.task import Mode, Task
from radlens.lab.dataset import Cases, Manifested
from radlens.lab.duplicates import groups, near


@dataclass(frozen=True, eq=False)
class Dataset:
    """Three splits that may be trained, tuned and tested on, and what was done to get them.

    ``findings`` are counted facts for the record and the card.
    """

    train: Cases
    val: Cases
    test: Cases
    digest: str
    findings: Mapping[str, int | bool]


def arrange(
    found: Manifested,
    *,
    task: Task,
    train_splits: tuple[str, ...],
    validation_fraction: float,
    seed: int,
) -> Dataset:
    """Three splits from the manifest's; raises BadDataset where one is missing or says nothing.

    Where patients are unknown, training images that nearly repeat a test image are dropped, and
    a missing validation split is cut from train by patient or near-duplicate group.
    """
    parts = [found.splits[name] for name in train_splits if name in found.splits]
    if not parts or "test" not in found.splits:
        raise BadDataset("The manifest needs images of the splits train and test.")
    train, test = _united(parts), _with_units(found.splits["test"])
    twins = near(train.prints, test.prints)
    unknown = np.array([not patient for patient in train.patients])
    drop = twins.any(1) & unknown
    train = _with_units(train.take(np.flatnonzero(~drop)))
    made = "val" not in found.splits
    if made:
        train, val = _cut(train, validation_fraction, np.random.default_rng(seed))
    else:
        val = _with_units(found.splits["val"])
        drop_val = near(train.prints, val.prints).any(1)
        drop_val &= np.array([not patient for patient in train.patients])
        train = train.take(np.flatnonzero(~drop_val))
    for name, cases in (("train", train), ("validation", val), ("test", test)):
        _must_say_something(name, cases, task)
    findings = {
        "test_images_near_a_train_image": int(twins[unknown].any(0).sum()),
        "train_images_dropped_as_near_test": int(drop.sum()),
        "patients_known": not unknown.any(),
        "validation_cut_from_train": made,
    }
    return Dataset(train, val, test, found.digest, findings)


def _united(parts: list[Cases]) -> Cases:
    if len(parts) == 1:
        return parts[0]
    return Cases(
        sum((part.files for part in parts), ()),
        sum((part.patients for part in parts), ()),
        sum((part.sources for part in parts), ()),
        np.concatenate([part.grey for part in parts]),
        np.concatenate([part.truth for part in parts]),
        np.concatenate([part.prints for part in parts]),
        np.arange(sum(map(len, parts))),
    )


def _with_units(cases: Cases) -> Cases:
    """Number the patients; where one is unknown, the near-duplicate group stands in."""
    alike = groups(cases.prints)
    names = [patient or f"group {g}" for patient, g in zip(cases.patients, alike, strict=True)]
    return replace(cases, unit=np.unique(names, return_inverse=True)[1].astype(np.int64))


def _cut(train: Cases, fraction: float, rng: np.random.Generator) -> tuple[Cases, Cases]:
    """Whole units go to validation until every label has its share there, rare labels first."""
    truth = np.nan_to_num(train.truth)
    of_unit = np.zeros((train.unit.max() + 1, truth.shape[1]))
    np.add.at(of_unit, train.unit, truth)
    sizes = np.bincount(train.unit)
    wanted, have = fraction * of_unit.sum(0), np.zeros(truth.shape[1])
    most, chosen = fraction * len(train), np.zeros(len(of_unit), bool)
    for label in np.argsort(of_unit.sum(0), kind="stable"):
        for unit in rng.permutation(np.flatnonzero(of_unit[:, label])):
            room = sizes[chosen].sum() + sizes[unit] <= 1.1 * most
            if have[label] < wanted[label] and not chosen[unit] and room:
                chosen[unit] = True
                have += of_unit[unit]
    in_val: NDArray[np.bool_] = chosen[train.unit]
    return train.take(np.flatnonzero(~in_val)), train.take(np.flatnonzero(in_val))


def _must_say_something(name: str, cases: Cases, task: Task) -> None:
    """Two classes at least, or for multi-label one label with both answers."""
    positive = (cases.truth == 1).any(0)
    enough = (
        positive.sum() >= 2
        if task.mode is Mode.MULTI_CLASS
        else (positive & (cases.truth == 0).any(0)).any()
    )
    if not enough:
        raise BadDataset(f"The {name} split has fewer than two classes.")
