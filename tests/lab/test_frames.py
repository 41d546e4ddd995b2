"""What was burnt into the edges of an image is seen, and anatomy is not taken for it."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from radlens.bootstrap import GALLERY
from radlens.imaging.decode import decode
from radlens.lab.frames import frame
from tests.builders import picture, png


def seen(pixels: np.ndarray):
    return frame(decode(png(pixels)))


def test_a_blank_image_is_blank_and_faint_noise_does_not_change_that():
    noise = np.random.default_rng(0).integers(0, 3, (200, 200), dtype=np.uint8)
    assert seen(noise + 100).blank
    assert not seen(picture(1, 200, 200)).blank


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("width", "value"), [(12, 0), (12, 255), (1, 255), (30, 235)])
def test_a_frame_is_seen_on_any_side_and_a_picture_without_has_none(seed, width, value):
    pixels = picture(seed, 320, 320) // 2 + 40
    assert not seen(pixels).border
    for turn in range(4):
        framed = np.rot90(pixels, turn).copy()
        framed[:width] = value
        assert seen(framed).border


@pytest.mark.parametrize("text", ["PORTABLE", "AP 12:30", "L. SMITH"])
@pytest.mark.parametrize("seed", range(4))
def test_writing_is_seen_in_a_corner_of_a_radiograph(text: str, seed: int):
    image = Image.fromarray(picture(seed, 400, 400) // 4)
    assert not seen(np.asarray(image)).writing
    ImageDraw.Draw(image).text((20, 30), text, 255, ImageFont.load_default(size=16))
    assert seen(np.asarray(image)).writing


def test_the_samples_bear_neither_frame_nor_writing():
    paths = list((GALLERY / "samples").glob("*.png"))
    assert paths
    for path in paths:
        found = frame(decode(path.read_bytes()))
        assert not found.blank
        assert not found.writing
