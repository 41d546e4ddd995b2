"""Whose image a file says it is, and nothing where it does not really say so."""

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from radlens.domain.pseudonym import Identity
from radlens.imaging.decode import decode, identity
from tests.builders import picture, png
from tests.imaging.samples import dicom, raster

SAID = {"IssuerOfPatientID": "CITY", "PatientID": "4711", "StudyInstanceUID": "1.2.3"}


def of(upload: bytes) -> Identity | None:
    return identity(upload, decode(upload))


@pytest.mark.parametrize(
    "syntax",
    [
        ExplicitVRLittleEndian,
        ExplicitVRBigEndian,
        ImplicitVRLittleEndian,
        DeflatedExplicitVRLittleEndian,
    ],
)
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
