"""DICOM -> Scan, without anything of the patient."""

import logging
import math
import re
import struct
import zlib
from typing import Any

from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.multival import MultiValue
from pydicom.uid import DeflatedExplicitVRLittleEndian

from radlens.domain.errors import BurnedInText, NotAssessable, TooLarge, UnreadableImage
from radlens.domain.scan import Bounds, Pixels, Scan, Window
from radlens.imaging.dicom_colour import palette, rgb
from radlens.imaging.dicom_frame import Frame, chosen_frame, stored_values
from radlens.imaging.dicom_grey import present
from radlens.imaging.dicom_part10 import Part10, open_part10
from radlens.imaging.quiet import quiet

# What pydicom and its decoders raise for bytes that lie; RuntimeError is "no plugin could".
READING = (
    *(OSError, EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError),
    *(OverflowError, NotImplementedError, RuntimeError, struct.error, zlib.error),
    *(BytesLengthException, InvalidDicomError),
)
CODE_STRING = re.compile(r"[A-Z0-9]{1,16}")  # a Modality, PS3.3 C.7.3.1.1.1
MOST_MM = 1000.0
# Body Part Examined, PS3.16 Annex L, table L-1: the terms that are in common use.
BODY_PARTS = """
ABDOMEN ABDOMENPELVIS ANKLE AORTA ARM BACK BLADDER BRAIN BREAST CALCANEUS CAROTID CHEST
CHESTABDOMEN CLAVICLE COLON CSPINE ELBOW EXTREMITY EYE FACE FEMUR FINGER FOOT FOREARM HAND
HEAD HEADNECK HEART HIP HUMERUS JAW KIDNEY KNEE LEG LIVER LSPINE LUNG MANDIBLE MAXILLA
MEDIASTINUM NECK NECKCHEST ORBIT PANCREAS PELVIS PITUITARY PROSTATE RIB SCAPULA SHOULDER SKULL
SPINE SPLEEN STERNUM STOMACH THIGH THORAX THUMB THYROID TOE TSPINE UTERUS WHOLEBODY WRIST
ZYGOMA
"""

# What pydicom logs quotes element values, which can be a patient's; OpenJPEG only adds noise.
for _name in ("pydicom", "openjpeg"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


def decode_dicom(upload: bytes, bounds: Bounds) -> Scan:
    """One frame of a DICOM file: the representative one, else the middle one.

    Modality and VOI are those of PS3.3 C.11.1 and C.11.2, overlays are left out; of several
    windows the first counts. Raises UnreadableImage, TooLarge or NotAssessable.
    """
    with quiet():
        try:
            return _decode(upload, bounds)
        except READING as error:
            raise UnreadableImage("The DICOM file is damaged or cut short.") from error


def _decode(upload: bytes, bounds: Bounds) -> Scan:
    file = open_part10(upload, bounds)
    if file.header.get("BurnedInAnnotation") == "YES":  # PS3.3 C.7.6.1.1.1
        raise BurnedInText("The file says that text which names the patient is in its pixels.")
    frame = chosen_frame(file.header, bounds)
    _flatten(file.header, frame.number)
    spacing_mm = _spacing_mm(file.header)
    pixels, window = _shown(file, frame, bounds)
    return Scan(
        pixels,
        window,
        "dicom",
        modality=_modality(file.header),
        spacing_mm=spacing_mm,
        frame=frame.number,
        frames=frame.count,
        body_part=_body_part(file.header),
    )


def _shown(file: Part10, frame: Frame, bounds: Bounds) -> tuple[Pixels, Window]:
    expected = frame.size * frame.count
    if file.syntax == DeflatedExplicitVRLittleEndian and expected > bounds.inflated_bytes:
        raise TooLarge(f"The image needs {expected:,} bytes when it is inflated.")
    data = file.with_pixels(bounds, expected)
    values, photometric = stored_values(data, file.syntax, frame)
    little_endian = file.syntax.is_little_endian
    if photometric.startswith("MONOCHROME"):
        inverted = photometric == "MONOCHROME1"
        return present(values, data, inverted=inverted, little_endian=little_endian)
    if photometric == "PALETTE COLOR":
        return palette(values, data, little_endian=little_endian), Window(0.0, 255.0)
    return rgb(values, frame.bits_stored), Window(0.0, 255.0)


def _flatten(header: Dataset, number: int) -> None:
    """Bring a frame's functional groups (PS3.3 C.7.6.16) to where older images have them."""
    shared = header.get("SharedFunctionalGroupsSequence") or [Dataset()]
    own = header.get("PerFrameFunctionalGroupsSequence") or []
    for group in (shared[0], own[number - 1] if number <= len(own) else Dataset()):
        for macro in (
            "PixelMeasuresSequence",
            "PixelValueTransformationSequence",
            "FrameVOILUTSequence",
        ):
            for item in (group.get(macro) or [])[:1]:
                header.update(item)


def _modality(header: Dataset) -> str | None:
    value = str(header.get("Modality") or "")
    return value if CODE_STRING.fullmatch(value) else None


def _body_part(header: Dataset) -> str | None:
    """Only a term of the list: free text could be anything, a name too."""
    value = str(header.get("BodyPartExamined") or "")
    return value if value in BODY_PARTS.split() else None


def _spacing_mm(header: Dataset) -> tuple[float, float] | None:
    """Row and column spacing; 0 is how some write that they do not know it."""
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        value = header.get(keyword)
        if isinstance(value, MultiValue) and len(value) == 2:
            pair = (_length_mm(value[0]), _length_mm(value[1]))
            if min(pair) > 0:
                return pair
    return None


def _length_mm(value: Any) -> float:
    length = float(value)
    if not (math.isfinite(length) and 0 <= length <= MOST_MM):
        raise NotAssessable("The DICOM file's pixel spacing is not a length.")
    return length
