"""A DICOM file's bytes -> the few elements that RadLens looks at."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from radlens.domain.errors import TooLarge, UnreadableImage
from radlens.domain.scan import Bounds

# Nothing else is parsed here, so nothing of a patient can reach a warning, a message or a Scan.
KEYWORDS = """
SOPClassUID Modality BodyPartExamined BurnedInAnnotation ImagerPixelSpacing
SamplesPerPixel PhotometricInterpretation
PlanarConfiguration NumberOfFrames Rows Columns PixelSpacing BitsAllocated BitsStored HighBit
PixelRepresentation PixelPaddingValue PixelPaddingRangeLimit RescaleIntercept RescaleSlope
WindowCenter WindowWidth VOILUTFunction ModalityLUTSequence VOILUTSequence
RedPaletteColorLookupTableDescriptor GreenPaletteColorLookupTableDescriptor
BluePaletteColorLookupTableDescriptor RedPaletteColorLookupTableData
GreenPaletteColorLookupTableData BluePaletteColorLookupTableData RepresentativeFrameNumber
SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence
ExtendedOffsetTable ExtendedOffsetTableLengths
"""
LOOKED_AT = [tag for word in KEYWORDS.split() if (tag := tag_for_keyword(word)) is not None]
FLOAT_PIXELS, DOUBLE_PIXELS, PIXELS = 0x7FE00008, 0x7FE00009, 0x7FE00010
# Parsed sequences take a hundred times their bytes, so the part before the pixels is bounded.
HEADER_BYTES = 8 * 2**20
DOCUMENTS = "1.2.840.10008.5.1.4.1.1.104."  # encapsulated PDF, CDA, STL ...

Stop = Callable[[BaseTag, str | None, int], bool]


@dataclass(frozen=True, eq=False)
class Part10:
    """A file of DICOM PS3.10, open as far as its pixels: ``at`` is where their element begins."""

    syntax: UID
    header: Dataset
    packed: bytes
    begin: int
    at: int

    def with_pixels(self, bounds: Bounds, expected: int) -> Dataset:
        """The header and Pixel Data together; ``expected`` bytes are all that is inflated."""
        body = self.packed
        begin = self.begin
        if self.syntax == DeflatedExplicitVRLittleEndian:
            room = self.at + expected + HEADER_BYTES
            body, begin = _inflate(self.packed[begin:], min(room, bounds.inflated_bytes)), 0
        stream = BytesIO(body)
        stream.seek(begin + self.at)
        found = elements(stream, self.syntax, lambda tag, *_: tag > PIXELS, [PIXELS])
        self.header[PIXELS] = found[PIXELS]
        return self.header


def open_part10(upload: bytes, bounds: Bounds) -> Part10:
    """Read the elements before the pixels; nothing is inflated beyond 8 MiB.

    Raises UnreadableImage where there are no integer pixels, TooLarge for a bloated header.
    """
    return _headed(*front(upload, bounds), upload)


def front(upload: bytes, bounds: Bounds) -> tuple[UID, int, bytes]:
    """How a file is encoded, where its data set begins, and the first 8 MiB of that, inflated."""
    stream = BytesIO(upload)
    stream.seek(132)  # PS3.10 7.1: 128 bytes of anything, "DICM", then explicit little endian
    meta = read_dataset(
        stream,
        is_implicit_VR=False,
        is_little_endian=True,
        stop_when=lambda tag, *_: tag.group != 2,
    )
    if "TransferSyntaxUID" not in meta:
        raise UnreadableImage("The DICOM file does not say how it is encoded.")
    syntax, begin = UID(meta.TransferSyntaxUID), stream.tell()
    if syntax == DeflatedExplicitVRLittleEndian:
        return syntax, begin, _inflate(upload[begin:], min(HEADER_BYTES, bounds.inflated_bytes))
    return syntax, begin, upload[begin : begin + HEADER_BYTES]


def _headed(syntax: UID, begin: int, begun: bytes, upload: bytes) -> Part10:
    stopped: list[int] = []

    def at_pixels(tag: BaseTag, _vr: str | None, _length: int) -> bool:
        if tag in (FLOAT_PIXELS, DOUBLE_PIXELS) or tag >= PIXELS:
            stopped.append(int(tag))
        return bool(stopped)

    stream = BytesIO(begun)
    header = elements(stream, syntax, at_pixels, LOOKED_AT)
    if stopped == [PIXELS]:
        return Part10(syntax, header, upload, begin, stream.tell())
    if not stopped and len(begun) >= HEADER_BYTES:
        raise TooLarge(f"The DICOM header is longer than {HEADER_BYTES:,} bytes.")
    raise _without_pixels(header, stopped)


def _without_pixels(header: Dataset, stopped: list[int]) -> UnreadableImage:
    if str(header.get("SOPClassUID", "")).startswith(DOCUMENTS):
        return UnreadableImage(
            "The DICOM file holds a document, not an image.",
            hint="Send the image that the document is about.",
        )
    if stopped and stopped[0] in (FLOAT_PIXELS, DOUBLE_PIXELS):
        return UnreadableImage(
            "The DICOM file holds floating-point pixels, which RadLens does not read.",
            hint="Send the original image, not a parametric map made from it.",
        )
    return UnreadableImage(
        "The DICOM file holds no pixels.",
        hint="Send the image itself: reports, presentation states and directories have none.",
    )


def elements(stream: BytesIO, syntax: UID, stop: Stop, tags: list[int]) -> Dataset:
    """The elements of these tags alone, up to where ``stop`` says so."""
    return read_dataset(
        stream,
        syntax.is_implicit_VR if not syntax.is_private else False,
        syntax.is_little_endian if not syntax.is_private else True,
        stop_when=stop,
        specific_tags=[BaseTag(tag) for tag in tags],
    )


def _inflate(deflated: bytes, most: int) -> bytes:
    """At most that many bytes of a deflated data set, PS3.5 A.5; pydicom has no such bound."""
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(deflated, most)
