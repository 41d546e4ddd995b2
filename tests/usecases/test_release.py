"""The gate of synthetic images finds what is on record, whatever the dataset was made into."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from radlens.domain.dataset import Dataset
from radlens.domain.errors import BadDataset
from radlens.domain.ledger import Item
from radlens.ports import Site
from radlens.usecases.release import releases, unreleased
from tests.builders import tiny_site
from tests.domain.test_dataset import image
from tests.domain.test_release import LABELS, assessment
from tests.lab.synth.made import harmed

MADE = Dataset(
    "made",
    "task",
    LABELS,
    tuple(image(n, truth=(1.0, 0.0), about={"synthetic": "yes"}) for n in range(4)),
)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with tiny_site(tmp_path, record=False) as opened:
        yield opened


def on_record(site: Site, dataset: Dataset, **found: object) -> Item:
    item = assessment(without=dataset.id, **found)  # type: ignore[arg-type]
    item = replace(item, id=site.new_id(), parents=(dataset.id, "real"))
    site.ledger.put(item)
    return item


def mixed(*parents: str) -> Dataset:
    real = tuple(image(n, truth=(0.0, 1.0)) for n in range(10, 14))
    return Dataset("mixed", "task", LABELS, (*MADE.images, *real), parents=parents)


def test_only_classes_of_which_there_are_synthetic_images_are_judged(site: Site):
    assert [*releases(site, MADE)] == ["glioma"]
    with pytest.raises(BadDataset):
        releases(site, replace(MADE, images=mixed().images[4:]))


def test_the_newest_assessment_counts(site: Site):
    on_record(site, MADE, ratio=9.0)
    assert not releases(site, MADE)["glioma"].released
    on_record(site, MADE)
    assert releases(site, MADE)["glioma"].released


def test_real_and_synthetic_images_together_are_judged_by_what_they_were_made_from(site: Site):
    both = mixed("real", MADE.id)
    [warning] = unreleased(site, both)
    assert "`radlens synth assess DATASET --against REAL` measures it" in warning
    on_record(site, MADE)
    assert unreleased(site, both) == []
    on_record(site, MADE, ratio=9.0)
    assert "9.00 times as far" in unreleased(site, both)[0]


def test_a_dataset_without_synthetic_images_or_of_nothing_else_is_not_warned_of(site: Site):
    assert unreleased(site, MADE) == []
    assert unreleased(site, replace(mixed(), images=mixed().images[4:])) == []
    assert unreleased(site, None) == []


def test_a_study_that_found_harm_blocks_its_class(site: Site):
    on_record(site, MADE)
    harmed(site, MADE.id, "glioma")
    assert "They harmed: -0.100" in releases(site, MADE)["glioma"].sentence
