"""Where the few images of a disease and the other classes' meet."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from radlens.domain.dataset import TEST, TRAIN, VAL, Dataset
from radlens.domain.disease import Wish
from radlens.domain.errors import BadDataset
from radlens.lab.disease.data import put_beside
from radlens.ports import Site
from tests.builders import TASKS, png, tiny_site
from tests.lab.planted import alike, brighter, cropped, encoded_again, stored

BRAIN = TASKS["brain-tumor"]
WISH = Wish("brain-tumor", "new", "", "New", "Made for a test.", "moderate")
SPLITS = [TRAIN] * 8 + [VAL, TEST, VAL, TEST]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with tiny_site(tmp_path / "home") as made:
        yield made


def others(site: Site, twin: bytes) -> Dataset:
    """Twelve images of the other classes, the last of which, in test, is ``twin``."""
    uploads = [*(png(alike(n)) for n in range(11)), twin]
    return stored(site, uploads, BRAIN, splits=SPLITS)


def few(site: Site, first: bytes) -> Dataset:
    card = BRAIN.extended(WISH.label)
    uploads = [first, *(png(alike(n)) for n in range(100, 105))]
    return stored(
        site, uploads, card, splits=[TRAIN, TRAIN, TRAIN, VAL, TEST, TEST], labels=[4] * 6
    )


def beside(site: Site, images: Dataset, before: Dataset) -> Dataset:
    return put_beside(site.blobs, images, before, WISH, task=BRAIN, seen=lambda *_: None)


def test_what_the_other_dataset_keeps_apart_by_its_own_groups_stays_apart(site: Site) -> None:
    before = others(site, cropped(alike(0)))
    images = tuple(replace(one, group=n) for n, one in enumerate(before.images))
    made = beside(site, few(site, png(alike(99))), replace(before, images=images))
    assert len({image.unit for image in made.images}) == len(made.images) == 18


def test_near_duplicates_of_each_side_are_one_group_still(site: Site) -> None:
    before = others(site, png(alike(11)))
    made = beside(site, few(site, brighter(alike(100))), before)
    units = [image.unit for image in made.images[12:]]
    assert units[0] == units[1]
    assert len({image.unit for image in made.images}) == 17


def test_a_new_image_joins_one_of_the_same_split_that_shows_its_picture(site: Site) -> None:
    before = others(site, png(alike(11)))
    images = tuple(replace(one, group=n) for n, one in enumerate(before.images))
    made = beside(site, few(site, brighter(alike(3))), replace(before, images=images))
    assert made.images[12].unit == made.images[3].unit
    assert len({image.unit for image in made.images}) == 17


def test_an_image_that_shows_what_another_split_shows_is_named_to_be_left_out(site: Site) -> None:
    before, images = others(site, png(alike(11))), few(site, encoded_again(alike(11)))
    with pytest.raises(BadDataset, match="Of the images of the disease 1 show") as refused:
        beside(site, images, before)
    assert refused.value.hint == f"Leave them out: {images.images[0].file}."


def patients(dataset: Dataset, name: str, first: str = "") -> Dataset:
    """The dataset with a patient of its own for each image, but for the first, where told."""
    names = [first or f"{name} 0", *(f"{name} {n}" for n in range(1, len(dataset.images)))]
    pairs = zip(dataset.images, names, strict=True)
    return replace(dataset, images=tuple(replace(one, patient=p) for one, p in pairs))


@pytest.mark.parametrize(
    ("picture", "patient"), [(alike(11), ""), (alike(99), "old 11")], ids=["picture", "patient"]
)
def test_of_known_patients_too(site: Site, picture: np.ndarray, patient: str) -> None:
    before = patients(others(site, png(alike(11))), "old")
    images = patients(few(site, png(picture)), "new", patient)
    with pytest.raises(BadDataset, match="Of the images of the disease 1 show") as refused:
        beside(site, images, before)
    assert refused.value.hint == f"Leave them out: {images.images[0].file}."


@pytest.mark.parametrize("patient", ["", "old 0", "old 11"])
def test_images_in_a_split_that_is_neither_learned_from_nor_measured_on_leak_nowhere(
    site: Site, patient: str
) -> None:
    before = patients(others(site, png(alike(11))), "old")
    images = patients(few(site, png(alike(99))), "new", patient)
    aside = replace(images.images[0], split="external")
    made = beside(site, replace(images, images=(aside, *images.images[1:])), before)
    assert made.images[12].split == "external"


@pytest.mark.parametrize("which", ["others", "few"])
def test_a_side_that_leaks_in_itself_is_to_be_divided_anew(site: Site, which: str) -> None:
    before = others(site, cropped(alike(0)) if which == "others" else png(alike(11)))
    images = few(site, cropped(alike(104)) if which == "few" else png(alike(99)))
    with pytest.raises(BadDataset, match="leak from one split into another") as refused:
        beside(site, images, before)
    assert "radlens data split" in (refused.value.hint or "")
