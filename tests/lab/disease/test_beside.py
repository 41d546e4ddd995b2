"""Where the few images of a disease and the other classes' meet."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

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


def test_an_image_that_shows_what_another_split_shows_is_named_to_be_left_out(site: Site) -> None:
    before, images = others(site, png(alike(11))), few(site, encoded_again(alike(11)))
    with pytest.raises(BadDataset, match="Of the images of the disease 1 show") as refused:
        beside(site, images, before)
    assert refused.value.hint == f"Leave them out: {images.images[0].file}."


def test_others_that_leak_in_themselves_are_to_be_divided_anew(site: Site) -> None:
    before = others(site, cropped(alike(0)))
    with pytest.raises(BadDataset, match=r"first before-12-.* in test") as refused:
        beside(site, few(site, png(alike(99))), before)
    assert "radlens data split" in (refused.value.hint or "")
