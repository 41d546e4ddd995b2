"""Whose image, and of which series, a DICOM file says it is: a Scan knows nothing of it."""

from contextlib import suppress
from io import BytesIO

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from radlens.domain.errors import UnreadableImage
from radlens.domain.pseudonym import Identity, Place
from radlens.domain.scan import Bounds
from radlens.imaging.dicom import READING
from radlens.imaging.dicom_part10 import elements, front
from radlens.imaging.quiet import quiet

ISSUER, PATIENT, STUDY = "IssuerOfPatientID", "PatientID", "StudyInstanceUID"
TAGS = [tag for word in (ISSUER, PATIENT, STUDY) if (tag := tag_for_keyword(word)) is not None]
SERIES, NUMBER = 0x0020000E, 0x00200013  # Series Instance UID, Instance Number
FRONT_BYTES = 2**18  # as far as they are looked for, since that is before a file's turn comes
# What stands in a Patient ID that was taken out, or never known: it would make many patients one.
NOBODY = """
ANON ANONYM ANONYMOUS ANONYMISED ANONYMIZED DEIDENTIFIED DUMMY EMPTY ID NA NIL NOID NONAME NONE
NOPATIENT NOPATIENTID NOTAVAILABLE NOTKNOWN NULL PATIENT PATIENTID REDACTED REMOVED SYNTHETIC TEST
UNBEKANNT UNDEFINED UNKNOWN
"""


def dicom_identity(upload: bytes, bounds: Bounds) -> Identity | None:
    """None where the file names nobody, or not in a way that can be read."""
    with quiet(), suppress(*READING):
        syntax, _, begun = front(upload, bounds)
        found = elements(BytesIO(begun), syntax, lambda tag, *_: tag > max(TAGS), TAGS)
        issuer, patient, study = (_text(found.get(word)) for word in (ISSUER, PATIENT, STUDY))
        if _somebody(patient):
            return Identity(issuer, patient, study)
    return None


def dicom_place(upload: bytes, bounds: Bounds) -> Place | None:
    """None where the file names no series, or not near its beginning, or is no DICOM file."""
    with quiet(), suppress(UnreadableImage, *READING):
        syntax, _, begun = front(upload, bounds)
        begun = begun[:FRONT_BYTES]
        found = elements(BytesIO(begun), syntax, lambda tag, *_: tag > NUMBER, [SERIES, NUMBER])
        if series := _text(found.get("SeriesInstanceUID")):
            return Place(series, _number(found))
    return None


def _number(found: Dataset) -> int | None:
    with suppress(*READING):
        return int(found.InstanceNumber)
    return None


def _text(value: object) -> str:
    """The element without its padding, which is no part of what it says: PS3.5 6.2, LO and UI."""
    return "" if value is None else str(value).strip(" \0")


def _somebody(patient: str) -> bool:
    bare = "".join(filter(str.isalnum, patient)).upper()
    return bare not in NOBODY.split() and bool(bare.strip("0X"))
