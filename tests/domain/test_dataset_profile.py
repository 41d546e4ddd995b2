"""What a dataset is of is counted, and what nobody knows is counted as unknown."""

from dataclasses import replace

from radlens.domain.dataset import Dataset, stored_of
from radlens.domain.dataset_profile import WALL, profile, wall
from tests.domain.test_dataset import image

ABOUT = (
    {"sex": "F", "age": "61", "view": "PA", "source": "one", "licence": "CC0"},
    {"sex": "M", "age": "69", "view": "AP", "source": "one", "licence": "CC0"},
    {"sex": "F", "age": "8", "source": "two"},
    {"synthetic": "diffusion"},
)


def dataset(*about, **changes):
    images = tuple(replace(image(n, about=told), **changes) for n, told in enumerate(about))
    return Dataset("set", "task", ("a", "b"), images)


def test_people_views_and_origins_are_counted():
    found = profile(dataset(*ABOUT))
    assert found["values"]["sex"] == {"F": 2, "M": 1, "unknown": 1}
    assert found["values"]["view"] == {"AP": 1, "PA": 1, "unknown": 2}
    assert found["synthetic"] == {"diffusion": 1}
    assert found["sources"] == [
        ["one", "CC0", 2],
        ["two", "unknown", 1],
        ["unknown", "unknown", 1],
    ]
    assert (found["decades"], found["median_age"]) == ({"0": 1, "60": 2}, 61)


def test_what_is_known_is_counted_for_completeness():
    known = profile(dataset(*ABOUT))["known"]
    assert (known["sex"], known["age"], known["view"], known["modality"]) == (3, 3, 2, 0)
    assert profile(dataset({}, truth=(1.0, None)))["known"]["every label"] == 0


def test_rare_sizes_are_counted_together():
    images = tuple(
        replace(i, stored=replace(i.stored, rows=100 + n))
        for n, i in enumerate(dataset(*[{}] * 15).images)
    )
    found = profile(Dataset("set", "task", ("a", "b"), images))
    assert len(found["sizes"]) == 12
    assert found["other_sizes"] == 3


def test_nobodys_age_is_no_age():
    found = profile(dataset({}))
    assert (found["decades"], found["median_age"], found["known"]["age"]) == ({}, None, 0)


def test_the_wall_has_images_of_every_label_and_none_twice_and_none_unfit():
    images = tuple(image(n, truth=(float(n % 3 == 0), float(n % 3 != 0))) for n in range(90))
    found = wall(Dataset("set", "task", ("a", "b"), images), {0, 1})
    assert [entry["label"] for entry in found].count("a") == WALL // 2
    files = [entry["file"] for entry in found]
    assert len(files) == len(set(files)) <= WALL
    assert not {images[0].file, images[1].file} & set(files)
    assert stored_of(found[0]["stored"]) in [each.stored for each in images]
