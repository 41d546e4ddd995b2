"""What a compressed frame says of its own size, before any decoder believes it."""

import struct

from pydicom.uid import (
    UID,
    JPEG2000TransferSyntaxes,
    JPEGLSTransferSyntaxes,
    JPEGTransferSyntaxes,
)

from radlens.domain.errors import UnreadableImage
from radlens.imaging.jpeg import FrameSize, jpeg_size, too_many_scans

MOST_TILES = 4096


def frame_size(frame: bytes, syntax: UID) -> FrameSize | None:
    """The size in the codestream's own header; None where the coding has none (RLE).

    Raises UnreadableImage for a header that decoders could understand in two ways.
    """
    try:
        if syntax in JPEG2000TransferSyntaxes:
            return _jpeg2000(frame, _codestream_begin(frame))
        if syntax in JPEGTransferSyntaxes or syntax in JPEGLSTransferSyntaxes:
            if too_many_scans(frame):
                raise UnreadableImage("The compressed image has too many scans.")
            return jpeg_size(frame)
    except (struct.error, IndexError) as error:
        raise UnreadableImage("The compressed image is cut short.") from error
    return None


def _jpeg2000(frame: bytes, at: int) -> FrameSize:
    """From SIZ, ISO/IEC 15444-1 A.5.1."""
    if frame[at : at + 4] != b"\xff\x4f\xff\x51":
        raise UnreadableImage("The compressed image is no JPEG 2000.")
    right, bottom, left, top, tile_cols, tile_rows, _, _ = struct.unpack_from(">8I", frame, at + 8)
    samples, bits = struct.unpack_from(">HB", frame, at + 40)
    cols, rows = right - left, bottom - top
    if min(tile_cols, tile_rows, cols, rows) < 1:
        raise UnreadableImage("The compressed image has no pixels.")
    if -(-right // tile_cols) * -(-bottom // tile_rows) > MOST_TILES:
        raise UnreadableImage(f"The compressed image has more than {MOST_TILES:,} tiles.")
    return FrameSize(rows, cols, samples, (bits & 0x7F) + 1)


def _codestream_begin(frame: bytes) -> int:
    """Where the codestream begins inside a JP2 file, which DICOM forbids and files contain.

    A box of length 0 sends pydicom's own search round for ever.
    """
    if not frame.startswith(b"\x00\x00\x00\x0cjP  "):
        return 0
    at = 12
    while frame[at + 4 : at + 8] != b"jp2c":
        (length,) = struct.unpack_from(">I", frame, at)
        if length < 8:
            raise UnreadableImage("The compressed image's header is damaged.")
        at += length
    return at + 8
