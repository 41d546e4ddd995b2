"""What speaks against an image before a network sees it."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

from radlens.domain.gate import Verdict
from radlens.domain.scan import Scan, Window
from radlens.imaging.checks import check, coloured_share
from radlens.imaging.decode import decode
from tests.builders import TASKS, picture
from tests.imaging.samples import dicom

CHEST = TASKS["chest-xray"]


def scan(pixels: np.ndarray, **changes: object) -> Scan:
    return replace(Scan(pixels, Window(0.0, 255.0), "png"), **changes)


def test_a_grey_image_of_a_usual_size_passes():
    assert check(scan(picture()), CHEST).verdict is Verdict.ASSESSABLE


@pytest.mark.parametrize(
    ("side", "verdict"),
    [(16, Verdict.REFUSED), (31, Verdict.REFUSED), (32, Verdict.DOUBTFUL), (64, "assessable")],
)
def test_an_image_that_is_far_too_small_is_refused(side: int, verdict: Verdict):
    assert check(scan(picture(rows=200, cols=side)), CHEST).verdict == verdict


@pytest.mark.parametrize("index", [0, 1])
def test_a_colour_photograph_is_refused(index: int):
    photograph = load_sample_images().images[index]
    found = check(scan(photograph), CHEST)
    assert found.verdict is Verdict.REFUSED
    assert "colour" in found.reasons[0]


def test_a_coloured_mark_on_a_scan_is_a_doubt():
    marked = np.repeat(picture(rows=200, cols=200)[..., None], 3, 2)
    marked[10:20, 10:60] = (255, 0, 0)
    assert check(scan(marked), CHEST).verdict is Verdict.DOUBTFUL


@pytest.mark.parametrize("quality", [60, 90])
def test_what_jpeg_does_to_a_grey_image_in_colour_is_no_colour(quality: int):
    stream = BytesIO()
    tinted = np.repeat(picture(rows=200, cols=200)[..., None], 3, 2)
    tinted[..., 2] -= (tinted[..., 2] > 3).astype(np.uint8) * 3
    Image.fromarray(tinted).save(stream, "JPEG", quality=quality)
    decoded = decode(stream.getvalue())
    assert decoded.pixels.ndim == 3
    assert coloured_share(decoded) == 0


@pytest.mark.parametrize(
    ("modality", "verdict"),
    [
        (None, "assessable"),
        ("DX", "assessable"),
        ("OT", "doubtful"),
        ("MR", "refused"),
        ("US", "refused"),
    ],
)
def test_a_foreign_modality_is_refused(modality: str | None, verdict: str):
    assert check(scan(picture(), modality=modality), CHEST).verdict == verdict


def test_another_body_part_is_a_doubt_because_headers_are_often_wrong():
    for part, verdict in (("CHEST", "assessable"), (None, "assessable"), ("KNEE", "doubtful")):
        found = check(scan(picture(), body_part=part), CHEST)
        assert found.verdict == verdict, part


def test_the_body_part_of_a_header_is_kept_and_any_other_text_is_dropped():
    assert decode(dicom(picture(), BodyPartExamined="KNEE")).body_part == "KNEE"
    for text in ("DOE JANE", "JANE", ""):
        assert decode(dicom(picture(), BodyPartExamined=text)).body_part is None


def test_all_reasons_are_told_and_the_strictest_counts():
    found = check(scan(picture(), modality="MR", body_part="KNEE"), CHEST)
    assert found.verdict is Verdict.REFUSED
    assert len(found.reasons) == 2
