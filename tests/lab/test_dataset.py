"""Manifests are believed only as far as they hold, and splits share nobody."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from radlens.domain.errors import BadDataset
from radlens.domain.model import InputSpec
from radlens.imaging.decode import decode
from radlens.imaging.prepare import prepare
from radlens.lab.dataset import Manifested, read_manifest
from radlens.lab.duplicates import fingerprint, groups, near
from radlens.lab.finish import tensor
from radlens.lab.splits import arrange
from tests.builders import TASKS, picture, png
from tests.lab.tiny import write_dataset, write_manifest

SPEC = InputSpec(32, 32, (0.5,) * 3, (0.25,) * 3, (1.0, 99.0))
BRAIN, CHEST = TASKS["brain-tumor"], TASKS["chest-xray"]


def read(folder: Path, task=BRAIN) -> Manifested:
    return read_manifest(folder, task=task, spec=SPEC, splits=("train", "val", "test"))


def arranged(found: Manifested, task=BRAIN, seed: int = 0):
    return arrange(found, task=task, train_splits=("train",), validation_fraction=0.25, seed=seed)


def test_training_sees_what_serving_sees(tmp_path: Path):
    rows = write_dataset(tmp_path, BRAIN, {"train": 4, "test": 2})
    ours = tensor(read(tmp_path).splits["train"], SPEC)
    served = [prepare(decode((tmp_path / r["file"]).read_bytes()), SPEC) for r in rows[:4]]
    np.testing.assert_allclose(ours, served, atol=2**-11 / 0.25)


def test_an_empty_label_is_unknown_and_other_splits_are_left_alone(tmp_path: Path):
    rows = write_dataset(tmp_path, CHEST, {"train": 13, "test": 13, "optional_train": 2})
    rows[0]["Edema"] = ""
    write_manifest(tmp_path, rows)
    found = read(tmp_path, CHEST)
    assert set(found.splits) == {"train", "test"}
    assert np.isnan(found.splits["train"].truth).sum() == 1
    assert np.isnan(found.splits["train"].truth[0, CHEST.names.index("Edema")])


@pytest.mark.parametrize(
    ("task", "spoil", "says"),
    [
        (BRAIN, {"file": "images/none.png"}, "1 files of the manifest are missing"),
        (BRAIN, {"label": "oedema"}, "'oedema', which the card does not know"),
        (BRAIN, {"file": "images/train-1.png"}, "twice"),
        (CHEST, {"Edema": "maybe"}, "'maybe' for Edema"),
        (CHEST, {"patient_id": "test0"}, "patient test0 is in two splits"),
    ],
)
def test_a_spoilt_row_is_refused_by_name(tmp_path: Path, task, spoil: dict[str, str], says: str):
    rows = write_dataset(tmp_path, task, {"train": 13, "test": 13})
    read(tmp_path, task)
    rows[0] |= spoil
    write_manifest(tmp_path, rows)
    with pytest.raises(BadDataset, match=says):
        read(tmp_path, task)


def test_a_missing_column_is_refused_by_name(tmp_path: Path):
    rows = write_dataset(tmp_path, CHEST, {"train": 13, "test": 13})
    write_manifest(tmp_path, [{k: v for k, v in row.items() if k != "Mass"} for row in rows])
    with pytest.raises(BadDataset, match="no column 'Mass'"):
        read(tmp_path, CHEST)


def test_a_folder_without_manifest_and_a_damaged_image_are_refused(tmp_path: Path):
    with pytest.raises(BadDataset, match="cannot be read"):
        read(tmp_path)
    write_dataset(tmp_path, BRAIN, {"train": 4, "test": 4})
    (tmp_path / "images" / "train-2.png").write_bytes(b"\x89PNG\r\n\x1a\nrubbish")
    with pytest.raises(BadDataset, match=r"train-2\.png"):
        read(tmp_path)


@pytest.mark.parametrize("splits", [{"train": 8}, {"test": 8}, {"train": 1, "test": 8}])
def test_too_little_to_train_or_test_on_is_refused(tmp_path: Path, splits: dict[str, int]):
    write_dataset(tmp_path, BRAIN, splits)
    with pytest.raises(BadDataset):
        arranged(read(tmp_path))


def test_a_validation_split_is_cut_from_train_with_a_share_of_every_label(tmp_path: Path):
    write_dataset(tmp_path, BRAIN, {"train": 48, "test": 8})
    found = read(tmp_path)
    data = arranged(found)
    assert not {*data.train.files} & {*data.val.files}
    assert len(data.train) + len(data.val) == 48
    assert (data.val.truth.sum(0) == 3).all()
    assert arranged(found).val.files == data.val.files
    assert arranged(found, seed=1).val.files != data.val.files
    assert data.findings["validation_cut_from_train"]


def test_near_duplicates_of_a_test_image_are_taken_out_of_train(tmp_path: Path):
    rows = write_dataset(tmp_path, BRAIN, {"train": 24, "test": 8})
    with Image.open(tmp_path / "images" / "test-3.png") as image:
        image.point(lambda v: v * 0.9 + 9).save(tmp_path / "images" / "train-5.png")
    data = arranged(read(tmp_path))
    assert "images/train-5.png" not in {*data.train.files, *data.val.files}
    assert data.findings["train_images_dropped_as_near_test"] == 1
    assert data.findings["test_images_near_a_train_image"] == 1
    assert len(rows) - 1 == len(data.train) + len(data.val) + len(data.test)


def test_a_group_of_near_duplicates_is_never_divided(tmp_path: Path):
    write_dataset(tmp_path, BRAIN, {"train": 40, "test": 8})
    found = read(tmp_path)
    prints = found.splits["train"].prints.copy()
    prints[20:] = prints[:20]
    found.splits["train"] = replace(found.splits["train"], prints=prints)
    data = arranged(found)
    pairs = {
        name: f"images/train-{i % 20}.png" for i, name in enumerate(found.splits["train"].files)
    }
    assert not {pairs[f] for f in data.train.files} & {pairs[f] for f in data.val.files}


def jpeg(pixels: np.ndarray) -> bytes:
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=60)
    return stream.getvalue()


def test_copies_that_were_encoded_again_or_brightened_are_near_and_others_are_not():
    originals = [picture(seed, 120, 100) for seed in range(30)]
    prints = np.stack([fingerprint(decode(png(p))) for p in originals])
    again = np.stack([fingerprint(decode(jpeg(p))) for p in originals])
    brighter = [np.clip(p * 1.1 + 8, 0, 255).astype(np.uint8) for p in originals]
    bright = np.stack([fingerprint(decode(png(p))) for p in brighter])
    assert near(prints, again).diagonal().all()
    assert near(prints, bright).diagonal().mean() > 0.9
    assert near(prints, prints).sum() == 30


def test_neighbours_of_neighbours_are_one_group():
    chain = np.zeros((4, 256), bool)
    chain[1, :15] = chain[2, :30] = chain[3, 100:] = True
    found = groups(chain)
    assert found[0] == found[1] == found[2] != found[3]
