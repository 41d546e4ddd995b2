"""``radlens data`` as it is typed; bad manifests end with code 2 and leave nothing on record."""

import json
import re
from pathlib import Path

import nibabel
import numpy as np
import pytest
from click.testing import CliRunner, Result

from radlens.cli.app import app
from radlens.domain.audit import Actor
from radlens.domain.review import Decision, Opinion
from radlens.usecases.predict import predict
from radlens.usecases.review import review
from radlens.usecases.worklist import claim
from tests.builders import TASKS, picture, png, tiny_site
from tests.lab.planted import alike, encoded_again
from tests.lab.tiny import write_dataset, write_manifest

READER = Actor("ann", "page")
BRAIN, CHEST = TASKS["brain-tumor"], TASKS["chest-xray"]


@pytest.fixture
def radlens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RADLENS_HOME", str(tmp_path / "home"))

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, ["data", *map(str, arguments)])

    return run


def listed(radlens) -> list[dict]:
    done = radlens("list", "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_of_many_dropped_images_ten_are_named_and_the_card_names_all(radlens, tmp_path: Path):
    folder = tmp_path / "set"
    rows = write_dataset(folder, BRAIN, {"train": 24, "test": 12})
    for at, (one, other) in enumerate(zip(rows[:12], rows[24:], strict=True)):
        (folder / one["file"]).write_bytes(png(alike(at)))
        (folder / other["file"]).write_bytes(encoded_again(alike(at)))
    assert radlens("import", folder, "--task", "brain-tumor", "--name", "twins").exit_code == 0
    done = radlens("split", "twins", "--keep", "test", "--validation", 0.25)
    assert done.exit_code == 0, done.output
    assert done.output.count(" dropped: it repeats ") == 10
    newest = listed(radlens)[0]["id"][:12]
    assert f"and 2 more: see `radlens data card {newest}`" in done.output
    told = radlens("card", newest).output
    named = re.findall(r"^\| (\d+)-\w+ \| \w+ \| train \| \d+-\w+ \| test", told, re.M)
    assert sorted(map(int, named)) == [*range(1, 13)]


def test_a_folder_is_imported_scanned_split_and_described(radlens, tmp_path: Path):
    folder = tmp_path / "set"
    rows = write_dataset(folder, BRAIN, {"train": 40, "test": 8})
    pixels = alike(1)
    (folder / rows[3]["file"]).write_bytes(encoded_again(pixels))
    (folder / rows[44]["file"]).write_bytes(png(pixels))
    done = radlens("import", folder, "--task", "brain-tumor", "--name", "heads")
    assert done.exit_code == 0, done.output
    assert "train 40, test 8" in done.output
    [entry] = listed(radlens)
    assert (entry["name"], entry["images"], entry["patients_known"]) == ("heads", 48, False)

    done = radlens("scan", "heads")
    assert done.exit_code == 0, done.output
    assert "1 pairs that leak from one split into another" in done.output
    found = json.loads(radlens("scan", entry["id"][:12], "--json").stdout)
    assert [[one.split("-")[0] for one in pair] for pair in found["across"]] == [["4", "45"]]
    assert found["parents"] == [entry["id"]]

    done = radlens("split", "heads", "--keep", "test", "--validation", 0.2)
    assert done.exit_code == 0, done.output
    assert "of train dropped: it repeats 45-" in done.output
    newest, old = listed(radlens)
    assert (newest["name"], newest["parents"]) == ("heads-split", [old["id"]])
    assert {name: s["images"] for name, s in newest["splits"].items()} == {
        "train": 31, "val": 8, "test": 8,
    }  # fmt: skip

    card = tmp_path / "card.md"
    assert radlens("card", "heads-split", "--out", card).exit_code == 0
    assert newest["id"] in card.read_text()
    assert newest["history"]["dropped"][0]["digest"][:12] in card.read_text()
    assert "1 pairs that leak" in radlens("card", "heads").output


def test_importing_twice_is_one_dataset(radlens, tmp_path: Path):
    write_dataset(tmp_path / "set", BRAIN, {"train": 8})
    for _ in range(2):
        assert radlens("import", tmp_path / "set", "--task", "brain-tumor").exit_code == 0
    assert len(listed(radlens)) == 1


def test_what_was_left_behind_or_chosen_is_said(radlens, tmp_path: Path):
    rows = write_dataset(tmp_path, BRAIN, {"train": 8})
    nibabel.save(
        nibabel.Nifti1Image(np.random.default_rng(0).random((6, 8, 9), np.float32), np.eye(4)),
        tmp_path / "head.nii.gz",
    )
    for row in rows:
        row["physician"] = "somebody"
    rows[0]["file"] = "head.nii.gz"
    write_manifest(tmp_path, rows)
    done = radlens("import", tmp_path, "--task", "brain-tumor")
    assert "physician" in done.output
    assert "1 volumes the middle slice" in done.output


@pytest.mark.parametrize(
    ("task", "spoil", "says"),
    [
        (BRAIN, {"file": "images/none.png"}, "1 files of the manifest are missing"),
        (BRAIN, {"file": ""}, "names no file"),
        (BRAIN, {"label": "oedema"}, "'oedema', which the card does not know"),
        (BRAIN, {"file": "images/train-1.png"}, "twice"),
        (BRAIN, {"age": "old"}, "the age 'old'"),
        (BRAIN, {"age": "nan"}, "the age 'nan'"),
        (BRAIN, {"slice": "-1"}, "the slice '-1'"),
        (BRAIN, {"synthetic": "phantom", "split": "test"}, "synthetic"),
        (CHEST, {"Edema": "maybe"}, "'maybe' for Edema"),
        (CHEST, {"patient_id": "test0"}, "1 patients are in two splits"),
    ],
)
def test_a_spoilt_row_is_refused_by_name(radlens, tmp_path: Path, task, spoil, says: str):
    rows = write_dataset(tmp_path / "set", task, {"train": 13, "test": 13})
    for row in rows:
        row |= {name: row.get(name, "") for name in spoil}
    rows[0] |= spoil
    write_manifest(tmp_path / "set", rows)
    refused(radlens, tmp_path / "set", task.name, says)


def refused(radlens, folder: Path, task: str, says: str) -> None:
    """Exit code 2, a sentence and a hint, and nothing on record."""
    done = radlens("import", folder, "--task", task)
    assert done.exit_code == 2, done.output
    assert says in done.stderr
    assert "Hint: " in done.stderr
    assert listed(radlens) == []


@pytest.mark.parametrize(
    ("task", "change", "says"),
    [
        (BRAIN, {"label": "glioma"}, "fewer than two classes"),
        (BRAIN, {"label": ""}, "Every label of the manifest is unknown"),
        (CHEST, dict.fromkeys(CHEST.names, "0"), "fewer than two classes"),
        (CHEST, dict.fromkeys(CHEST.names, ""), "Every label of the manifest is unknown"),
    ],
)
def test_a_manifest_that_teaches_nothing_is_refused(radlens, tmp_path, task, change, says: str):
    rows = write_dataset(tmp_path / "set", task, {"train": 4})
    write_manifest(tmp_path / "set", [row | change for row in rows])
    refused(radlens, tmp_path / "set", task.name, says)


def test_a_folder_that_holds_no_manifest_or_a_broken_one_is_refused(radlens, tmp_path: Path):
    (tmp_path / "set").mkdir()
    refused(radlens, tmp_path / "set", "brain-tumor", "no rows")
    refused(radlens, tmp_path / "set", "chest-xray", "no manifest.csv")
    refused(radlens, tmp_path / "none", "brain-tumor", "no folder 'none'")
    for content, says in (
        (b"", "no column 'file'"),
        (b"\xff\xfe", "cannot be read"),
        (b"file,label\n", "no rows"),
        (b"file,split\na.png,train\n", "no column 'label'"),
        (b"file,label\na.png,glioma,more\n", "Line 2"),
    ):
        (tmp_path / "set" / "manifest.csv").write_bytes(content)
        refused(radlens, tmp_path / "set", "brain-tumor", says)


def test_a_class_folder_that_the_card_does_not_know_is_refused(radlens, tmp_path: Path):
    (tmp_path / "set" / "oedema").mkdir(parents=True)
    (tmp_path / "set" / "oedema" / "a.png").write_bytes(png(picture()))
    refused(radlens, tmp_path / "set", "brain-tumor", "'oedema'")


def test_a_damaged_image_is_refused_by_name(radlens, tmp_path: Path):
    write_dataset(tmp_path / "set", BRAIN, {"train": 8})
    (tmp_path / "set" / "images" / "train-2.png").write_bytes(b"\x89PNG\r\n\x1a\nrubbish")
    refused(radlens, tmp_path / "set", "brain-tumor", "images/train-2.png: ")


def test_what_is_not_there_is_said(radlens, tmp_path: Path):
    for command in ("scan", "split", "card"):
        done = radlens(command, "nothing")
        assert done.exit_code == 3
        assert "There is no dataset 'nothing'" in done.stderr
    write_dataset(tmp_path / "set", BRAIN, {"train": 8})
    assert radlens("import", tmp_path / "set", "--task", "knee").exit_code == 2
    assert radlens("import", tmp_path / "set", "--task", "brain-tumor").exit_code == 0
    done = radlens("split", "set", "--keep", "test")
    assert done.exit_code == 2
    assert "'test' cannot be kept" in done.stderr
    assert len(listed(radlens)) == 1


def test_what_readers_signed_becomes_a_dataset(radlens, tmp_path: Path):
    with tiny_site(tmp_path / "home") as site:
        prediction = predict(site, png(picture()), task="brain-tumor", by=READER)
    done = radlens("from-reviews", "signed", "--task", "brain-tumor")
    assert done.exit_code == 2
    assert "No reader has concluded" in done.output
    with tiny_site(tmp_path / "home") as site:
        claim(site, prediction.id, by=READER)
        stated = [Opinion(f.label, None, Decision.ACCEPT) for f in prediction.findings]
        review(site, prediction.id, stated, by=READER)
    done = radlens("from-reviews", "signed", "--task", "brain-tumor")
    assert done.exit_code == 0, done.output
    assert "not split 1" in done.output
    [entry] = listed(radlens)
    assert (entry["name"], entry["history"]["made"]) == ("signed", "reviews")
    done = radlens("card", "signed")
    assert "what a reader signed" in done.output
    assert prediction.model.digest[:12] in done.output
