"""One frame of a DICOM image: how large it is, and its stored values."""

from dataclasses import dataclass
from typing import Any

import gdcm
from numpy.typing import NDArray
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import as_pixel_options
from pydicom.uid import UID

from radlens.domain.errors import TooLarge, UnreadableImage
from radlens.domain.scan import Bounds
from radlens.imaging.dicom_codestream import FrameSize, frame_size
from radlens.imaging.dicom_rle import unpack_rle
from radlens.imaging.raster import within

gdcm.Trace.ErrorOff()
gdcm.Trace.WarningOff()

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
# One decoder for each coding, so that an image has one answer: pylibjpeg's OpenJPEG is faster and
# newer than gdcm's; gdcm alone reads JPEG-LS and lossless JPEG.
_DECODERS = {
    uid.ImplicitVRLittleEndian: "",
    uid.ExplicitVRLittleEndian: "",
    uid.ExplicitVRBigEndian: "",
    uid.DeflatedExplicitVRLittleEndian: "",
    uid.JPEGBaseline8Bit: "pillow",
    uid.JPEGExtended12Bit: "pillow",
    uid.JPEGLossless: "gdcm",
    uid.JPEGLosslessSV1: "gdcm",
    uid.JPEGLSLossless: "gdcm",
    uid.JPEGLSNearLossless: "gdcm",
    uid.JPEG2000Lossless: "pylibjpeg",
    uid.JPEG2000: "pylibjpeg",
    uid.HTJ2KLossless: "pylibjpeg",
    uid.HTJ2KLosslessRPCL: "pylibjpeg",
    uid.HTJ2K: "pylibjpeg",
    uid.RLELossless: "",
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
        _must_agree(frame_size(codestream, syntax), frame)
        native = _unpacked_here(codestream, syntax, frame)
        if native is not None:
            return _from_planes(native, options)
    values, seen = get_decoder(syntax).as_array(
        data, index=index, decoding_plugin=_DECODERS[syntax], **options
    )
    return values, str(seen["photometric_interpretation"])


def _from_planes(native: bytes, options: dict[str, Any]) -> tuple[NDArray[Any], str]:
    """A frame that was unpacked here goes the way of an uncompressed file."""
    options |= {"number_of_frames": 1, "planar_configuration": 1}
    options |= {"pixel_vr": "OW", "pixel_keyword": "PixelData"}
    options.pop("extended_offsets", None)
    values, seen = get_decoder(uid.ExplicitVRLittleEndian).as_array(native, index=0, **options)
    return values, str(seen["photometric_interpretation"])


def _unpacked_here(codestream: bytes, syntax: UID, frame: Frame) -> bytes | None:
    """The frame uncompressed, little endian, planes apart, where pydicom's decoders fall short."""
    if syntax == uid.RLELossless:
        return unpack_rle(
            codestream,
            plane_bytes=frame.rows * frame.cols,
            samples=frame.samples,
            sample_bytes=frame.bits_allocated // 8,
        )
    if syntax == uid.JPEGExtended12Bit and frame.bits_stored > 8:
        return _jpeg_of_12_bits(codestream, frame)
    return None


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


def _jpeg_of_12_bits(codestream: bytes, frame: Frame) -> bytes:
    """JPEG Extended above 8 bits, which pydicom does not hand to gdcm, and gdcm decodes well."""
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(codestream)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((frame.cols, frame.rows, 1))
    image.SetDataElement(element)
    kind = gdcm.PhotometricInterpretation.GetPIType(frame.photometric)
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
    coding = gdcm.TransferSyntax.GetTSType(str.__str__(uid.JPEGExtended12Bit))
    image.SetTransferSyntax(gdcm.TransferSyntax(coding))
    bits = frame.bits_stored
    image.SetPixelFormat(gdcm.PixelFormat(frame.samples, 16, bits, bits - 1, int(frame.signed)))
    return bytes(image.GetBuffer().encode("utf-8", "surrogateescape"))
