"""Whose image a file says it is and of which series, and nothing where it says nothing."""

import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from radlens.domain.pseudonym import Identity, Place
from radlens.domain.scan import Bounds
from radlens.imaging.decode import decode, identity, place
from radlens.imaging.dicom_identity import FRONT_BYTES
from tests.builders import picture, png
from tests.imaging.samples import dicom, raster

SAID = {"IssuerOfPatientID": "CITY", "PatientID": "4711", "StudyInstanceUID": "1.2.3"}
SLICE = {"SeriesInstanceUID": "1.2.3.9", "InstanceNumber": "12"}
SYNTAXES = [
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    DeflatedExplicitVRLittleEndian,
]


def of(upload: bytes) -> Identity | None:
    return identity(upload, decode(upload))


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_issuer_patient_and_study_are_read_however_a_file_is_encoded(syntax):
    assert of(dicom(picture(), syntax, **SAID)) == Identity("CITY", "4711", "1.2.3")


def test_padding_is_no_part_of_it_and_what_is_missing_is_empty():
    assert of(dicom(picture(), PatientID=" 4711  ")) == Identity("", "4711", "")
    assert (
        of(dicom(picture(), PatientID="Å-12", SpecificCharacterSet="ISO_IR 100")).patient == "Å-12"
    )


@pytest.mark.parametrize(
    "patient",
    ["", " ", "ANONYMOUS", "anonymized", "No ID", "n/a", "00000", "xxx", "---", "SYNTHETIC"],
)
def test_what_stands_for_no_patient_is_nobody(patient):
    assert of(dicom(picture(), PatientID=patient)) is None


def test_a_file_without_a_patient_id_names_nobody():
    assert of(dicom(picture(), PatientID=None)) is None
    inner = Dataset()
    inner.PatientID = "4711"
    assert of(dicom(picture(), PatientID=None, OtherPatientIDsSequence=[inner])) is None


def test_png_and_jpeg_name_nobody_even_where_they_look_like_dicom():
    upload = png(picture())
    assert of(upload) is None
    assert of(raster(picture(), "JPEG", comment=b"x" * 200 + b"DICM")) is None


def test_an_identity_is_not_printed():
    assert "4711" not in repr(of(dicom(picture(), **SAID)))
    assert "CITY" not in str(of(dicom(picture(), **SAID)))


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_series_and_number_are_read_however_a_file_is_encoded(syntax):
    assert place(dicom(picture(), syntax, **SLICE)) == Place("1.2.3.9", 12)


def test_series_and_number_are_read_of_a_file_that_is_cut_short_behind_them():
    upload = dicom(picture(), **SLICE)
    assert place(upload[:-1000]) == Place("1.2.3.9", 12)
    assert place(upload[:200]) is None


@pytest.mark.parametrize("number", [b"IS\x02\0x2", b"IS\x02\0  ", b"IS\x02\0\\1", b"LO\x02\0x2"])
def test_a_series_without_a_number_that_can_be_read_is_one_nevertheless(number):
    upload = dicom(picture(), **SLICE)
    assert upload.count(b"IS\x02\x0012") == 1
    assert place(upload.replace(b"IS\x02\x0012", number)) == Place("1.2.3.9", None)
    assert place(dicom(picture(), SeriesInstanceUID="1.2.3.9")) == Place("1.2.3.9", None)


def test_what_names_no_series_is_of_none():
    inner = Dataset()
    inner.SeriesInstanceUID = "1.2.3.9"
    assert place(dicom(picture(), ReferencedSeriesSequence=[inner])) is None
    assert place(dicom(picture(), SeriesInstanceUID="")) is None
    assert place(b"\0" * 128 + b"DICM" + b"\xff" * 64) is None
    assert place(png(picture())) is None


def test_a_series_is_not_looked_for_far_behind_the_beginning_nor_in_too_large_a_file():
    comment = DataElement(0x00104000, "UT", "x" * FRONT_BYTES)
    assert place(dicom(picture(), PatientComments=comment, **SLICE)) is None
    upload = dicom(picture(), **SLICE)
    assert place(upload, Bounds(upload_bytes=len(upload))) is not None
    assert place(upload, Bounds(upload_bytes=len(upload) - 1)) is None


def test_a_series_is_not_printed():
    assert "1.2.3.9" not in repr(place(dicom(picture(), **SLICE)))
