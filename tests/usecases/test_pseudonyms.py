"""A patient is known again by a pseudonym under the site's key, and by nothing else."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from radlens.domain.audit import Actor
from radlens.domain.errors import BadSettings, BrokenChain
from radlens.domain.prediction import Prediction
from radlens.ports import Site
from radlens.usecases.erase import erase
from radlens.usecases.predict import predict
from radlens.usecases.verify import verify_records
from tests.builders import picture, png, readings, tiny_site
from tests.imaging.samples import dicom

ME = Actor("ada", "cli")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with tiny_site(tmp_path) as opened:
        yield opened


def read(site: Site, patient: str, seed: int = 0, study: str = "1.2") -> Prediction:
    upload = dicom(picture(seed), PatientID=patient, StudyInstanceUID=study)
    return predict(site, upload, task="chest-xray", by=ME)


def test_a_patient_is_known_again_also_after_a_restart(site, tmp_path):
    one, two, other = read(site, "4711"), read(site, "4711", 1, study="1.3"), read(site, "4712")
    assert one.whose.patient == two.whose.patient != other.whose.patient
    assert one.whose.study != two.whose.study
    assert site.records.get(one.id).whose == one.whose
    with tiny_site(tmp_path) as again:
        assert read(again, "4711", 2).whose.patient == one.whose.patient
    with tiny_site(tmp_path / "elsewhere") as elsewhere:
        assert read(elsewhere, "4711").whose.patient != one.whose.patient


def test_a_picture_and_a_file_without_a_patient_are_nobodys_and_make_no_key(site, tmp_path):
    assert predict(site, png(picture()), task="chest-xray", by=ME).whose is None
    assert read(site, "ANONYMOUS").whose is None
    assert not (tmp_path / "patient.key").exists()


def test_nothing_is_left_where_nothing_is_put_on_record(tmp_path):
    with tiny_site(tmp_path, record=False) as site:
        assert read(site, "4711").whose
    assert not (tmp_path / "patient.key").exists()


def test_without_the_key_that_was_named_nothing_of_a_patient_is_read(tmp_path):
    with tiny_site(tmp_path, patient_key=str(tmp_path / "lost.key")) as site:
        with pytest.raises(BadSettings, match=r"lost\.key"):
            read(site, "4711")
        assert site.records.count() == 0


def test_the_key_is_not_in_the_database_and_the_log_holds_no_pseudonym(site, tmp_path):
    prediction = read(site, "4711")
    key = (tmp_path / "patient.key").read_text().strip()
    with closing(sqlite3.connect(tmp_path / "radlens.sqlite")) as database:
        said = "\n".join(database.iterdump())
    assert prediction.whose.patient in said
    assert key not in said
    assert sha256(b"4711").hexdigest() not in said
    [entry] = readings(site)
    assert prediction.whose.patient not in str(entry)
    assert entry.act.detail["whose"] == prediction.whose.commitment


@pytest.mark.parametrize("column", ["patient", "study", "salt"])
@pytest.mark.parametrize("value", ["'another'", "NULL"])
def test_an_image_that_is_given_to_another_patient_is_found(site, tmp_path, column, value):
    prediction = read(site, "4711")
    assert verify_records(site)
    with closing(sqlite3.connect(tmp_path / "radlens.sqlite")) as database, database:
        database.execute(f"UPDATE predictions SET {column} = {value}")  # noqa: S608
    [entry] = readings(site)
    with pytest.raises(BrokenChain, match="Whose") as caught:
        verify_records(site)
    assert caught.value.entry == entry.seq
    assert site.records.get(prediction.id).id == prediction.id


def test_an_image_of_nobody_that_is_given_to_a_patient_is_found(site, tmp_path):
    predict(site, png(picture()), task="chest-xray", by=ME)
    with closing(sqlite3.connect(tmp_path / "radlens.sqlite")) as database, database:
        database.execute("UPDATE predictions SET patient = 'a', study = 'b', salt = 'c'")
    with pytest.raises(BrokenChain, match="Whose"):
        verify_records(site)


def test_an_erasure_takes_the_pseudonyms_and_the_log_goes_on_to_verify(site, tmp_path):
    one, two = read(site, "4711"), read(site, "4711", 1)
    erase(site, one.image.digest, reason="the patient asked", by=ME)
    assert site.records.get(one.id).whose is None
    assert site.records.get(two.id).whose == two.whose
    assert verify_records(site)
    with closing(sqlite3.connect(tmp_path / "radlens.sqlite")) as database, database:
        database.execute(
            "UPDATE predictions SET patient = ?, study = ?, salt = ? WHERE id = ?",
            (one.whose.patient, one.whose.study, one.whose.salt, one.id),
        )
    with pytest.raises(BrokenChain, match="Whose"):
        verify_records(site)
