"""Identifiers that are planted in uploads are found nowhere afterwards."""

import logging
import tempfile
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from radlens.api.app import create_api
from radlens.domain.audit import Actor, Verb, Wanted
from radlens.domain.errors import BurnedInText, RadLensError
from radlens.reports.pdf import pdf
from radlens.usecases.batch import batch
from radlens.usecases.consult import export
from radlens.usecases.disclose import disclose
from radlens.usecases.predict import predict
from radlens.usecases.verify import verify_records
from radlens.wire_audit import FORMS, written
from tests.builders import let_in, picture, png, tiny_site
from tests.imaging.samples import dicom

ME = Actor("tester", "cli")
NAME, NUMBER, BORN, ACCESSION = "PLANTED^JANE", "PLANTED-4711", "19010203", "PLANTED-ACC-9"
PLANTED = (b"PLANTED", b"19010203", b"1901-02-03")
TASK = "chest-xray"


def tagged() -> bytes:
    """A DICOM file with identifiers in tags, a private one, the preamble and behind its end."""
    upload = dicom(
        picture(),
        Modality="CR",
        PatientName=NAME,
        PatientID=NUMBER,
        PatientBirthDate=BORN,
        AccessionNumber=ACCESSION,
        InstitutionName="PLANTED HOSPITAL",
        ImageComments=f"{NAME} {BORN}",
    )
    return NAME.encode().ljust(128, b"\0") + upload[128:]


def texted() -> bytes:
    info = PngInfo()
    for key, text in (("Title", NAME), ("Comment", NUMBER)):
        info.add_text(key, text)
    exif = Image.Exif()
    exif[0x010E] = NAME
    exif[0x013B] = ACCESSION
    return png(picture(1), pnginfo=info, exif=exif) + NAME.encode()


UPLOADS = {"dicom": tagged, "png": texted}
BAD = {"cut": lambda: tagged()[:400], "text": lambda: NAME.encode(), "empty": lambda: b""}


def planted_in(*places: Path) -> list[str]:
    files = [file for place in places for file in place.rglob("*") if file.is_file()]
    assert files
    return [f"{file}: {word!r}" for file in files for word in PLANTED if word in file.read_bytes()]


def test_what_is_planted_in_uploads_is_found_nowhere(tmp_path, caplog, monkeypatch):
    uploads = {name: make() for name, make in {**UPLOADS, **BAD}.items()}
    caplog.set_level(logging.DEBUG)
    scratch, home = tmp_path / "scratch", tmp_path / "home"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    out = tmp_path / "out"
    out.mkdir()
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    with tiny_site(home) as site:
        client = TestClient(let_in(create_api(site)), raise_server_exceptions=False)
        for name, upload in uploads.items():
            assert not upload or any(word in upload for word in PLANTED)
            if name in BAD:
                with pytest.raises(RadLensError) as caught:
                    predict(site, upload, task=TASK, by=ME, key=f"{NUMBER}-{name}")
                assert "PLANTED" not in f"{caught.value.message} {caught.value.hint}"
            else:
                predict(site, upload, task=TASK, by=ME, key=f"{NUMBER}-{name}")
            client.post(
                "/v1/predictions",
                files={"file": (f"{NAME}.png", upload)},
                data={"task": TASK if name in UPLOADS else NAME},
                headers={"Idempotency-Key": f"{NUMBER}-api-{name}"},
            )
            (inbox / f"{NAME}-{name}").write_bytes(upload)
        list(batch(site, sorted(inbox.iterdir()), task=TASK, by=ME, run=NAME))
        made = site.records.history(limit=99)
        assert len(made) == 6
        for prediction in made:
            found = disclose(site, prediction.id, Verb.DOWNLOAD_REPORT, by=ME)
            report = pdf(
                prediction, task=site.tasks[TASK], scan=found.scan, evidence=found.evidence
            )
            (out / f"{prediction.id}.pdf").write_bytes(report)
            (out / f"{prediction.id}.json").write_text(
                client.get(f"/v1/predictions/{prediction.id}").text
            )
        for form in FORMS:
            lines = written(export(site, Wanted(subject=NUMBER), form=form, by=ME), form)
            (out / f"narrow.{form}").write_text("".join(lines))
            (out / form).write_text(
                "".join(written(export(site, Wanted(), form=form, by=ME), form))
            )
        assert verify_records(site)
        # Open, with its write-ahead log, and closed.
        assert planted_in(home, out) == []
        assert [p for p in scratch.rglob("*") if p.is_file()] == []
    assert planted_in(home, out) == []
    assert "PLANTED" not in caplog.text


def test_a_file_that_says_that_it_names_the_patient_in_its_pixels_is_refused(tmp_path):
    with tiny_site(tmp_path) as site:
        upload = dicom(picture(), Modality="CR", BurnedInAnnotation="YES")
        with pytest.raises(BurnedInText, match="names the patient"):
            predict(site, upload, task=TASK, by=ME)
        assert not list((tmp_path / "objects").rglob(f"*{upload[:4].hex()}*"))
        assert site.records.history(limit=9) == []
        predict(site, dicom(picture(), Modality="CR", BurnedInAnnotation="NO"), task=TASK, by=ME)
