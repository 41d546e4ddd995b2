"""The same content gives the same tensor, whatever its encoding."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless, RLELossless

from radlens.imaging.decode import decode
from radlens.imaging.encode import encode_png
from radlens.imaging.prepare import prepare
from tests.imaging.samples import SPEC, compressed, dataset, dicom, raster, saved

WHOLE = {"WindowCenter": 128, "WindowWidth": 256}  # 0 ... 255, PS3.3 C.11.2.1.2.1
IMAGES = st.tuples(st.integers(1, 150), st.integers(1, 150)).flatmap(
    lambda shape: arrays(np.uint8, shape, elements=st.integers(0, 255), fill=st.integers(0, 255))
)


def palette(grey: np.ndarray) -> bytes:
    """The image as a palette PNG whose colours stand in reverse order."""
    image = Image.fromarray(255 - grey, "P")
    image.putpalette([value for value in range(255, -1, -1) for _ in range(3)])
    return saved(image)


def encodings(grey: np.ndarray) -> dict[str, bytes]:
    """One image of 8 bits in every way that keeps it whole."""
    rgb = np.stack([grey] * 3, -1)
    deep = grey.astype(np.uint16)
    inverted: dict[str, Any] = {"PhotometricInterpretation": "MONOCHROME1", **WHOLE}
    rescaled = {"RescaleSlope": 0.5, "RescaleIntercept": -1000}
    made = {
        "PNG 16 bits": raster(deep * 257),
        "PNG RGB": raster(rgb),
        "PNG RGBA": raster(np.dstack([rgb, np.full_like(grey, 255)])),
        "PNG LA": saved(Image.fromarray(grey).convert("LA")),
        "PNG palette": palette(grey),
        "MONOCHROME2": dicom(grey, **WHOLE),
        "MONOCHROME1": dicom(255 - grey, **inverted),
        "signed": dicom((deep.astype(np.int16) - 128), WindowCenter=0, WindowWidth=256),
        "rescale": dicom(deep + 40_000, WindowCenter=19_064.25, WindowWidth=128.5, **rescaled),
        "negative slope": dicom(60_000 - deep, RescaleSlope=-1, RescaleIntercept=60_000, **WHOLE),
        "exact": dicom(
            deep * 16,
            BitsStored=12,
            WindowCenter=2040,
            WindowWidth=4080,
            VOILUTFunction="LINEAR_EXACT",
        ),
        "RGB": dicom(rgb),
        "RLE": compressed(dataset(grey, **WHOLE), RLELossless),
    }
    if min(grey.shape) >= 32:  # OpenJPEG's encoder halves an image five times
        made["JPEG 2000"] = compressed(dataset(grey, **WHOLE), JPEG2000Lossless)
    return made


@settings(max_examples=60, deadline=None)
@given(grey=IMAGES)
def test_the_same_content_gives_the_same_tensor_whatever_its_encoding(grey: np.ndarray) -> None:
    reference = prepare(decode(raster(grey)), SPEC)
    for name, upload in encodings(grey).items():
        np.testing.assert_allclose(
            prepare(decode(upload), SPEC), reference, atol=1e-5, err_msg=name
        )


@settings(max_examples=30, deadline=None)
@given(grey=IMAGES)
def test_a_scan_and_its_stored_png_give_the_same_tensor(grey: np.ndarray) -> None:
    scan = decode(dicom(grey.astype(np.int16) * 100, WindowCenter=9000, WindowWidth=15_000))
    assert np.array_equal(decode(encode_png(scan)).pixels, scan.pixels)


def test_jpeg_ls_is_one_of_them() -> None:
    from imagecodecs import jpegls_encode

    from tests.imaging.samples import encapsulated

    grey = np.arange(64 * 50, dtype=np.uint8).reshape(50, 64)
    packed = encapsulated(jpegls_encode(grey), JPEGLSLossless, grey, **WHOLE)
    np.testing.assert_allclose(
        prepare(decode(packed), SPEC), prepare(decode(raster(grey)), SPEC), atol=1e-6
    )
