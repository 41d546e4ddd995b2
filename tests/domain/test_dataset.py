"""A dataset is its content: the same everywhere, and never at odds with itself."""

from dataclasses import replace

import pytest

from radlens.domain.dataset import Dataset, Image
from radlens.domain.errors import BadDataset
from radlens.domain.prediction import ImageRef
from radlens.domain.scan import Window


def image(number: int, split: str = "train", **changes: object) -> Image:
    digest = f"{number:064x}"
    window = Window(0.5, 4095.0)
    stored = ImageRef(digest, 8, 9, window, "dicom", "CR", (0.1, 0.2), frame=1, frames=1)
    made = Image(f"{number}-{digest[:8]}", stored, split, "", (1.0, None), {"source": "test"})
    return replace(made, **changes)


def dataset(*images: Image, **changes: object) -> Dataset:
    return replace(Dataset("name", "task", ("a", "b"), images), **changes)


def test_what_is_written_is_read_back_and_has_the_same_id():
    made = dataset(image(1), image(2, patient="P1", group=4), parents=("0" * 64,))
    read = Dataset.read(made.content, name="name", history={})
    assert read == made
    assert read.id == made.id


def test_the_id_follows_the_content_and_not_the_name():
    made = dataset(image(1), image(2))
    assert replace(made, name="other", history={"made": "x"}).id == made.id
    for other in (
        dataset(image(1), image(2, "val")),
        dataset(image(1), image(2, truth=(0.0, None))),
        dataset(image(2), image(1)),
        replace(made, parents=("0" * 64,)),
        replace(made, labels=("b", "a")),
    ):
        assert other.id != made.id


@pytest.mark.parametrize("split", ["val", "test"])
def test_a_synthetic_image_beside_real_ones_is_for_training_only(split: str):
    made = {"synthetic": "diffusion"}
    dataset(image(1, split), image(2, "train", about=made))
    with pytest.raises(BadDataset, match="synthetic"):
        dataset(image(1, "train"), image(2, split, about=made))


def test_a_dataset_without_any_patient_may_be_split_and_says_that_it_is_simulated():
    made = {"synthetic": "phantom"}
    whole = dataset(image(1, "train", about=made), image(2, "test", about=made))
    assert whole.simulated
    assert not dataset(image(1)).simulated


def test_a_name_given_twice_and_a_truth_of_another_length_are_refused():
    with pytest.raises(BadDataset, match="twice"):
        dataset(image(1), image(1))
    with pytest.raises(BadDataset, match="3 labels"):
        dataset(image(1, truth=(1.0, 0.0, None)))


def test_an_image_belongs_to_its_group_else_its_patient_else_itself():
    assert image(1, patient="P1", group=3).unit == image(2, group=3).unit
    assert image(1, patient="P1").unit == image(2, patient="P1").unit
    assert image(1).unit != image(2).unit
