"""JPEG beyond what Pillow reads: 12 and 16 bits, lossless, JPEG-LS."""

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radlens.domain.errors import UnreadableImage

# ITU-T T.81 B.1.1.3 and T.87 C.1.1: every SOF, but not DHT (C4), JPG (C8) and DAC (CC).
START_OF_FRAME = frozenset({*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC})
BARE = frozenset({0x00, 0x01, *range(0xD0, 0xDA)})  # markers without a length: never before SOF
# A progressive JPEG has about ten scans; each costs a pass over the image, however few its bytes.
MOST_SCANS = 64


@dataclass(frozen=True)
class FrameSize:
    """Rows, columns, samples per pixel, and the bits of the first sample."""

    rows: int
    cols: int
    samples: int
    bits: int


def too_many_scans(codestream: bytes) -> bool:
    """Whether decoding would take far longer than the size of the image explains."""
    return codestream.count(b"\xff\xda") > MOST_SCANS


def jpeg_size(codestream: bytes) -> FrameSize:
    """From SOF, ITU-T T.81 B.2.2; T.87 (JPEG-LS) has the same layout.

    Raises UnreadableImage for a header that two decoders could understand in two ways.
    """
    if not codestream.startswith(b"\xff\xd8"):
        raise UnreadableImage("The compressed image is no JPEG.")
    at = 2
    try:
        while True:
            marker, length = struct.unpack_from(">xBH", codestream, at)
            if codestream[at] != 0xFF or marker in BARE or length < 2:
                raise UnreadableImage("The JPEG header is damaged.")
            if marker in START_OF_FRAME:
                bits, rows, cols, samples = struct.unpack_from(">BHHB", codestream, at + 4)
                return FrameSize(rows, cols, samples, bits)
            at += 2 + length
    except struct.error as error:
        raise UnreadableImage("The JPEG header is cut short.") from error


def decode_jpeg(codestream: bytes, size: FrameSize) -> NDArray[Any]:
    """The samples of a JPEG (lossless too) as they stand, without a change of colour space.

    libjpeg-turbo reads what gdcm does, but gdcm ends the whole process on some damaged headers
    and loops for ever on others (tests/imaging/test_jpeg.py has both).
    """
    from imagecodecs import Jpeg8Error, jpeg8_decode

    space = "RGB" if size.samples == 3 else "GRAYSCALE"
    try:
        samples = jpeg8_decode(codestream, colorspace=space, outcolorspace=space)
    except Jpeg8Error as error:
        raise UnreadableImage("The JPEG is damaged or cut short.") from error
    return np.asarray(samples)


def decode_jpeg_ls(codestream: bytes) -> NDArray[Any]:
    """The samples of a JPEG-LS image; CharLS never ends where the end marker is missing."""
    from imagecodecs import JpeglsError, jpegls_decode

    if not codestream.rstrip(b"\0").endswith(b"\xff\xd9"):
        raise UnreadableImage("The JPEG-LS image is cut short.")
    try:
        return np.asarray(jpegls_decode(codestream))
    except JpeglsError as error:
        raise UnreadableImage("The JPEG-LS image is damaged.") from error
