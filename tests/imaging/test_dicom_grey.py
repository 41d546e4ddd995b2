"""The grey-scale pipeline: rescale, look-up tables, windows, signs and inversion."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataelem import DataElement
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian

from radlens.domain.errors import NotAssessable
from radlens.domain.scan import Window
from radlens.imaging.decode import decode
from radlens.imaging.prepare import shown
from tests.imaging.samples import dataset, dicom, lut

RAMP = np.arange(4096, dtype=np.uint16).reshape(64, 64)


def expected(pixels: np.ndarray, **elements: Any) -> np.ndarray:
    """What pydicom makes of it, brought to 0 ... 1."""
    made = dataset(pixels, **elements)
    low, high = np.iinfo(pixels.dtype).min, np.iinfo(pixels.dtype).max
    ends = np.array([low, high], float)
    ends = ends * elements.get("RescaleSlope", 1) + elements.get("RescaleIntercept", 0)
    values = apply_voi_lut(apply_modality_lut(pixels, made), made)
    light = (values - ends[0]) / (ends[1] - ends[0])
    return 1 - light if made.PhotometricInterpretation == "MONOCHROME1" else light


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")  # of the oracle, in SIGMOID
@settings(deadline=None)
@given(
    kind=st.sampled_from([np.uint8, np.int8, np.uint16, np.int16]),
    slope=st.sampled_from([1.0, 0.5, 3.774114, -1.0, -0.25]),
    intercept=st.sampled_from([0.0, -1024.0, 0.000061]),
    window=st.tuples(st.floats(-300, 300), st.floats(2, 900)),
    function=st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]),
    photometric=st.sampled_from(["MONOCHROME1", "MONOCHROME2"]),
)
def test_every_window_shows_what_pydicom_shows(
    kind: type,
    slope: float,
    intercept: float,
    window: tuple[float, float],
    function: str,
    photometric: str,
) -> None:
    pixels = (np.arange(-1200, 1200).reshape(48, 50)).astype(kind)
    elements = {
        "RescaleSlope": slope,
        "RescaleIntercept": intercept,
        "WindowCenter": round(window[0], 3),
        "WindowWidth": round(window[1], 3),
        "VOILUTFunction": function,
        "PhotometricInterpretation": photometric,
    }
    scan = decode(dicom(pixels, **elements))
    assert scan.window.low < scan.window.high
    # pydicom takes a pixel right at the edge for black; the two meet there
    np.testing.assert_allclose(shown(scan), expected(pixels, **elements), atol=3e-5)


def test_a_linear_window_leaves_the_pixels_as_they_were_stored() -> None:
    scan = decode(
        dicom(RAMP, WindowCenter=40, WindowWidth=400, RescaleSlope=1, RescaleIntercept=-1024)
    )
    assert np.array_equal(scan.pixels, RAMP)
    assert scan.window == Window(864.0, 1263.0)


def test_signed_pixels_are_moved_without_loss() -> None:
    signed = (RAMP.astype(np.int16)) - 2000
    scan = decode(dicom(signed))
    assert scan.pixels.dtype == np.uint16
    assert np.array_equal(scan.pixels.astype(int) - 32768, signed)


def test_a_monochrome1_image_is_shown_with_bone_bright() -> None:
    scan = decode(dicom(RAMP, PhotometricInterpretation="MONOCHROME1"))
    assert scan.pixels[0, 0] > scan.pixels[-1, -1]
    assert shown(scan)[0, 0] == 1.0
    assert shown(scan)[-1, -1] == 0.0


def test_of_several_windows_the_first_counts() -> None:
    scan = decode(dicom(RAMP, WindowCenter=[100.5, 7], WindowWidth=[11, 3]))
    assert scan.window == Window(95.0, 105.0)


def test_a_window_of_width_1_is_a_step_and_divides_by_nothing() -> None:
    scan = decode(dicom(RAMP, WindowCenter=100, WindowWidth=1))
    assert shown(scan).ravel()[[99, 100]].tolist() == [0.0, 1.0]


def test_without_a_window_the_darkest_and_brightest_pixels_are_black_and_white() -> None:
    assert decode(dicom(RAMP + 7)).window == Window(7.0, 4102.0)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_padding_does_not_define_the_window(syntax: Any) -> None:
    pixels = RAMP.astype(np.int16) - 1000
    pixels[:, :5] = -2000
    scan = decode(dicom(pixels, syntax, PixelPaddingValue=-2000))
    assert scan.window == Window(pixels[:, 5:].min() + 32768.0, 3095 + 32768.0)


def test_padding_that_was_written_without_its_sign_is_padding() -> None:
    pixels = RAMP.astype(np.int16) - 1000
    pixels[0, 0] = -2000
    unsigned = DataElement(0x00280120, "US", 63536)
    assert decode(dicom(pixels, PixelPaddingValue=unsigned)).window.low == 32768.0 - 999


def test_a_range_of_padding_does_not_define_the_window() -> None:
    pixels = RAMP.copy()
    pixels[0, :2] = 60000, 61000
    scan = decode(dicom(pixels, PixelPaddingValue=61000, PixelPaddingRangeLimit=60000))
    assert scan.window.high == 4095.0


def test_an_image_of_nothing_but_padding_still_has_a_window() -> None:
    scan = decode(dicom(np.full((8, 8), 5, np.uint8), PixelPaddingValue=5))
    assert scan.window == Window(5.0, 6.0)


def test_a_voi_lut_comes_before_a_window_and_before_inversion() -> None:
    entries = (np.sqrt(np.arange(4096) / 4095) * 1023).astype(np.uint16)
    elements = {
        "VOILUTSequence": [lut(0, entries, 10)],
        "WindowCenter": 5,
        "WindowWidth": 3,
    }
    plain = shown(decode(dicom(RAMP, **elements)))
    inverted = shown(decode(dicom(RAMP, PhotometricInterpretation="MONOCHROME1", **elements)))
    np.testing.assert_allclose(plain.ravel(), entries / 1023, atol=1e-6)
    np.testing.assert_allclose(inverted, 1 - plain, atol=1e-6)


def test_a_modality_lut_starts_at_a_negative_value_and_ends_with_its_last_entry() -> None:
    pixels = np.array([[-5, -3], [-1, 90]], np.int16)
    table = lut(-3, np.array([10, 20, 30, 40], np.uint16), 8)
    scan = decode(dicom(pixels, ModalityLUTSequence=[table]))
    assert scan.pixels.tolist() == [[10, 10], [30, 40]]


def test_a_first_value_that_was_written_without_its_sign_is_negative() -> None:
    table = lut(-3, np.array([10, 20, 30, 40], np.uint16), 8)
    table["LUTDescriptor"] = DataElement(0x00283002, "US", [4, 65533, 8])
    pixels = np.array([[-3, -2, -1, 0]], np.int16)
    assert decode(dicom(pixels, ModalityLUTSequence=[table])).pixels.tolist() == [[10, 20, 30, 40]]


def test_a_voi_lut_begins_where_the_modality_lut_ends() -> None:
    pixels = np.array([[0, 1, 2, 3]], np.int16)
    modality = lut(0, np.array([40_000, 40_001, 40_002, 40_003], np.uint16), 16)
    voi = lut(40_000, np.array([5, 6, 7, 8], np.uint16), 8)
    scan = decode(dicom(pixels, ModalityLUTSequence=[modality], VOILUTSequence=[voi]))
    assert scan.pixels.tolist() == [[5, 6, 7, 8]]


def test_values_after_a_modality_lut_are_what_the_window_is_in() -> None:
    table = lut(0, np.arange(4096, dtype=np.uint16)[::-1].copy(), 12)
    scan = decode(dicom(RAMP, ModalityLUTSequence=[table], WindowCenter=100.5, WindowWidth=11))
    assert scan.pixels[0, 0] == 4095
    assert scan.window == Window(95.0, 105.0)


def test_unused_high_bits_are_not_part_of_a_pixel() -> None:
    pixels = (RAMP | 0xF000).astype(np.uint16)
    assert np.array_equal(decode(dicom(pixels, BitsStored=12)).pixels, RAMP)


@pytest.mark.parametrize(
    "elements",
    [
        {"RescaleSlope": "NaN", "RescaleIntercept": 0},
        {"RescaleSlope": 1, "RescaleIntercept": "inf"},
        {"RescaleSlope": 0, "RescaleIntercept": 0},
        {"RescaleSlope": "1e-300", "RescaleIntercept": 0, "WindowCenter": 5, "WindowWidth": 5},
        {"RescaleSlope": "1e300", "RescaleIntercept": 0},
        {"WindowCenter": "nan", "WindowWidth": 5},
        {"WindowCenter": 5, "WindowWidth": "Infinity"},
        {"WindowCenter": 5, "WindowWidth": 0.5},
        {"WindowCenter": 5, "WindowWidth": 0, "VOILUTFunction": "LINEAR_EXACT"},
        {"WindowCenter": 5, "WindowWidth": -1, "VOILUTFunction": "SIGMOID"},
        {"WindowCenter": 5, "WindowWidth": 9, "VOILUTFunction": "SPLINE"},
        {"WindowCenter": "1e12", "WindowWidth": 9},
        {"PixelSpacing": ["nan", 1]},
        {"PixelSpacing": [-0.5, 0.5]},
        {"PixelSpacing": [1e6, 1e6]},
    ],
)
def test_values_that_say_nothing_are_not_assessable(elements: dict[str, Any]) -> None:
    with pytest.raises(NotAssessable):
        decode(dicom(RAMP, **elements))
