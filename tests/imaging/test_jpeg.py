"""JPEG of more than 8 bits, lossless JPEG and JPEG-LS, plain and in DICOM files."""

import random
import struct
from pathlib import Path

import numpy as np
import pytest
from imagecodecs import jpeg8_encode, jpegls_encode
from pydicom.uid import UID, JPEGExtended12Bit, JPEGLosslessSV1, JPEGLSLossless

from radlens.domain.errors import BadInput, TooLarge, UnreadableImage
from radlens.domain.scan import Bounds, Window
from radlens.imaging.decode import decode
from radlens.imaging.jpeg import FrameSize, jpeg_size
from tests.imaging.samples import encapsulated, raster

DEEP = (np.arange(40 * 50, dtype=np.uint16).reshape(40, 50) * 2) % 4096
COLOUR = np.random.default_rng(1).integers(0, 256, (40, 50, 3), dtype=np.uint8)


@pytest.mark.parametrize("bits", [12, 16])
def test_a_lossless_jpeg_of_12_or_16_bits_is_read_whole(bits: int) -> None:
    pixels = DEEP * (16 if bits == 16 else 1)
    scan = decode(jpeg8_encode(pixels, lossless=True, bitspersample=bits))
    assert np.array_equal(scan.pixels, pixels)
    assert (scan.window, scan.source) == (Window(0.0, 2.0**bits - 1), "jpeg")


def test_a_deep_jpeg_keeps_to_the_bounds_and_to_grey() -> None:
    upload = jpeg8_encode(DEEP, lossless=True, bitspersample=12)
    with pytest.raises(TooLarge):
        decode(upload, Bounds(side_pixels=49))
    with pytest.raises(UnreadableImage, match="3 samples"):
        decode(jpeg8_encode(np.stack([DEEP] * 3, -1), lossless=True, bitspersample=12))


@pytest.mark.parametrize(
    ("syntax", "codestream"),
    [
        (JPEGLosslessSV1, jpeg8_encode(DEEP, lossless=True, bitspersample=12)),
        (JPEGLSLossless, jpegls_encode(DEEP)),
    ],
)
def test_lossless_codings_in_dicom_change_nothing(syntax: UID, codestream: bytes) -> None:
    scan = decode(encapsulated(codestream, syntax, DEEP, BitsStored=12))
    assert np.array_equal(scan.pixels, DEEP)


def test_signed_pixels_survive_codings_that_know_no_sign() -> None:
    signed = DEEP.astype(np.int16) - 2048
    packed = jpeg8_encode((signed & 0xFFF).astype(np.uint16), lossless=True, bitspersample=12)
    scan = decode(encapsulated(packed, JPEGLosslessSV1, signed, BitsStored=12))
    assert np.array_equal(scan.pixels.astype(int) - 32768, signed)


def mislabelled(codestream: bytes) -> bytes:
    """A colour JPEG whose JFIF mark says YCbCr, as some devices write RGB."""
    mark = b"JFIF\0\1\1\0\0\1\0\1\0\0"
    return codestream[:2] + b"\xff\xe0" + struct.pack(">H", 2 + len(mark)) + mark + codestream[2:]


def test_a_lossless_jpeg_in_rgb_is_not_taken_for_ybr() -> None:
    packed = jpeg8_encode(COLOUR, lossless=True, colorspace="RGB", outcolorspace="RGB")
    upload = encapsulated(mislabelled(packed), JPEGLosslessSV1, COLOUR)
    assert np.array_equal(decode(upload).pixels, COLOUR)


def test_a_lossless_jpeg_in_ybr_is_not_subsampled_whatever_its_header_says() -> None:
    white = np.full((4, 6, 3), (255, 128, 128), np.uint8)
    packed = jpeg8_encode(white, lossless=True, colorspace="RGB", outcolorspace="RGB")
    scan = decode(
        encapsulated(packed, JPEGLosslessSV1, white, PhotometricInterpretation="YBR_FULL_422")
    )
    assert (scan.pixels == 255).all()


def test_a_codestream_of_more_bits_than_its_header_says_is_refused() -> None:
    packed = jpeg8_encode(DEEP, lossless=True, bitspersample=12)
    with pytest.raises(UnreadableImage, match="12 bits"):
        decode(encapsulated(packed, JPEGLosslessSV1, (DEEP // 16).astype(np.uint8)))


def test_the_size_is_read_from_the_header_alone() -> None:
    assert jpeg_size(raster(COLOUR, "JPEG")[:700]) == FrameSize(40, 50, 3, 8)


@pytest.mark.parametrize(
    "header",
    [
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xd8\xff\xc0",
        b"\xff\xd8\x00\xc0\x00\x11\x08",
        b"\xff\xd8\xff\xe0\x00\x00" + b"\0" * 20,
        b"\x89PNG",
    ],
)
def test_a_header_that_two_decoders_could_read_in_two_ways_is_refused(header: bytes) -> None:
    with pytest.raises(UnreadableImage):
        jpeg_size(header)


def test_a_jpeg_ls_image_without_its_end_is_refused_and_does_not_hang() -> None:
    packed = jpegls_encode(DEEP)
    for length in range(60, len(packed) - 2, 97):
        with pytest.raises(UnreadableImage):
            decode(encapsulated(packed[:length], JPEGLSLossless, DEEP))


def test_a_jpeg_of_a_thousand_scans_is_refused() -> None:
    upload = raster(COLOUR, "JPEG", progressive=True)
    assert decode(upload).rows == 40
    scan = upload[upload.rindex(b"\xff\xda") : -2]
    with pytest.raises(UnreadableImage, match="scans"):
        decode(upload[:-2] + scan * 1000 + upload[-2:])


def test_bytes_before_a_marker_of_the_header_do_not_end_the_process() -> None:
    """gdcm 3.2 throws out of C++ here, which no ``except`` sees."""
    packed = jpeg8_encode(DEEP, lossless=True, bitspersample=12)
    at = packed.index(b"\xff\xda")
    decoded = encapsulated(packed[:at] + b"junk" + packed[at:], JPEGLosslessSV1, DEEP)
    assert np.array_equal(decode(decoded).pixels, DEEP)


@pytest.mark.parametrize(
    ("name", "syntax"),
    [
        ("pydicom_JPGExtended", JPEGExtended12Bit),
        ("pydicom_MR_small_jpeg_ls_lossless", JPEGLSLossless),
        ("pydicomdata_bad_sequence", JPEGLosslessSV1),
    ],
)
def test_damage_to_a_real_codestream_is_a_scan_or_bad_input(
    shared: Path, name: str, syntax: UID
) -> None:
    whole = (shared / "dicom" / f"{name}.dcm").read_bytes()
    begin = whole.rindex(struct.pack("<HH", 0x7FE0, 0x0010)) + 12
    for seed in range(150):
        chance, upload = random.Random(seed), bytearray(whole)  # noqa: S311 (not a secret)
        for _ in range(chance.randint(1, 4)):
            upload[chance.randrange(begin, begin + 400)] = chance.randrange(256)
        try:
            decode(bytes(upload))
        except BadInput:
            continue
