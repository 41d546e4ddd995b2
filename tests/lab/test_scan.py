"""A scan names what is wrong, leaves the rest alone, and changes nothing."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from radlens.bootstrap import open_site
from radlens.domain.dataset import Dataset
from radlens.domain.ledger import Kind
from radlens.lab.data_card import data_card, said
from radlens.lab.scan import findings, imbalance, scan
from radlens.lab.shortcuts import shortcuts
from radlens.ports import Site
from radlens.settings import Settings
from radlens.usecases.datasets import register
from tests.builders import TASKS, png
from tests.domain.test_dataset import image
from tests.lab.planted import alike, brighter, cropped, encoded_again, stored

BRAIN = TASKS["brain-tumor"]
CLEAN = 40


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with open_site(Settings(home=tmp_path_factory.mktemp("home"), gallery="gallery")) as opened:
        yield opened


@pytest.fixture(scope="module")
def spoilt(site: Site) -> Dataset:
    """40 clean images, then one of everything that can be wrong."""
    blank = np.full((64, 64), 9, np.uint8)
    extra = [png(alike(0)), encoded_again(alike(1)), cropped(alike(2)), brighter(alike(3)),
             png(blank), png(alike(99)), png(alike(98))]  # fmt: skip
    uploads = [png(alike(seed)) for seed in range(CLEAN)] + extra
    splits = ["train"] * CLEAN + ["train", "test", "test", "val", "train", "train", "test"]
    patients = [""] * CLEAN + [""] * 5 + ["P1", "P1"]
    labels = [n % 4 for n in range(CLEAN)] + [0, 0, 2, 3, 0, 1, 1]
    made = stored(site, uploads, BRAIN, splits=splits, patients=patients, labels=labels)
    lost = replace(made.images[7].stored, digest="0" * 64)
    images = [replace(i, stored=lost) if n == 7 else i for n, i in enumerate(made.images)]
    return replace(made, images=tuple(images))


@pytest.fixture(scope="module")
def found(site: Site, spoilt: Dataset) -> dict:
    return findings(site.blobs, spoilt)


def names(dataset: Dataset, *pairs: tuple[int, int]) -> list[list[str]]:
    return [[dataset.images[i].file for i in pair] for pair in pairs]


def test_everything_that_was_planted_is_named_and_nothing_else(found: dict, spoilt: Dataset):
    last = CLEAN
    assert found["exact"] == names(spoilt, (0, last))
    assert found["near"] == names(spoilt, (1, last + 1), (2, last + 2), (3, last + 3))
    assert found["across"] == names(
        spoilt, (1, last + 1), (2, last + 2), (3, last + 3), (last + 5, last + 6)
    )
    assert found["conflicts"] == names(spoilt, (1, last + 1))
    assert found["blank"] == [spoilt.images[last + 4].file]
    assert list(found["broken"]) == [spoilt.images[7].file]
    assert found["borders"] == found["writing"] == []


def test_every_image_that_is_named_has_its_digest(found: dict, spoilt: Dataset):
    digests = {i.file: i.digest for i in spoilt.images}
    pairs = [*found["exact"], *found["near"], *found["across"]]
    named = {n for pair in pairs for n in pair} | {*found["blank"], *found["broken"]}
    assert found["digests"] == {name: digests[name] for name in named}


def test_a_scan_is_an_entry_under_its_dataset_and_leaves_it_as_it_is(site: Site):
    dataset = stored(site, [png(alike(n)) for n in range(8)], BRAIN, splits=["train"] * 8)
    before = register(site, dataset)
    item = scan(site, dataset)
    assert site.ledger.get(item.id) == item
    assert (item.kind, item.parents) == (Kind.SCAN, (dataset.id,))
    assert site.ledger.get(dataset.id) == before


def test_the_card_says_what_was_found(found: dict, spoilt: Dataset):
    card = data_card(spoilt, found)
    assert said(found) in card
    assert "- 1 pairs of identical images" in card
    for one, other in found["across"]:
        assert f"| {one} | {other} |" in card
    assert "It was not scanned yet." in data_card(spoilt, None)


def test_few_and_rare_labels_are_counted_by_split():
    truth = [(1.0, 0.0)] * 1200 + [(0.0, 1.0)] * 55 + [(0.0, None)] * 10
    images = tuple(image(n, truth=t) for n, t in enumerate(truth))
    assert imbalance(Dataset("set", "task", ("a", "b"), images)) == {"train": {"b": 55}}
    few = Dataset("set", "task", ("a", "b"), images[-40:])
    assert imbalance(few) == {"train": {"a": 0, "b": 30}}


def two_sources(n: int = 200) -> tuple[list, np.ndarray, np.ndarray]:
    """Images of two sources; the second is brighter, and has most of the positives."""
    rng = np.random.default_rng(0)
    source = rng.random(n) < 0.5
    positive = rng.random(n) < np.where(source, 0.8, 0.2)
    images = [
        image(i, truth=(float(p), None), about={"source": "two" if s else "one"})
        for i, (s, p) in enumerate(zip(source, positive, strict=True))
    ]
    edges = rng.normal(source[:, None] * 3.0, 1, (n, 16)).astype(np.float32)
    return images, rng.normal(0, 1, (n, 20)).astype(np.float32), edges


def test_a_source_that_can_be_told_and_that_tells_the_label_is_a_shortcut():
    images, noise, edges = two_sources()
    found = shortcuts(images, ("a", "b"), np.hstack([noise, edges]), edges)
    assert found["source"] > 0.99
    source = [i.about["source"] == "two" for i in images]
    expected = roc_auc_score([i.truth[0] for i in images], source)
    assert found["label_from_source"]["a"] == pytest.approx(expected, abs=0.03)
    assert found["label_from_edges"]["a"] == pytest.approx(found["label_from_source"]["a"], abs=0.1)
    assert found["label_from_edges"]["b"] is None, "nothing is known of it"


def test_looks_that_say_nothing_of_the_source_are_chance():
    images, noise, _ = two_sources()
    found = shortcuts(images, ("a", "b"), noise, noise[:, :16])
    assert found["source"] == pytest.approx(0.5, abs=0.12)


def test_one_source_alone_is_not_measurable():
    images, noise, edges = two_sources()
    same = [replace(i, about={"source": "one"}) for i in images]
    found = shortcuts(same, ("a", "b"), noise, edges)
    assert found["source"] is None
    assert found["label_from_source"] == {"a": None, "b": None}
