"""PNG and JPEG -> Scan."""

import logging
import struct
import zlib
from io import BytesIO
from typing import Literal, cast

import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from radlens.domain.errors import TooLarge, UnreadableImage
from radlens.domain.scan import Bounds, Pixels, Scan, Window
from radlens.imaging.jpeg import FrameSize, decode_jpeg, jpeg_size, too_many_scans
from radlens.imaging.quiet import quiet

# What Pillow logs for those who debug it quotes EXIF and text, which can be a patient's.
logging.getLogger("PIL").setLevel(logging.CRITICAL)

# What Pillow raises for bytes that lie: its plugins let these escape besides OSError.
DECODING = (
    *(OSError, ValueError, SyntaxError, EOFError, TypeError, OverflowError),
    *(struct.error, zlib.error, IndexError, KeyError, AttributeError),
)
# The plugins are opened directly: Image.open would import five formats, warn of size before our
# own bound can answer, and take an MPO (a JPEG with a second picture behind it) for a film.
OPENERS = {"PNG": PngImageFile, "JPEG": JpegImageFile}
ORIENTATION = 0x0112  # Exif 2.32, table 4
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decode_raster(upload: bytes, kind: Literal["PNG", "JPEG"], bounds: Bounds) -> Scan:
    """Decode a PNG or JPEG; grey stays grey, 16 bits stay 16, orientation is applied.

    Transparency is laid over black. Of 16-bit *colour* Pillow reads the upper 8 bits of each
    channel; 16-bit grey is read whole. An animation is refused, of an MPO the first picture read.
    """
    if kind == "JPEG" and (size := _deep(upload)):
        return _decode_deep(upload, size, bounds)
    with quiet():
        try:
            image = OPENERS[kind](BytesIO(upload))
        except DECODING as error:
            raise UnreadableImage(f"The {kind} file's header cannot be read.") from error
        within(image.width, image.height, bounds)
        _still(image)
        _sound(upload, kind)
        try:
            pixels = grey_if_equal(_pixels(image))
        except DECODING as error:
            raise UnreadableImage(f"The {kind} file is damaged or cut short.") from error
    white = float(np.iinfo(pixels.dtype).max)
    return Scan(pixels, Window(0.0, white), "png" if kind == "PNG" else "jpeg")


def _deep(upload: bytes) -> FrameSize | None:
    """The size of a JPEG of more than 8 bits, which Pillow does not read."""
    try:
        size = jpeg_size(upload)
    except UnreadableImage:
        return None  # Pillow is more patient with headers, and then has the word
    return size if size.bits > 8 else None


def _decode_deep(upload: bytes, size: FrameSize, bounds: Bounds) -> Scan:
    within(size.cols, size.rows, bounds)
    _sound(upload, "JPEG")
    if size.samples != 1 or size.bits > 16:
        raise UnreadableImage(f"The JPEG file has {size.samples} samples of {size.bits} bits.")
    pixels = decode_jpeg(upload, size).astype(np.uint16, copy=False)
    return Scan(pixels, Window(0.0, 2.0**size.bits - 1.0), "jpeg")


def within(cols: int, rows: int, bounds: Bounds) -> None:
    """Raise TooLarge (or UnreadableImage for no pixels) from a header's size alone."""
    if min(cols, rows) < 1:
        raise UnreadableImage("The image has no pixels.")
    if max(cols, rows) > bounds.side_pixels or cols * rows > bounds.image_pixels:
        raise TooLarge(
            f"The image is {cols} x {rows} pixels; at most {bounds.image_pixels:,} pixels "
            f"and {bounds.side_pixels:,} a side are read."
        )


def grey_if_equal(pixels: Pixels) -> Pixels:
    """(rows, cols, 3) with equal channels -> (rows, cols): the same content, one encoding."""
    if pixels.ndim == 3 and (pixels == pixels[..., :1]).all():
        pixels = pixels[..., 0]
    return cast(Pixels, np.ascontiguousarray(pixels))


def _still(image: Image.Image) -> None:
    if isinstance(image, PngImageFile) and image.n_frames > 1:
        raise UnreadableImage(
            "The PNG file is an animation.", hint="Send the one picture that is to be read."
        )


def _sound(upload: bytes, kind: Literal["PNG", "JPEG"]) -> None:
    if kind == "JPEG" and too_many_scans(upload):
        raise UnreadableImage("The JPEG file has too many scans.")
    if kind == "PNG" and not _checksums_hold(upload):
        raise UnreadableImage("The PNG file is damaged: a checksum does not fit.")


def _checksums_hold(upload: bytes) -> bool:
    """Whether each chunk has its CRC (PNG 5.3): Pillow shows damaged pixels without a word."""
    data, at = memoryview(upload), 8
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        end = at + 8 + length
        if zlib.crc32(data[at + 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
            return False
        if upload[at + 4 : at + 8] == b"IEND":
            return True
        at = end + 4
    return False


def _pixels(image: Image.Image) -> Pixels:
    image.load()
    turn = TURNS.get(_orientation(image))
    if image.mode.startswith("I"):
        deep = image if turn is None else image.transpose(turn)
        return np.asarray(deep).astype(np.uint16)
    flat = _opaque(image)
    return np.asarray(flat if turn is None else flat.transpose(turn))


def _orientation(image: Image.Image) -> int:
    try:
        turn = image.getexif().get(ORIENTATION, 1)
    except DECODING:
        return 1  # as browsers do: a broken note beside the picture does not spoil the picture
    return turn if isinstance(turn, int) else 1


def _opaque(image: Image.Image) -> Image.Image:
    """The image as L or RGB; what shines through transparent parts is black."""
    if image.mode == "P" and image.palette is None:
        raise ValueError("a palette that is not there")  # Pillow asserts that it is
    if image.mode == "1":
        image = image.convert("L")
    if image.has_transparency_data:
        clear = image.convert("RGBA")
        if np.asarray(clear.getchannel("A")).min() < 255:
            clear = Image.alpha_composite(Image.new("RGBA", clear.size, "black"), clear)
        return clear.convert("RGB")
    return image if image.mode in ("L", "RGB") else image.convert("RGB")
