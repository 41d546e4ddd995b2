"""An import keeps pixels and labels and leaves everybody's name behind."""

import json
from collections.abc import Iterator
from pathlib import Path

import nibabel
import numpy as np
import pytest

from radlens.bootstrap import open_site
from radlens.domain.dataset import Dataset
from radlens.domain.errors import BadDataset, Conflict, NoSuchItem
from radlens.domain.ledger import Kind
from radlens.domain.model import InputSpec
from radlens.domain.task import Label, Urgency
from radlens.imaging.decode import decode
from radlens.imaging.encode import restore
from radlens.imaging.prepare import prepare
from radlens.lab.dataset import find_dataset, read_cases
from radlens.lab.finish import tensor
from radlens.lab.importing import import_folder
from radlens.ports import Site
from radlens.settings import Settings
from radlens.usecases.datasets import register, register_as
from tests.builders import TASKS, picture, png
from tests.imaging.samples import PATIENT, dicom
from tests.lab.tiny import write_dataset, write_manifest

SPEC = InputSpec(32, 32, (0.5,) * 3, (0.25,) * 3, (1.0, 99.0))
BRAIN, CHEST = TASKS["brain-tumor"], TASKS["chest-xray"]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with open_site(Settings(home=tmp_path / "home", gallery="gallery"), record=False) as opened:
        yield opened


def test_training_sees_what_serving_sees(site: Site, tmp_path: Path):
    rows = write_dataset(tmp_path / "set", BRAIN, {"train": 4, "test": 2})
    dataset = find_dataset(site, str(tmp_path / "set"), task=BRAIN)
    cases = read_cases(site.blobs, dataset, spec=SPEC, splits=("train",))["train"]
    served = [prepare(decode((tmp_path / "set" / r["file"]).read_bytes()), SPEC) for r in rows[:4]]
    np.testing.assert_allclose(tensor(cases, SPEC), served, atol=2**-11 / 0.25)
    assert cases.digests == tuple(i.digest for i in dataset.of("train"))


def test_the_same_folder_is_the_same_dataset_and_the_ledger_gives_it_back(site, tmp_path: Path):
    write_dataset(tmp_path / "set", CHEST, {"train": 13, "test": 13})
    first = find_dataset(site, str(tmp_path / "set"), task=CHEST)
    assert import_folder(site, tmp_path / "set", task=CHEST, name="other").id == first.id
    assert find_dataset(site, "set", task=CHEST) == first
    assert find_dataset(site, first.id[:10], task=CHEST) == first
    assert [item.id for item in site.ledger.items(Kind.DATASET)] == [first.id]


def test_a_folder_that_changed_is_not_answered_by_the_record_of_its_name(
    site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    rows = write_dataset(Path("set"), BRAIN, {"train": 8})
    before = find_dataset(site, "set", task=BRAIN)
    write_manifest(Path("set"), rows[:7])
    assert len(find_dataset(site, "set", task=BRAIN).images) == 7
    assert find_dataset(site, before.id[:10], task=BRAIN) == before
    Path("set").rename("elsewhere")
    Path("set").mkdir()  # a folder of something else
    assert len(find_dataset(site, "set", task=BRAIN).images) == 7


def test_a_second_name_for_the_same_data_is_a_conflict(site: Site, tmp_path: Path):
    write_dataset(tmp_path / "set", BRAIN, {"train": 8})
    register_as(site, import_folder(site, tmp_path / "set", task=BRAIN, name="one"))
    register_as(site, import_folder(site, tmp_path / "set", task=BRAIN, name="one"))
    with pytest.raises(Conflict, match="'one'"):
        register_as(site, import_folder(site, tmp_path / "set", task=BRAIN, name="two"))


def test_the_newest_of_a_name_is_found(site: Site, tmp_path: Path):
    for number in (8, 9):
        write_dataset(tmp_path / f"{number}", BRAIN, {"train": number})
        register(site, import_folder(site, tmp_path / f"{number}", task=BRAIN, name="set"))
    assert len(find_dataset(site, "set", task=BRAIN).images) == 9


def test_a_dataset_of_another_task_or_that_is_not_there_is_refused(site: Site, tmp_path: Path):
    write_dataset(tmp_path / "set", BRAIN, {"train": 8})
    find_dataset(site, str(tmp_path / "set"), task=BRAIN)
    with pytest.raises(BadDataset, match="of brain-tumor"):
        find_dataset(site, "set", task=CHEST)
    with pytest.raises(NoSuchItem, match="nowhere"):
        find_dataset(site, "nowhere", task=CHEST)


def whole(site: Site, dataset: Dataset) -> str:
    """Everything that is on record of a dataset, as text."""
    item = register(site, dataset)
    return json.dumps(item.body) + dataset.content.decode()


def test_no_name_of_a_patient_or_file_is_kept(site: Site, tmp_path: Path):
    rows = write_dataset(tmp_path, CHEST, {"train": 13})
    for n, row in enumerate(rows):
        row |= {"patient_id": f"Doe^{n // 2}", "birth_date": "19700101", "sex": "F", "age": "95"}
    (tmp_path / "Roe^Jane.dcm").write_bytes(dicom(picture(99).astype(np.uint16) * 16))
    rows[0]["file"] = "Roe^Jane.dcm"
    write_manifest(tmp_path, rows)
    dataset = import_folder(site, tmp_path, task=CHEST, name="set")
    text = whole(site, dataset)
    for name in ("Doe", "Roe", PATIENT, "19700101", "train-1", str(tmp_path)):
        assert name not in text
    assert [i.patient for i in dataset.images] == [f"P{n // 2 + 1}" for n in range(13)]
    assert dataset.history["columns_left_behind"] == ["birth_date"]
    assert dataset.images[0].about["age"] == "90", "an age over 89 singles somebody out"
    assert PATIENT.encode() not in site.blobs.get(dataset.images[0].digest)


def test_the_stored_image_is_the_scan_that_was_decoded(site: Site, tmp_path: Path):
    rows = write_dataset(tmp_path, BRAIN, {"train": 4})
    upload = dicom(
        picture(1).astype(np.uint16) * 16, PixelSpacing=[0.5, 0.7], WindowCenter=900,
        WindowWidth=1500, Modality="MR",
    )  # fmt: skip
    (tmp_path / rows[0]["file"]).write_bytes(upload)
    image = import_folder(site, tmp_path, task=BRAIN).images[0]
    given, kept = decode(upload), restore(site.blobs.get(image.digest), image.stored)
    np.testing.assert_array_equal(kept.pixels, given.pixels)
    assert (kept.window, kept.spacing_mm, kept.source) == (given.window, given.spacing_mm, "dicom")
    assert image.about["modality"] == "MR"


def test_slices_of_a_volume_are_imported_by_number_or_from_the_middle(site: Site, tmp_path: Path):
    rows = write_dataset(tmp_path, BRAIN, {"train": 8})
    values = np.random.default_rng(0).random((6, 8, 9), np.float32)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / "head.nii.gz")
    for n, row in enumerate(rows):
        row |= {"slice": "", "axis": ""}
        if n < 3:
            row |= {"file": "head.nii.gz", "slice": ("2", "", "1")[n]}
    rows[2]["axis"] = "coronal"
    write_manifest(tmp_path, rows)
    dataset = import_folder(site, tmp_path, task=BRAIN)
    shapes = [(i.stored.rows, i.stored.cols, i.stored.frame) for i in dataset.images[:3]]
    assert shapes == [(8, 6, 3), (8, 6, 5), (9, 6, 2)]
    assert dataset.history["middle_slices"] == 1


def test_masks_and_the_origin_of_synthetic_images_are_kept(site: Site, tmp_path: Path):
    rows = write_dataset(tmp_path, BRAIN, {"train": 8})
    mask = np.zeros((48, 48), np.uint8)
    mask[9:20, 9:20] = 255
    (tmp_path / "mask.png").write_bytes(png(mask))
    for row in rows:
        row |= {"synthetic": "no", "mask": ""}
    rows[3] |= {"synthetic": "phantom, seed 1", "mask": "mask.png"}
    write_manifest(tmp_path, rows)
    images = import_folder(site, tmp_path, task=BRAIN).images
    assert [i.synthetic for i in images] == [n == 3 for n in range(8)]
    assert images[3].about["synthetic"] == "phantom, seed 1"
    np.testing.assert_array_equal(decode(site.blobs.get(images[3].about["mask"])).pixels, mask)


@pytest.mark.parametrize("split", [True, False])
def test_a_folder_for_each_class_is_imported_with_or_without_splits(site, tmp_path: Path, split):
    for part in ("train", "test") if split else ("",):
        for n, label in enumerate(BRAIN.names):
            folder = tmp_path / part / label
            folder.mkdir(parents=True)
            (folder / ".hidden").write_text("left alone")
            (folder / "scan.png").write_bytes(png(picture(n + 10 * len(part))))
    dataset = import_folder(site, tmp_path, task=BRAIN)
    assert {*dataset.splits} == ({"train", "test"} if split else {""})
    for image in dataset.images:
        assert image.truth.count(1.0) == 1
    assert len({(i.split, i.truth) for i in dataset.images}) == (8 if split else 4)


def test_an_empty_label_is_unknown_and_an_image_without_any_says_nothing(site, tmp_path: Path):
    rows = write_dataset(tmp_path, CHEST, {"train": 13, "test": 13, "optional_train": 2})
    rows[0]["Edema"] = ""
    rows[1] |= dict.fromkeys(CHEST.names, "")
    write_manifest(tmp_path, rows)
    dataset = find_dataset(site, str(tmp_path), task=CHEST)
    cases = read_cases(site.blobs, dataset, spec=SPEC, splits=("train", "test"))
    assert len(cases["train"]) == 12
    assert np.isnan(cases["train"].truth).sum() == 1
    assert np.isnan(cases["train"].truth[0, CHEST.names.index("Edema")])
    assert not {*cases["train"].unit} & {*cases["test"].unit}


def test_an_import_that_fails_leaves_nothing_on_record(site: Site, tmp_path: Path):
    write_dataset(tmp_path, BRAIN, {"train": 4})
    (tmp_path / "images" / "train-2.png").write_bytes(b"\x89PNG\r\n\x1a\nrubbish")
    with pytest.raises(BadDataset, match=r"train-2\.png"):
        find_dataset(site, str(tmp_path), task=BRAIN)
    assert site.ledger.items(Kind.DATASET) == []


def test_a_dataset_gets_the_labels_that_its_card_got_since(site: Site, tmp_path: Path):
    new = Label("moyamoya", "Moyamoya disease", "Vessels narrow slowly.", Urgency.CRITICAL)
    for card, nothing in ((BRAIN, 0.0), (CHEST, None)):
        write_dataset(tmp_path / card.name, card, {"train": 13, "test": 13})
        before = find_dataset(site, str(tmp_path / card.name), task=card)
        after = find_dataset(site, card.name, task=card.extended(new))
        assert after.labels == (*card.names, "moyamoya")
        assert after.parents == (before.id,)
        told = [image.truth for image in before.images]
        assert [image.truth for image in after.images] == [(*truth, nothing) for truth in told]
        assert find_dataset(site, card.name, task=card.extended(new)) == after
        with pytest.raises(BadDataset, match="is of"):
            find_dataset(site, card.name, task=card)
