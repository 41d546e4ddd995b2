"""The one preprocessing: window, averaging, contrast, scale."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from radlens.domain.errors import NotAssessable
from radlens.domain.scan import Scan, Window
from radlens.imaging.prepare import block_means, grey, prepare, shown
from tests.imaging.samples import SPEC


def by_pillow(scan: Scan, rows: int, cols: int) -> np.ndarray:
    """The slow way: the whole image in floating point, then Pillow alone."""
    low, high = scan.window.low, scan.window.high
    light = np.clip((scan.pixels.astype(np.float64) - low) / (high - low), 0, 1)
    image = Image.fromarray(light.astype(np.float32))
    return np.asarray(image.resize((cols, rows), Image.Resampling.BILINEAR, reducing_gap=2.0))


@settings(max_examples=150, deadline=None)
@given(
    rows=st.integers(1, 700),
    cols=st.integers(1, 700),
    grid=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    depth=st.sampled_from([8, 12, 16]),
    window=st.sampled_from([None, (0.2, 0.7), (-0.5, 1.5), (0.31, 0.3101)]),
    seed=st.integers(0, 9),
)
def test_the_quick_way_gives_what_the_slow_way_gives(
    rows: int,
    cols: int,
    grid: tuple[int, int],
    depth: int,
    window: tuple[float, float] | None,
    seed: int,
) -> None:
    kind, top = (np.uint8 if depth == 8 else np.uint16), 2**depth - 1
    pixels = np.random.default_rng(seed).integers(0, top + 1, (rows, cols)).astype(kind)
    low, high = (0.0, 1.0) if window is None else window
    scan = Scan(pixels, Window(low * top, high * top), "dicom")
    np.testing.assert_allclose(grey(scan, *grid), by_pillow(scan, *grid), atol=1e-5)


def test_blocks_at_the_far_edges_are_means_of_what_is_there() -> None:
    pixels = np.arange(15, dtype=np.uint8).reshape(3, 5)
    assert block_means(pixels, 2, 3).tolist() == [[3.5, 6.0], [11.0, 13.5]]


@pytest.mark.parametrize("block", [2, 16, 17, 40])
def test_sums_of_blocks_do_not_overflow(block: int) -> None:
    for kind in (np.uint8, np.uint16):
        white = np.full((200, 200), np.iinfo(kind).max, kind)
        np.testing.assert_allclose(block_means(white, block, block), white.max(), rtol=1e-6)


def test_a_window_far_from_zero_keeps_its_fraction() -> None:
    scan = Scan(np.array([[60_000, 60_001]], np.uint16), Window(59_999.3, 60_002.3), "dicom")
    np.testing.assert_allclose(shown(scan), [[0.7 / 3, 1.7 / 3]], atol=1e-6)


def test_colour_is_seen_as_its_luminance() -> None:
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 255
    np.testing.assert_allclose(shown(Scan(red, Window(0.0, 255.0), "png")), 0.299, atol=1e-6)


def test_a_linear_change_of_brightness_changes_nothing_where_contrast_is_stretched() -> None:
    spec = replace(SPEC, contrast=(1.0, 99.0))
    pixels = np.random.default_rng(0).integers(0, 120, (90, 90)).astype(np.uint8)
    scans = (Scan(p, Window(0.0, 255.0), "png") for p in (pixels, pixels * 2 + 10))
    np.testing.assert_allclose(*(prepare(scan, spec) for scan in scans), atol=1e-4)


def test_a_blank_image_is_not_assessable() -> None:
    blank = Scan(np.full((50, 50), 7, np.uint8), Window(0.0, 255.0), "png")
    with pytest.raises(NotAssessable, match="blank"):
        prepare(blank, replace(SPEC, contrast=(1.0, 99.0)))


def test_the_scan_itself_is_never_changed() -> None:
    pixels = np.arange(10_000, dtype=np.uint16).reshape(100, 100)
    pixels.flags.writeable = False
    scan = Scan(pixels, Window(100.5, 7000.0), "dicom")
    prepare(scan, SPEC)
    assert pixels[0, 5] == 5
