"""What is stored: the pixels, all of them, and nothing else."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from radlens.domain.prediction import ImageRef
from radlens.domain.scan import Bounds, Scan, Window
from radlens.imaging.decode import decode
from radlens.imaging.encode import encode_png, png, restore
from tests.imaging.samples import dicom

SIDES = st.integers(1, 40)
SHAPES = st.one_of(st.tuples(SIDES, SIDES), st.tuples(SIDES, SIDES, st.sampled_from([3, 4])))


@settings(deadline=None)
@given(pixels=SHAPES.flatmap(lambda shape: arrays(np.uint8, shape)))
def test_a_png_of_8_bits_is_what_pillow_reads(pixels: np.ndarray) -> None:
    with Image.open(io.BytesIO(png(pixels))) as image:
        assert np.array_equal(np.asarray(image), pixels)


@settings(deadline=None)
@given(pixels=st.tuples(SIDES, SIDES).flatmap(lambda shape: arrays(np.uint16, shape)))
def test_grey_of_16_bits_comes_back_whole(pixels: np.ndarray) -> None:
    scan = Scan(pixels, Window(0.0, 65535.0), "dicom")
    assert np.array_equal(decode(encode_png(scan)).pixels, pixels)


def test_the_png_is_what_the_standards_own_checker_accepts() -> None:
    """Pillow's verify() reads every chunk and its checksum."""
    with Image.open(io.BytesIO(png(np.arange(600, dtype=np.uint16).reshape(20, 30)))) as image:
        image.verify()


def test_a_scan_that_lies_in_memory_in_another_order_is_written_as_it_is_seen() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4).T
    assert np.array_equal(decode(png(pixels)).pixels, pixels)


def test_what_was_stored_is_restored_with_its_record() -> None:
    upload = dicom(
        np.arange(2000, dtype=np.uint16).reshape(40, 50),
        WindowCenter=900,
        WindowWidth=401,
        PixelSpacing=[0.5, 0.25],
    )
    scan = decode(upload)
    ref = ImageRef(
        "0" * 64,
        scan.rows,
        scan.cols,
        scan.window,
        scan.source,
        scan.modality,
        scan.spacing_mm,
        scan.frame,
        scan.frames,
    )
    stored = restore(encode_png(scan), ref)
    assert np.array_equal(stored.pixels, scan.pixels)
    assert (stored.window, stored.source, stored.modality) == (scan.window, "dicom", "CR")
    assert (stored.spacing_mm, stored.frame, stored.frames) == ((0.5, 0.25), 1, 1)


def test_what_was_stored_is_restored_though_the_bounds_are_tighter_now() -> None:
    wide = Scan(np.zeros((1, Bounds().side_pixels + 1), np.uint8), Window(0.0, 255.0), "png")
    ref = ImageRef("0" * 64, 1, wide.cols, wide.window, "png", None, None, 1, 1)
    assert restore(encode_png(wide), ref).cols == wide.cols


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1)])
def test_the_smallest_images_are_images(shape: tuple[int, int]) -> None:
    pixels = np.full(shape, 77, np.uint8)
    assert np.array_equal(decode(png(pixels)).pixels, pixels)
