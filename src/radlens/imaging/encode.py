"""Scan -> PNG: lossless, and with nothing in it but pixels."""

from dataclasses import replace
from io import BytesIO

from PIL import Image

from radlens.domain.prediction import ImageRef
from radlens.domain.scan import Scan
from radlens.imaging.decode import decode


def encode_png(scan: Scan) -> bytes:
    """The scan's pixels as PNG, 8 or 16 bits, without any other chunk of the upload."""
    stream = BytesIO()
    Image.fromarray(scan.pixels).save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def restore(png: bytes, ref: ImageRef) -> Scan:
    """The Scan that was stored: pixels from the PNG, everything else from its record."""
    return replace(
        decode(png),
        window=ref.window,
        source=ref.source,
        modality=ref.modality,
        spacing_mm=ref.spacing_mm,
        frame=ref.frame,
        frames=ref.frames,
    )
