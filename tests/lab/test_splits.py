"""Splits share nobody, hold every label, and training refuses the ones that leak."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radlens.bootstrap import open_site
from radlens.domain.dataset import Dataset
from radlens.domain.errors import BadDataset
from radlens.domain.model import InputSpec
from radlens.lab.splits import leaks, splits_of
from radlens.lab.splitting import Plan, split
from radlens.ports import Site
from radlens.settings import Settings
from radlens.storage.memory import MemoryBlobs
from tests.builders import TASKS, png
from tests.domain.test_dataset import image
from tests.lab.planted import WAYS, alike, encoded_again, stored

SPEC = InputSpec(32, 32, (0.5,) * 3, (0.25,) * 3, (1.0, 99.0))
BRAIN = TASKS["brain-tumor"]
PLAN = Plan(validation=0.2, test=0.2, seed=1)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with open_site(Settings(home=tmp_path / "home", gallery="gallery"), record=False) as opened:
        yield opened


def three(site: Site, extra: bytes | None = None, **changes: list[str]) -> Dataset:
    """24 images for training and 8 each to validate and test; ``extra`` replaces the last one."""
    uploads = [png(alike(seed)) for seed in range(40)]
    if extra:
        uploads[-1] = extra
    return stored(
        site, uploads, BRAIN, splits=["train"] * 24 + ["val"] * 8 + ["test"] * 8, **changes
    )


def taken(site: Site, dataset: Dataset, **options: tuple[str, ...]):
    return splits_of(site.blobs, dataset, task=BRAIN, spec=SPEC, **options)


def test_clean_splits_are_taken_as_they_are(site: Site):
    dataset = three(site)
    splits = taken(site, dataset)
    assert [len(part) for part in (splits.train, splits.val, splits.test)] == [24, 8, 8]
    assert splits.dataset == dataset


@pytest.mark.parametrize(
    "way", [png, *WAYS], ids=["exact", "encoded", "cropped", "brighter", "mirrored"]
)
def test_training_refuses_a_picture_that_stands_in_two_splits(site: Site, way):
    with pytest.raises(BadDataset, match=r"1 images of set leak.*40-") as refused:
        taken(site, three(site, way(alike(5))))
    assert "radlens data split" in refused.value.hint


def test_training_refuses_a_patient_who_stands_in_two_splits(site: Site):
    patients = [f"P{n}" for n in range(39)]
    taken(site, three(site, patients=[*patients, "P32"]))
    with pytest.raises(BadDataset, match="leak"):
        taken(site, three(site, patients=[*patients, "P3"]))


def test_training_refuses_identical_pixels_of_two_known_patients(site: Site):
    patients = [f"P{n}" for n in range(40)]
    with pytest.raises(BadDataset, match="leak"):
        taken(site, three(site, png(alike(5)), patients=patients))


def test_a_leak_into_a_split_that_is_not_trained_on_is_nobodys(site: Site):
    dataset = three(site, encoded_again(alike(5)))
    images = [replace(i, split="spare") if n == 5 else i for n, i in enumerate(dataset.images)]
    apart = replace(dataset, images=tuple(images))
    assert len(taken(site, apart).train) == 23
    with pytest.raises(BadDataset, match="leak"):
        taken(site, apart, train_splits=("train", "spare"))


@pytest.mark.parametrize("missing", ["train", "val", "test"])
def test_a_missing_split_is_named(site: Site, missing: str):
    dataset = three(site)
    images = tuple(i for i in dataset.images if i.split != missing)
    with pytest.raises(BadDataset, match=f"no images in {missing}"):
        taken(site, replace(dataset, images=images))


def test_a_split_of_one_class_is_refused(site: Site):
    dataset = three(site)
    only = tuple(float(n == 0) for n in range(4))
    images = [replace(i, truth=only) if i.split == "test" else i for i in dataset.images]
    with pytest.raises(BadDataset, match="test split has fewer than two classes"):
        taken(site, replace(dataset, images=tuple(images)))


def test_what_repeats_a_kept_split_is_dropped_and_listed(site: Site):
    dataset = three(site, encoded_again(alike(5)))
    made = split(site.blobs, dataset, Plan(0.2, 0.2, 1, ("test",)), name="set-split")
    old = dataset.images
    assert made.history["dropped"] == [
        {"file": old[5].file, "digest": old[5].digest, "split": "train",
         "repeats": old[39].file, "in": "test"}
    ]  # fmt: skip
    assert {i.file for i in old} - {i.file for i in made.images} == {old[5].file}
    assert {i.file for i in made.of("test")} == {i.file for i in dataset.of("test")}
    assert made.parents == (dataset.id,)
    assert made.id != dataset.id
    taken(site, made)


def test_a_group_of_near_duplicates_is_never_divided(site: Site):
    originals = [alike(seed) for seed in range(20)]
    uploads = [png(o) for o in originals] + [encoded_again(o) for o in originals]
    dataset = stored(site, uploads, BRAIN, splits=[""] * 40)
    made = split(site.blobs, dataset, PLAN, name="set")
    homes = [i.split for i in made.images]
    assert homes[:20] == homes[20:]
    assert {*homes} == {"train", "val", "test"}
    taken(site, made)


def known(units: list[tuple[int, int]]) -> Dataset:
    """One patient a pair: how many images, and which label."""
    images, number = [], 0
    for patient, (size, label) in enumerate(units):
        for _ in range(size):
            number += 1
            truth = tuple(float(label == n) for n in range(3))
            images.append(image(number, "", patient=f"P{patient}", truth=truth))
    return Dataset("set", "task", ("a", "b", "c"), tuple(images))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 3)), min_size=30, max_size=80),
    st.integers(0, 3),
)
def test_no_split_shares_a_patient_and_none_outgrows_its_share(units, seed: int):
    made = split(MemoryBlobs(), known(units), Plan(0.2, 0.15, seed), name="set")
    assert leaks(made) == []
    homes: dict[str, set[str]] = {}
    for each in made.images:
        homes.setdefault(each.patient, set()).add(each.split)
    assert all(len(splits) == 1 for splits in homes.values())
    total = len(made.images)
    assert total == sum(size for size, _ in units)
    for name, share in (("val", 0.2), ("test", 0.15)):
        assert len([*made.of(name)]) <= 1.1 * share * total + 1


def test_rare_labels_and_images_without_any_have_their_share_everywhere():
    units = [(1, 0)] * 10 + [(1, 1)] * 100 + [(1, 3)] * 290
    made = split(MemoryBlobs(), known(units), PLAN, name="set")
    for name, share in (("train", 0.6), ("val", 0.2), ("test", 0.2)):
        truth = np.array([i.truth for i in made.of(name)])
        assert truth[:, 0].sum() == pytest.approx(10 * share, abs=1)
        assert truth[:, 1].sum() == pytest.approx(100 * share, abs=2)
        assert (truth.sum(1) == 0).sum() == pytest.approx(290 * share, abs=4)


def test_the_seed_decides_the_split():
    dataset = known([(2, n % 4) for n in range(60)])

    def homes(seed: int) -> list[str]:
        made = split(MemoryBlobs(), dataset, replace(PLAN, seed=seed), name="set")
        return [i.split for i in made.images]

    assert homes(1) == homes(1) != homes(2)


def test_synthetic_images_and_who_they_are_alike_stay_in_train():
    dataset = known([(2, n % 4) for n in range(60)])
    made = {"synthetic": "diffusion"}
    images = [replace(i, about=made) if n % 5 == 0 else i for n, i in enumerate(dataset.images)]
    after = split(MemoryBlobs(), replace(dataset, images=tuple(images)), PLAN, name="set")
    synthetic = {i.patient for i in after.images if i.synthetic}
    assert {i.split for i in after.images if i.patient in synthetic} == {"train"}
    assert {*after.splits} == {"train", "val", "test"}


def test_other_splits_stay_and_lose_what_is_tested_on():
    dataset = known([(2, n % 4) for n in range(60)])
    images = [replace(i, split="spare") if n % 2 else i for n, i in enumerate(dataset.images)]
    made = split(MemoryBlobs(), replace(dataset, images=tuple(images)), PLAN, name="set")
    tested = {i.patient for i in made.of("val", "test")}
    assert tested
    assert not tested & {i.patient for i in made.of("spare")}
    assert len(made.history["dropped"]) == len(tested)


@pytest.mark.parametrize("plan", [Plan(0.6, 0.2, 1), Plan(0.2, 0.2, 1, ("test",))])
def test_a_plan_that_cannot_be_followed_is_refused(plan: Plan):
    with pytest.raises(BadDataset):
        split(MemoryBlobs(), known([(2, n % 4) for n in range(60)]), plan, name="set")


def test_kept_splits_that_leak_into_each_other_are_refused():
    dataset = known([(2, n % 4) for n in range(60)])
    images = [replace(i, split=("val", "test")[n % 2]) for n, i in enumerate(dataset.images)]
    plan = Plan(0.2, 0.2, 1, ("val", "test"))
    with pytest.raises(BadDataset, match="between the kept splits"):
        split(MemoryBlobs(), replace(dataset, images=tuple(images)), plan, name="set")
