"""Images in every encoding, built in code: no binaries in the repository."""

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
import pydicom
from PIL import Image
from pydicom import config
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    RLELossless,
    SecondaryCaptureImageStorage,
)

from radlens.domain.model import InputSpec

SPEC = InputSpec(32, 32, (0.5,) * 3, (0.25,) * 3, None)
PATIENT = "DOE^JANE"


def raster(pixels: np.ndarray, kind: str = "PNG", **options: Any) -> bytes:
    """The pixels as a PNG or JPEG, by Pillow."""
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """A Pillow image as a file."""
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    """One chunk of a PNG with its checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_of(header: tuple[int, ...], data: bytes, *extra: bytes) -> bytes:
    """A PNG from its IHDR fields, unfiltered image data and other chunks."""
    head = chunk(b"IHDR", struct.pack(">2I5B", *header))
    body = chunk(b"IDAT", zlib.compress(data, 9))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(extra) + body + chunk(b"IEND", b"")


def dataset(pixels: np.ndarray, *, frames: int | None = None, **elements: Any) -> Dataset:
    """A data set of the pixels; elements by keyword, ``None`` takes one away."""
    shape = pixels.shape[1:] if frames else pixels.shape
    kind = pixels.dtype
    made = Dataset()
    made.SOPClassUID = SecondaryCaptureImageStorage
    made.SOPInstanceUID = "1.2.3.4"
    made.PatientName = PATIENT
    made.PatientID = PATIENT
    made.Modality = "CR"
    made.Rows, made.Columns = shape[:2]
    made.SamplesPerPixel = 3 if len(shape) == 3 else 1
    made.PhotometricInterpretation = "RGB" if len(shape) == 3 else "MONOCHROME2"
    if len(shape) == 3:
        made.PlanarConfiguration = 0
    made.BitsAllocated = made.BitsStored = 8 * kind.itemsize
    made.HighBit = made.BitsStored - 1
    made.PixelRepresentation = int(kind.kind == "i")
    if frames:
        made.NumberOfFrames = frames
    made.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
    made["PixelData"].VR = "OB" if kind.itemsize == 1 else "OW"
    for keyword, value in elements.items():
        if value is None:
            delattr(made, keyword)
        else:
            made.add(unchecked(keyword, value))
    if "BitsStored" in elements and "HighBit" not in elements:
        made.HighBit = made.BitsStored - 1
    return made


def unchecked(keyword: str, value: Any) -> DataElement:
    """An element with whatever value, as a careless device writes it."""
    if isinstance(value, DataElement):
        return value
    tag = tag_for_keyword(keyword)
    vr = "LO" if isinstance(value, str) and "^" in value else dictionary_VR(tag)
    return DataElement(tag, vr, value, validation_mode=config.IGNORE)


def part10(made: Dataset, syntax: UID = ExplicitVRLittleEndian) -> bytes:
    """The data set as a file; compressed syntaxes must be compressed already."""
    if not hasattr(made, "file_meta"):
        made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    stream = BytesIO()
    with config.disable_value_validation():
        pydicom.dcmwrite(stream, made, enforce_file_format=True)
    return stream.getvalue()


def dicom(pixels: np.ndarray, syntax: UID = ExplicitVRLittleEndian, **elements: Any) -> bytes:
    """The pixels as an uncompressed (or deflated) DICOM file."""
    made = dataset(pixels, **elements)
    if syntax == ExplicitVRBigEndian and "PixelData" in made:
        made.PixelData = pixels.byteswap().tobytes()
    return part10(made, syntax)


def compressed(made: Dataset, syntax: UID, **options: Any) -> bytes:
    """The data set as a file, compressed by pydicom's encoders."""
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    plugin = "pydicom" if syntax == RLELossless else "pylibjpeg"
    made.compress(syntax, encoding_plugin=plugin, generate_instance_uid=False, **options)
    return part10(made, syntax)


def lut(first: int, entries: np.ndarray, bits: int) -> Dataset:
    """An item of a modality or VOI LUT sequence."""
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [len(entries), first, bits])
    item.add_new("LUTData", "OW", entries.astype("<u2").tobytes())
    return item


def encapsulated(codestream: bytes, syntax: UID, pixels: np.ndarray, **elements: Any) -> bytes:
    """A file whose one frame is the codestream as it stands."""
    made = dataset(pixels, **elements)
    padded = codestream + b"\0" * (len(codestream) % 2)
    item = struct.pack("<HHL", 0xFFFE, 0xE000, len(padded)) + padded
    end = struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
    made.PixelData = struct.pack("<HHL", 0xFFFE, 0xE000, 0) + item + end
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True
    return part10(made, syntax)
