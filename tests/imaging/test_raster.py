"""PNG and JPEG in every mode, and everything that is wrong with them."""

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile, PngImagePlugin

from radlens.domain.errors import BadInput, TooLarge, UnreadableImage
from radlens.domain.scan import Bounds, Window
from radlens.imaging.decode import decode
from radlens.imaging.prepare import shown
from tests.imaging.samples import chunk, png_of, raster, saved

GREY = np.arange(12 * 20, dtype=np.uint8).reshape(12, 20)
DEEP = np.arange(12 * 20, dtype=np.uint16).reshape(12, 20) * 273
COLOUR = np.random.default_rng(1).integers(0, 256, (12, 20, 3), dtype=np.uint8)
SMOOTH = np.asarray(Image.fromarray(COLOUR).resize((64, 48), Image.Resampling.BICUBIC))


# modes


def test_grey_of_8_bits_is_read_as_it_is() -> None:
    scan = decode(raster(GREY))
    assert np.array_equal(scan.pixels, GREY)
    assert (scan.window, scan.source, scan.frames) == (Window(0.0, 255.0), "png", 1)


def test_grey_of_16_bits_is_not_clipped_to_white() -> None:
    scan = decode(raster(DEEP))
    assert np.array_equal(scan.pixels, DEEP)
    assert scan.window == Window(0.0, 65535.0)


def test_black_and_white_is_0_and_255() -> None:
    bits = Image.fromarray(((GREY > 90) * 255).astype(np.uint8)).convert("1")
    assert np.array_equal(decode(saved(bits)).pixels, (GREY > 90) * 255)


def test_colour_stays_colour_and_grey_in_colour_becomes_grey() -> None:
    assert np.array_equal(decode(raster(COLOUR)).pixels, COLOUR)
    assert np.array_equal(decode(raster(np.stack([GREY] * 3, -1))).pixels, GREY)


def test_an_opaque_rgba_image_is_its_rgb() -> None:
    opaque = np.dstack([COLOUR, np.full(GREY.shape, 255, np.uint8)])
    assert np.array_equal(decode(raster(opaque)).pixels, COLOUR)


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_what_is_transparent_is_black(mode: str) -> None:
    image = Image.fromarray(GREY).convert(mode)
    image.putalpha(Image.fromarray(np.where(GREY < 100, 0, 255).astype(np.uint8)))
    assert np.array_equal(decode(saved(image)).pixels, np.where(GREY < 100, 0, GREY))


@pytest.mark.parametrize("transparency", [3, b"\x80" * 4])
def test_a_palette_with_transparency_is_laid_over_black(transparency: int | bytes) -> None:
    image = Image.fromarray(GREY % 4, "P")
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90, 200, 100, 0])
    scan = decode(saved(image, transparency=transparency))
    expected = [0, 0, 0] if transparency == 3 else [100, 50, 0]
    assert np.abs(scan.pixels[0, 3].astype(int) - expected).max() <= 1


def test_one_grey_value_may_be_the_transparent_one() -> None:
    assert decode(saved(Image.fromarray(GREY), transparency=200)).pixels.ravel()[200] == 0


def test_of_16_bit_colour_the_upper_8_bits_are_read() -> None:
    row = b"\0" + struct.pack(">3H", 0x1234, 0xABCD, 0xFF00)
    assert decode(png_of((1, 1, 16, 2, 0, 0, 0), row)).pixels.tolist() == [[[0x12, 0xAB, 0xFF]]]


def test_an_interlaced_png_is_read() -> None:
    """Adam7 of a 2 x 2 image is its first pixel, then the second, then the row below."""
    data = b"\0\x0a" + b"\0\x14" + b"\0\x1e\x28"
    assert decode(png_of((2, 2, 8, 0, 0, 0, 1), data)).pixels.tolist() == [[10, 20], [30, 40]]


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg_in_every_colour_space(mode: str) -> None:
    image = Image.fromarray(SMOOTH).convert(mode)
    scan = decode(saved(image, "JPEG", quality=100, subsampling=0))
    expected = np.asarray(image.convert("L" if mode == "L" else "RGB")).astype(int)
    assert scan.source == "jpeg"
    assert np.abs(scan.pixels - expected).mean() < 3


def test_a_ycck_jpeg_is_read_like_the_cmyk_it_came_from() -> None:
    from imagecodecs import jpeg8_encode

    inverted = 255 - np.asarray(Image.fromarray(SMOOTH).convert("CMYK"))  # as Adobe writes it
    upload = jpeg8_encode(inverted, level=100, colorspace="CMYK", outcolorspace="YCCK")
    assert np.abs(decode(upload).pixels.astype(int) - SMOOTH).mean() < 12


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_every_exif_orientation_is_applied(kind: str, orientation: int) -> None:
    upright = np.zeros((24, 40), np.uint8)
    upright[:8, :16] = 200  # the corner that has to come out top left
    turned = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright),
        7: upright[::-1, ::-1].T,
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    scan = decode(saved(Image.fromarray(np.ascontiguousarray(turned)), kind, exif=exif))
    assert scan.pixels.shape == upright.shape
    assert np.abs(scan.pixels.astype(int) - upright).max() < 12


def test_a_broken_exif_block_does_not_spoil_the_picture() -> None:
    upload = saved(
        Image.fromarray(GREY), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"z" * 40
    )
    assert decode(upload).rows == 12


def test_of_two_pictures_in_an_mpo_the_first_is_read() -> None:
    stream = io.BytesIO()
    first, second = Image.fromarray(SMOOTH), Image.new("RGB", (64, 48), "white")
    first.save(stream, "MPO", save_all=True, append_images=[second])
    assert np.abs(decode(stream.getvalue()).pixels.astype(int) - SMOOTH).mean() < 20


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_bytes_behind_the_picture_do_not_matter(kind: str) -> None:
    upload = raster(GREY, kind)
    assert np.array_equal(decode(upload + b"behind" * 99).pixels, decode(upload).pixels)


# refusals


@pytest.mark.parametrize(
    ("upload", "words"),
    [
        (b"", "empty"),
        (b"some text", "something else"),
        (b"PK\x03\x04" + b"\0" * 99, "ZIP"),
        (b"%PDF-1.7", "PDF"),
        (b"GIF89a" + b"\0" * 99, "GIF"),
        (b"\x89PNG\r\n\x1a\n", "header"),
        (b"\xff\xd8\xff", "header"),
        (png_of((0, 9, 8, 0, 0, 0, 0), b""), "no pixels|header"),
        (png_of((2, 2, 8, 0, 0, 0, 0), b"\0\1"), "cut short"),
        (png_of((2, 2, 8, 9, 0, 0, 0), b"\0\1\1" * 2), "damaged|header"),
    ],
)
def test_what_is_no_picture_is_refused_and_says_why(upload: bytes, words: str) -> None:
    with pytest.raises(UnreadableImage, match=words) as refusal:
        decode(upload)
    assert refusal.value.hint


def test_an_animation_is_refused() -> None:
    frames = [Image.fromarray(GREY + step) for step in (0, 60)]
    with pytest.raises(UnreadableImage, match="animation"):
        decode(saved(frames[0], save_all=True, append_images=frames[1:]))


def test_an_animation_of_one_picture_is_a_picture() -> None:
    control = chunk(b"acTL", struct.pack(">2I", 1, 0))
    control += chunk(b"fcTL", struct.pack(">5I2H2B", 0, 20, 12, 0, 0, 1, 10, 0, 0))
    rows = b"".join(b"\0" + row.tobytes() for row in GREY)
    assert np.array_equal(decode(png_of((20, 12, 8, 0, 0, 0, 0), rows, control)).pixels, GREY)


@pytest.mark.parametrize("declared", [0, 2**31 + 1])
def test_a_wrong_animation_header_raises_no_warning(declared: int) -> None:
    control = chunk(b"acTL", struct.pack(">2I", declared, 0))
    rows = b"".join(b"\0" + row.tobytes() for row in GREY)
    assert decode(png_of((20, 12, 8, 0, 0, 0, 0), rows, control)).rows == 12


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_file_cut_short_anywhere_is_bad_input(kind: str) -> None:
    upload = raster(SMOOTH, kind)
    for length in range(0, len(upload) - 2, 1 + len(upload) // 400):
        with pytest.raises(BadInput):
            decode(upload[:length])


def test_one_flipped_bit_in_a_png_is_found() -> None:
    upload = bytearray(raster(GREY, compress_level=0))
    upload[120] ^= 1
    with pytest.raises(UnreadableImage, match="checksum"):
        decode(bytes(upload))


UPLOADS = {
    "grey": raster(GREY),
    "deep": raster(DEEP),
    "palette": saved(Image.fromarray(COLOUR).quantize(16)),
    "jpeg": saved(Image.fromarray(SMOOTH), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08" + b"\0" * 40),
    "progressive": raster(SMOOTH, "JPEG", progressive=True),
    "cmyk": saved(Image.fromarray(SMOOTH).convert("CMYK"), "JPEG"),
}


@pytest.mark.parametrize("name", UPLOADS)
@settings(max_examples=150, deadline=None)
@given(damage=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6))
@example(damage=[(0.3, 255)])
def test_a_damaged_file_is_a_scan_or_bad_input(name: str, damage: list[tuple[float, int]]) -> None:
    upload = bytearray(UPLOADS[name])
    for where, what in damage:
        upload[int(where * (len(upload) - 1))] = what
    if name in ("grey", "deep", "palette"):
        upload = bytearray(mended(bytes(upload)))
    try:
        scan = decode(bytes(upload), Bounds(image_pixels=1_000_000))
    except BadInput:
        return
    assert scan.pixels.dtype in (np.uint8, np.uint16)
    assert np.isfinite(shown(scan)).all()


def test_colours_by_number_without_their_table_are_damaged() -> None:
    upload = mended(UPLOADS["palette"].replace(b"PLTE", b"PlTE"))
    with pytest.raises(UnreadableImage, match="damaged"):
        decode(upload)


def mended(upload: bytes) -> bytes:
    """A PNG with its checksums made good, so that damage reaches the decoder."""
    at, out = 8, upload[:8]
    while at + 12 <= len(upload):
        length = int.from_bytes(upload[at : at + 4], "big")
        if at + 12 + length > len(upload):
            break
        out += chunk(upload[at + 4 : at + 8], upload[at + 8 : at + 8 + length])
        at += 12 + length
    return out + upload[at:]


# bombs


def bomb() -> bytes:
    """13000 x 13000 pixels in 20 KB."""
    return png_of((13_000, 13_000, 1, 0, 0, 0, 0), bytes(1 + 1625) * 13_000)


MEASURE = """
import resource, sys, time
from radlens.domain.errors import TooLarge
from radlens.imaging.decode import decode
small, huge = (open(path, "rb") for path in sys.argv[1:])
with small, huge:
    decode(small.read())
    upload = huge.read()
before, begin = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
try:
    decode(upload)
except TooLarge:
    took = time.process_time() - begin
    print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_png_of_20_kb_with_169_million_pixels_is_refused_from_its_header(tmp_path: Path) -> None:
    small, huge = tmp_path / "small.png", tmp_path / "huge.png"
    small.write_bytes(raster(GREY))
    huge.write_bytes(bomb())
    assert huge.stat().st_size < 25_000
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, small, huge], check=True, capture_output=True, text=True
    )
    seconds, kilobytes = map(float, done.stdout.split())
    assert seconds < 0.2
    assert kilobytes < 64 * 1024


@pytest.mark.parametrize("side", [20_000, 2**31 - 1])
def test_a_header_beyond_pillows_own_limit_is_too_large_too(side: int) -> None:
    with pytest.raises(TooLarge):
        decode(png_of((side, side, 8, 0, 0, 0, 0), b""))


@pytest.mark.parametrize("bounds", [Bounds(upload_bytes=50), Bounds(side_pixels=19)])
def test_each_bound_is_kept(bounds: Bounds) -> None:
    with pytest.raises(TooLarge):
        decode(raster(GREY), bounds)
    assert decode(raster(GREY), Bounds(side_pixels=20, image_pixels=240)).cols == 20


def test_a_bomb_in_a_colour_profile_or_a_text_is_bad_input() -> None:
    zeros = zlib.compress(bytes(80_000_000), 9)
    rows = b"".join(b"\0" + row.tobytes() for row in GREY)
    for extra in (chunk(b"iCCP", b"x\0\0" + zeros), chunk(b"zTXt", b"x\0\0" + zeros)):
        with pytest.raises(BadInput):
            decode(png_of((20, 12, 8, 0, 0, 0, 0), rows, extra))


def test_text_in_the_file_is_not_in_the_scan() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Patient", "DOE^JANE", zip=True)
    assert "DOE" not in repr(decode(saved(Image.fromarray(GREY), pnginfo=text)))


def test_pillow_is_never_told_to_take_half_a_picture_for_a_whole_one() -> None:
    decode(raster(GREY))
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
