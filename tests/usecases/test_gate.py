"""A photo is never given a disease: what the gate refuses is not answered and not kept."""

import json
from pathlib import Path

import pytest
from sklearn.datasets import load_sample_images

from radlens.domain.audit import Actor
from radlens.domain.errors import BadInput, BrokenModel, NotThisTask
from radlens.domain.gate import Verdict
from radlens.ports import Site
from radlens.usecases.predict import predict
from tests.builders import TASKS, gated_bundle, picture, png, readings, tiny_site
from tests.imaging.samples import dicom

TASK = TASKS["chest-xray"]
ME = Actor("tester", "cli")
PHOTOGRAPH = png(load_sample_images().images[0])


def read(site: Site, upload: bytes):
    return predict(site, upload, task=TASK.name, by=ME)


def gated(home: Path, doubtful: float, refused: float):
    gated_bundle(home / "gallery" / TASK.name, TASK, doubtful=doubtful, refused=refused)
    return tiny_site(home)


def test_an_image_that_is_unlike_all_others_is_refused_and_nothing_is_kept(tmp_path: Path):
    with gated(tmp_path, 0.0, 0.0) as site:
        with pytest.raises(NotThisTask, match="unlike") as caught:
            read(site, png(picture()))
        assert isinstance(caught.value, BadInput)
        assert "CR or DX or RG" in caught.value.hint
        assert site.records.history(limit=9) == []
        assert not list((tmp_path / "objects").rglob("*.png"))


@pytest.mark.parametrize(
    ("doubtful", "verdict"), [(0.0, Verdict.DOUBTFUL), (9.0, Verdict.ASSESSABLE)]
)
def test_the_verdict_is_on_record_with_the_answer(tmp_path: Path, doubtful: float, verdict: str):
    with gated(tmp_path, doubtful, 9.0) as site:
        kept = site.records.get(read(site, png(picture())).id)
        assert kept.assessment is not None
        assert kept.assessment.verdict == verdict
        assert kept.doubtful == (verdict is Verdict.DOUBTFUL)
        assert len(readings(site)) == 1


def test_without_a_gate_the_record_says_that_nothing_was_checked(tmp_path: Path):
    with tiny_site(tmp_path) as site:
        kept = site.records.get(read(site, png(picture())).id)
    assert kept.assessment is None
    assert "Nothing checked" in kept.admission


@pytest.mark.parametrize(
    ("upload", "reason"),
    [
        (PHOTOGRAPH, "in colour"),
        (dicom(picture(), Modality="MR"), "modality MR, not CR or DX or RG"),
        (png(picture(rows=20, cols=20)), "only 20 x 20 pixels"),
    ],
    ids=["photograph", "modality", "small"],
)
def test_what_is_plainly_no_such_image_is_refused_even_without_a_gate(
    tmp_path: Path, upload: bytes, reason: str
):
    with tiny_site(tmp_path) as site:
        with pytest.raises(NotThisTask, match=reason):
            read(site, upload)
        assert site.records.history(limit=9) == []


def test_a_doubt_of_the_header_is_on_record_even_without_a_gate(tmp_path: Path):
    with tiny_site(tmp_path) as site:
        answer = read(site, dicom(picture(), Modality="DX", BodyPartExamined="KNEE"))
    assert answer.doubtful
    assert "KNEE" in answer.admission


def test_a_gate_that_does_not_give_its_golden_signals_does_not_answer(tmp_path: Path):
    folder = gated_bundle(tmp_path / "gallery" / TASK.name, TASK, doubtful=9.0, refused=9.0)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["gate"]["golden"][0] += 0.1
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with tiny_site(tmp_path) as site, pytest.raises(BrokenModel, match="golden"):
        read(site, png(picture()))


@pytest.mark.parametrize("signals", [0, 4])
def test_a_gate_of_other_signals_than_the_network_has_is_refused(tmp_path: Path, signals: int):
    folder = gated_bundle(tmp_path / "gallery" / TASK.name, TASK, doubtful=9.0, refused=9.0)
    manifest = json.loads((folder / "manifest.json").read_text())
    gate = manifest["gate"]
    gate["signals"], gate["golden"] = gate["signals"][:signals], gate["golden"][:signals]
    manifest["gate"] = gate if signals else None
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with tiny_site(tmp_path) as site, pytest.raises(BrokenModel):
        read(site, png(picture()))
