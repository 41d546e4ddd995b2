"""One frame of a DICOM image: how large it is, and its stored values."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import as_pixel_options
from pydicom.uid import UID

from radlens.domain.errors import TooLarge, UnreadableImage
from radlens.domain.scan import Bounds
from radlens.imaging.dicom_codestream import frame_size
from radlens.imaging.dicom_rle import unpack_rle
from radlens.imaging.jpeg import FrameSize, decode_jpeg, decode_jpeg_ls
from radlens.imaging.raster import within

# Photometric Interpretation (PS3.3 C.7.6.3.1.2) -> samples per pixel
PHOTOMETRIC = {
    "MONOCHROME1": 1,
    "MONOCHROME2": 1,
    "PALETTE COLOR": 1,
    "RGB": 3,
    "YBR_FULL": 3,
    "YBR_FULL_422": 3,
    "YBR_ICT": 3,
    "YBR_RCT": 3,
}
# One decoder for each coding, so that an image has one answer: Pillow and OpenJPEG by way of
# pydicom, and what is unpacked here ("own") where pydicom's decoders end or hang on damaged bytes.
_DECODERS = {
    uid.ImplicitVRLittleEndian: "",
    uid.ExplicitVRLittleEndian: "",
    uid.ExplicitVRBigEndian: "",
    uid.DeflatedExplicitVRLittleEndian: "",
    uid.JPEGBaseline8Bit: "pillow",
    uid.JPEGExtended12Bit: "own",
    uid.JPEGLossless: "own",
    uid.JPEGLosslessSV1: "own",
    uid.JPEGLSLossless: "own",
    uid.JPEGLSNearLossless: "own",
    uid.JPEG2000Lossless: "pylibjpeg",
    uid.JPEG2000: "pylibjpeg",
    uid.HTJ2KLossless: "pylibjpeg",
    uid.HTJ2KLosslessRPCL: "pylibjpeg",
    uid.HTJ2K: "pylibjpeg",
    uid.RLELossless: "own",
}


@dataclass(frozen=True)
class Frame:
    """The frame to be read, by the header alone; ``number`` counts from 1."""

    rows: int
    cols: int
    samples: int
    bits_allocated: int
    bits_stored: int
    signed: bool
    photometric: str
    number: int
    count: int

    @property
    def size(self) -> int:
        """Bytes of one frame, decoded."""
        return -(-self.rows * self.cols * self.samples * self.bits_allocated // 8)


def chosen_frame(header: Dataset, bounds: Bounds) -> Frame:
    """The representative frame, else the middle one (PS3.3 C.7.6.6); nothing is decoded.

    Raises UnreadableImage for a geometry that cannot be, TooLarge for one over the bounds.
    """
    count = _count(header)
    if count > bounds.frames:
        raise TooLarge(f"The image has {count:,} frames; at most {bounds.frames:,} are read.")
    named = _integer(header, "RepresentativeFrameNumber", 0)
    frame = Frame(
        rows=_integer(header, "Rows"),
        cols=_integer(header, "Columns"),
        samples=_integer(header, "SamplesPerPixel", 1),
        bits_allocated=_integer(header, "BitsAllocated"),
        bits_stored=_integer(header, "BitsStored"),
        signed=_integer(header, "PixelRepresentation", 0) == 1,
        photometric=str(header.get("PhotometricInterpretation", "")).strip().upper(),
        number=named if 1 <= named <= count else (count + 1) // 2,
        count=count,
    )
    within(frame.cols, frame.rows, bounds)
    _must_hold_together(frame, header)
    if frame.size > bounds.inflated_bytes:
        raise TooLarge(f"The image needs {frame.size:,} bytes when it is decoded.")
    return frame


def stored_values(data: Dataset, syntax: UID, frame: Frame) -> tuple[NDArray[Any], str]:
    """The frame's values, shape (rows, cols[, samples]), and how they are to be understood.

    A compressed frame whose own header says another size than the file's is never decoded.
    """
    if syntax not in _DECODERS:
        raise UnreadableImage(
            "The DICOM file is compressed in a way that RadLens does not read.",
            hint="Convert it to an uncompressed transfer syntax and send it again.",
        )
    options = as_pixel_options(data)
    index = frame.number - 1
    if syntax.is_encapsulated:
        codestream = get_frame(
            data.PixelData,
            index,
            number_of_frames=frame.count,
            extended_offsets=options.get("extended_offsets"),
        )
        said = frame_size(codestream, syntax)
        _must_agree(said, frame)
        if _DECODERS[syntax] == "own":
            return _as_native(codestream, syntax, frame, said, options)
    values, seen = get_decoder(syntax).as_array(
        data, index=index, decoding_plugin=_DECODERS[syntax], **options
    )
    return values, str(seen["photometric_interpretation"])


def _as_native(
    codestream: bytes, syntax: UID, frame: Frame, said: FrameSize | None, options: dict[str, Any]
) -> tuple[NDArray[Any], str]:
    """A frame that is unpacked here then goes the way of an uncompressed file."""
    if said is None:
        planes = _rle(codestream, frame)
    elif syntax in uid.JPEGLSTransferSyntaxes:
        planes = decode_jpeg_ls(codestream)
    else:
        planes = decode_jpeg(codestream, said)
    options |= {
        "number_of_frames": 1,
        "planar_configuration": int(said is None),
        "bits_stored": frame.bits_stored if said is None else said.bits,
        "photometric_interpretation": frame.photometric.removesuffix("_422"),
        "pixel_vr": "OW",
        "pixel_keyword": "PixelData",
    }
    options.pop("extended_offsets", None)
    native = planes.astype("u1" if frame.bits_allocated == 8 else "<u2", copy=False).tobytes()
    values, seen = get_decoder(uid.ExplicitVRLittleEndian).as_array(native, index=0, **options)
    return values, str(seen["photometric_interpretation"])


def _rle(codestream: bytes, frame: Frame) -> NDArray[Any]:
    sample_bytes = frame.bits_allocated // 8
    planes = unpack_rle(
        codestream,
        plane_bytes=frame.rows * frame.cols,
        samples=frame.samples,
        sample_bytes=sample_bytes,
    )
    return np.frombuffer(planes, f"<u{sample_bytes}")


def _count(header: Dataset) -> int:
    count = _integer(header, "NumberOfFrames", 1)
    if count < 1:
        raise UnreadableImage(f"The DICOM file says that it has {count} frames.")
    return count


def _integer(header: Dataset, keyword: str, default: int | None = None) -> int:
    value = header.get(keyword)
    if value is None or value == "":
        value = default
    if value is None:
        raise UnreadableImage(f"The DICOM file does not say its {keyword}.")
    return int(value)


def _must_hold_together(frame: Frame, header: Dataset) -> None:
    if frame.photometric not in PHOTOMETRIC or PHOTOMETRIC[frame.photometric] != frame.samples:
        raise UnreadableImage(
            "The DICOM file's Photometric Interpretation is not one that is read."
        )
    if frame.bits_allocated not in (1, 8, 16):
        raise UnreadableImage(
            f"The DICOM file has pixels of {frame.bits_allocated} bits; 1, 8 and 16 are read."
        )
    if not 1 <= frame.bits_stored <= frame.bits_allocated:
        raise UnreadableImage("The DICOM file's Bits Stored and Bits Allocated contradict.")
    if _integer(header, "HighBit", frame.bits_stored - 1) != frame.bits_stored - 1:
        raise UnreadableImage("The DICOM file's pixels are not in their lowest bits (High Bit).")


def _must_agree(said: FrameSize | None, frame: Frame) -> None:
    if said is None:
        return
    if (said.rows, said.cols, said.samples) != (frame.rows, frame.cols, frame.samples):
        raise UnreadableImage(
            f"The compressed image is {said.cols} x {said.rows} x {said.samples}, "
            f"but its header says {frame.cols} x {frame.rows} x {frame.samples}."
        )
    if said.bits > frame.bits_allocated:
        raise UnreadableImage(
            f"The compressed image has {said.bits} bits, its header {frame.bits_allocated}."
        )
