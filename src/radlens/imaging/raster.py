"""PNG and JPEG -> Scan."""

import struct
import warnings
from io import BytesIO
from typing import Literal

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from radlens.domain.errors import TooLarge, UnreadableImage
from radlens.domain.scan import Bounds, Pixels, Scan, Window

# What Pillow raises for bytes that lie: its plugins let these escape besides OSError.
DECODING = (OSError, ValueError, SyntaxError, EOFError, struct.error, IndexError, KeyError)


def decode_raster(upload: bytes, kind: Literal["PNG", "JPEG"], bounds: Bounds) -> Scan:
    """Decode a PNG or JPEG; grey stays grey, 16 bits stay 16, orientation is applied."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own bomb warning: our bound is below
            image = Image.open(BytesIO(upload), formats=[kind])
    except (UnidentifiedImageError, *DECODING) as error:
        raise UnreadableImage(f"The {kind} file's header cannot be read.") from error
    within(image.width, image.height, bounds)
    if getattr(image, "n_frames", 1) > 1 and kind == "PNG":
        raise UnreadableImage(
            "The PNG file is an animation.", hint="Send the one picture that is to be read."
        )
    try:
        image.load()
        pixels = _pixels(ImageOps.exif_transpose(image))
    except DECODING as error:
        raise UnreadableImage(f"The {kind} file is damaged or cut short.") from error
    top = 255.0 if pixels.dtype == np.uint8 else 65535.0
    return Scan(pixels, Window(0.0, top), "png" if kind == "PNG" else "jpeg")


def within(cols: int, rows: int, bounds: Bounds) -> None:
    """Raise TooLarge (or UnreadableImage for no pixels) from a header's size alone."""
    if min(cols, rows) < 1:
        raise UnreadableImage("The image has no pixels.")
    if max(cols, rows) > bounds.side_pixels or cols * rows > bounds.image_pixels:
        raise TooLarge(
            f"The image is {cols} x {rows} pixels; at most {bounds.image_pixels:,} pixels "
            f"and {bounds.side_pixels:,} a side are read."
        )


def _pixels(image: Image.Image) -> Pixels:
    if image.mode.startswith("I"):
        return np.asarray(image).astype(np.uint16)
    if image.mode == "1":
        image = image.convert("L")
    if image.mode == "P" or image.has_transparency_data or image.mode in ("LA", "PA", "RGBA"):
        flat = Image.new("RGBA", image.size, "black")
        image = Image.alpha_composite(flat, image.convert("RGBA")).convert("RGB")
    pixels = np.asarray(image if image.mode in ("L", "RGB") else image.convert("RGB"))
    return grey_if_equal(pixels)


def grey_if_equal(pixels: Pixels) -> Pixels:
    """(rows, cols, 3) with equal channels -> (rows, cols): the same content, one encoding."""
    if pixels.ndim == 3 and (pixels == pixels[..., :1]).all():
        pixels = pixels[..., 0]
    return np.ascontiguousarray(pixels)
