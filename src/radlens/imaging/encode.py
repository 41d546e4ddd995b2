"""Scan -> PNG: lossless, and with nothing in it but pixels."""

import struct
import zlib
from dataclasses import replace

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from radlens.domain.prediction import ImageRef
from radlens.domain.scan import Bounds, Pixels, Scan
from radlens.imaging.decode import decode

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOUR_TYPES = {1: 0, 3: 2, 4: 6}  # channels -> PNG 11.2.2
UP = 2  # PNG 9.2
# The keyword of the chunk by which an image says for ever that nobody is shown.
MARK = b"Synthetic image of no patient\0"
# What was written here was within the bounds of its day; a stricter setting must not hide it.
OWN = Bounds(upload_bytes=2**40, side_pixels=2**31, image_pixels=2**40)


def encode_png(scan: Scan, *, made: str = "") -> bytes:
    """The scan's pixels as PNG, 8 or 16 bits, without any other chunk of the upload.

    Of a synthetic image, ``made`` says how it was drawn, and stays in it for good.
    """
    return png(scan.pixels, made=made)


def png(pixels: Pixels, *, made: str = "") -> bytes:
    """A PNG of shape (rows, cols), or (rows, cols, 3 or 4), 8 or 16 bits a channel.

    ``made`` marks it as synthetic, in a chunk tEXt (PNG 11.3.3.3) that ``made_in`` reads.
    Written here because Pillow tries five filters on each row, which alone takes longer than all
    of this; the one filter Up compresses radiographs as well.
    """
    rows, cols = pixels.shape[:2]
    channels = pixels.size // (rows * cols)
    header = struct.pack(">2I5B", cols, rows, 8 * pixels.itemsize, COLOUR_TYPES[channels], 0, 0, 0)
    data = _deflated(_filtered(pixels))
    mark = _chunk(b"tEXt", MARK + made.encode("latin-1", "replace")) if made else b""
    return SIGNATURE + _chunk(b"IHDR", header) + mark + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def made_in(upload: bytes) -> str:
    """How the synthetic image in a PNG was drawn; "" where it does not say that it is one."""
    at = len(SIGNATURE)
    while upload.startswith(SIGNATURE) and at + 8 <= len(upload):
        end = at + 8 + int.from_bytes(upload[at : at + 4], "big")
        if upload[at + 4 : at + 8] == b"tEXt" and upload.startswith(MARK, at + 8):
            return upload[at + 8 + len(MARK) : end].decode("latin-1")
        at = end + 4
    return ""


def restore(png: bytes, ref: ImageRef) -> Scan:
    """The Scan that was stored: pixels from the PNG, everything else from its record."""
    return replace(
        decode(png, OWN),
        window=ref.window,
        source=ref.source,
        modality=ref.modality,
        spacing_mm=ref.spacing_mm,
        frame=ref.frame,
        frames=ref.frames,
    )


def _filtered(pixels: Pixels) -> NDArray[np.uint8]:
    """Each row as its difference to the row above, modulo 256, with the filter's number before."""
    big_endian = pixels.astype(pixels.dtype.newbyteorder(">"), copy=False)
    lines = np.ascontiguousarray(big_endian).view(np.uint8).reshape(pixels.shape[0], -1)
    filtered = np.empty((lines.shape[0], lines.shape[1] + 1), np.uint8)
    filtered[:, 0] = UP
    filtered[0, 1:] = lines[0]
    np.subtract(lines[1:], lines[:-1], out=filtered[1:, 1:])
    return filtered


def _deflated(filtered: NDArray[np.uint8]) -> bytes:
    # One compressor only: another would give the same image another SHA-256.
    return isal_zlib.compress(filtered, 1)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
