"""The picture of the evidence: right place, right colours, nothing where there is none."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from radlens.domain.errors import BadInput
from radlens.domain.heatmap import HeatMap
from radlens.domain.scan import Scan, Window
from radlens.imaging.overlay import (
    RAMP,
    heat_layer,
    overlay,
    shown_rgb,
    to_jpeg,
    to_png,
    values,
)

GREY = np.full((140, 210), 100, np.uint8)
SCAN = Scan(GREY, Window(0.0, 255.0), "png")


def corner() -> HeatMap:
    """Evidence in the upper left of a grid of 7 x 7."""
    values = np.zeros((7, 7), np.float32)
    values[:2, :2] = 1.0
    return HeatMap(values, 3.0)


def read_back(file: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(file)) as image:
        return np.asarray(image.convert("RGB")).astype(int)


@pytest.mark.parametrize("write", [to_png, to_jpeg])
def test_red_is_where_the_evidence_is_and_nowhere_else(
    write: Callable[[np.ndarray], bytes],
) -> None:
    picture = read_back(write(overlay(SCAN, corner(), opacity=1.0)))
    red, green, blue = picture[10, 10]
    assert red > 190
    assert max(green, blue) < 15
    assert np.abs(picture[-10, -10] - 100).max() <= 2


def test_without_heat_or_opacity_the_picture_is_exactly_the_scan() -> None:
    alone = shown_rgb(SCAN)
    assert np.array_equal(overlay(SCAN, None, opacity=0.7), alone)
    assert np.array_equal(overlay(SCAN, corner(), opacity=0.0), alone)
    assert alone.shape == (140, 210, 3)
    assert (alone == 100).all()


def test_the_overlay_grows_with_the_opacity_and_is_the_layer_blended() -> None:
    layer = heat_layer(corner(), 140, 210).astype(float)
    for opacity in (0.25, 0.5, 1.0):
        alpha = opacity * layer[..., 3:] / 255
        expected = (1 - alpha) * 100 + alpha * layer[..., :3]
        ours = overlay(SCAN, corner(), opacity=opacity)
        np.testing.assert_allclose(ours, expected, atol=1.5)


def test_the_layer_is_transparent_where_there_is_no_evidence() -> None:
    layer = heat_layer(corner(), 140, 210)
    assert layer.shape == (140, 210, 4)
    assert layer[10, 10].tolist() == [204, 0, 0, 255]
    assert (layer[70:, 105:, 3] == 0).all()


def test_the_colours_get_darker_with_more_evidence_for_those_who_see_no_red() -> None:
    lightness = RAMP[:, :3] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) <= 0).all()
    assert lightness[0] - lightness[-1] > 150


@pytest.mark.parametrize(
    ("rows", "cols", "longest", "shape"),
    [(300, 200, 150, (150, 100, 3)), (200, 300, 1024, (200, 300, 3)), (5, 4000, 100, (1, 100, 3))],
)
def test_the_longest_side_is_limited(
    rows: int, cols: int, longest: int, shape: tuple[int, ...]
) -> None:
    scan = Scan(np.full((rows, cols), 9, np.uint8), Window(0.0, 255.0), "png")
    assert shown_rgb(scan, longest).shape == shape
    assert overlay(scan, corner(), opacity=0.5, longest=longest).shape == shape


def test_the_window_decides_what_is_black_and_white() -> None:
    scan = Scan(np.array([[1000, 1500, 2000]], np.uint16), Window(1000.0, 2000.0), "dicom")
    assert shown_rgb(scan)[0, :, 0].tolist() == [0, 128, 255]


def test_values_know_no_window_and_keep_their_units_when_made_smaller() -> None:
    ramp = np.tile(np.linspace(2000, 60000, 300, dtype=np.uint16), (200, 1))
    scan = Scan(ramp, Window(1000.0, 1001.0), "dicom")
    assert values(scan) is scan.pixels
    small = values(scan, longest=150)
    assert small.shape == (100, 150)
    assert small.dtype == np.uint16
    np.testing.assert_allclose(small[50], ramp[0].reshape(150, 2).mean(axis=1), atol=120)


def test_values_of_a_colour_image_are_its_luminance() -> None:
    colour = np.zeros((4, 5, 3), np.uint8)
    colour[..., 1] = 200
    assert (values(Scan(colour, Window(0.0, 255.0), "png")) == 117).all()


@pytest.mark.parametrize("opacity", [-0.1, 1.1, float("nan"), float("inf")])
def test_an_opacity_that_is_none_is_bad_input(opacity: float) -> None:
    with pytest.raises(BadInput, match="opacity"):
        overlay(SCAN, corner(), opacity=opacity)


def test_a_layer_keeps_its_transparency_in_a_png() -> None:
    layer = heat_layer(corner(), 20, 30)
    with Image.open(io.BytesIO(to_png(layer))) as image:
        assert image.mode == "RGBA"
        assert np.array_equal(np.asarray(image), layer)


def test_a_png_is_a_png_and_a_jpeg_a_jpeg() -> None:
    picture = shown_rgb(SCAN)
    assert to_png(picture).startswith(b"\x89PNG")
    assert to_jpeg(picture).startswith(b"\xff\xd8\xff")
