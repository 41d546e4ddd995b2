"""DICOM files: frames, colour, spacing, bounds, bombs and privacy."""

import contextlib
import io
import logging
import struct
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    RLELossless,
)

from radlens.domain.errors import BadInput, NotAssessable, TooLarge, UnreadableImage
from radlens.domain.scan import Bounds, Window
from radlens.imaging.decode import decode
from radlens.imaging.dicom_part10 import open_part10
from tests.imaging.samples import (
    PATIENT,
    compressed,
    dataset,
    dicom,
    encapsulated,
    lut,
    part10,
    raster,
)

GREY = np.arange(40 * 50, dtype=np.uint16).reshape(40, 50)
COLOUR = np.random.default_rng(1).integers(0, 256, (40, 50, 3), dtype=np.uint8)
MPEG4 = UID("1.2.840.10008.1.2.4.102")


# frames


@pytest.mark.parametrize(("named", "frame"), [(None, 3), (2, 2), (99, 3)])
def test_the_representative_frame_is_read_or_else_the_middle_one(
    named: int | None, frame: int
) -> None:
    frames = np.stack([GREY + 100 * index for index in range(1, 6)])
    elements = {} if named is None else {"RepresentativeFrameNumber": named}
    scan = decode(dicom(frames, frames=5, **elements))
    assert (scan.frame, scan.frames) == (frame, 5)
    assert np.array_equal(scan.pixels, GREY + 100 * frame)


def test_one_frame_of_a_compressed_film_is_read() -> None:
    frames = np.stack([GREY + 100 * index for index in range(1, 5)])
    scan = decode(compressed(dataset(frames, frames=4), RLELossless))
    assert np.array_equal(scan.pixels, GREY + 200)


def test_an_enhanced_image_has_its_window_and_spacing_in_functional_groups() -> None:
    def item(**elements: Any) -> Dataset:
        made = Dataset()
        made.update(elements)
        return made

    shared = item(PixelMeasuresSequence=[item(PixelSpacing=[0.5, 0.25])])
    own = [
        item(
            PixelValueTransformationSequence=[item(RescaleSlope=2, RescaleIntercept=0)],
            FrameVOILUTSequence=[item(WindowCenter=center, WindowWidth=101)],
        )
        for center in (100, 200, 300)
    ]
    scan = decode(
        dicom(
            np.stack([GREY] * 3),
            frames=3,
            SharedFunctionalGroupsSequence=[shared],
            PerFrameFunctionalGroupsSequence=own,
        )
    )
    assert scan.spacing_mm == (0.5, 0.25)
    assert scan.window == Window(74.75, 124.75)


# colour


@pytest.mark.parametrize("planar", [0, 1])
def test_rgb_is_read_in_either_arrangement(planar: int) -> None:
    stored = COLOUR if planar == 0 else np.moveaxis(COLOUR, 2, 0)
    made = dataset(COLOUR, PlanarConfiguration=planar)
    made.PixelData = stored.tobytes()
    assert np.array_equal(decode(part10(made)).pixels, COLOUR)


def test_ybr_becomes_rgb() -> None:
    white_and_red = np.array([[[255, 128, 128], [76, 85, 255]]], np.uint8)
    scan = decode(dicom(white_and_red, PhotometricInterpretation="YBR_FULL"))
    assert np.abs(scan.pixels[0].astype(int) - [[255, 255, 255], [255, 0, 0]]).max() <= 2


def test_a_palette_becomes_rgb_and_a_grey_palette_grey() -> None:
    indices = np.array([[0, 1], [2, 3]], np.uint8)

    def with_palette(*planes: list[int]) -> bytes:
        made = dataset(indices, PhotometricInterpretation="PALETTE COLOR")
        for name, plane in zip(("Red", "Green", "Blue"), planes, strict=True):
            table = lut(0, np.array(plane) * 256 + 7, 16)
            setattr(made, f"{name}PaletteColorLookupTableDescriptor", [4, 0, 16])
            setattr(made, f"{name}PaletteColorLookupTableData", table.LUTData)
        return part10(made)

    scan = decode(with_palette([1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 255]))
    assert scan.pixels[1, 1].tolist() == [4, 8, 255]
    assert decode(with_palette([9, 8, 7, 6], [9, 8, 7, 6], [9, 8, 7, 6])).pixels.shape == (2, 2)


def test_colour_of_16_bits_keeps_its_upper_8() -> None:
    scan = decode(dicom(COLOUR.astype(np.uint16) * 257))
    assert np.array_equal(scan.pixels, COLOUR)


# what is kept


@pytest.mark.parametrize(
    ("elements", "spacing"),
    [
        ({"PixelSpacing": [0.5, 0.25]}, (0.5, 0.25)),
        ({"ImagerPixelSpacing": [0.2, 0.1]}, (0.2, 0.1)),
        ({"PixelSpacing": [0, 0], "ImagerPixelSpacing": [0.2, 0.1]}, (0.2, 0.1)),
        ({"PixelSpacing": [0, 0]}, None),
        ({}, None),
    ],
)
def test_spacing_is_kept_where_it_is_known(elements: dict[str, Any], spacing: Any) -> None:
    assert decode(dicom(GREY, **elements)).spacing_mm == spacing


@pytest.mark.parametrize("modality", ["DOE JANE", "doe", "X" * 17, "M\\R"])
def test_a_modality_that_is_no_code_is_dropped(modality: str) -> None:
    assert decode(dicom(GREY, Modality=modality)).modality is None


def test_nothing_of_the_patient_is_in_a_scan_a_message_or_a_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    upload = dicom(GREY, PatientBirthDate=PATIENT, Modality="Doe Jane")
    said = repr(decode(upload))
    assert "PatientID" not in open_part10(upload, Bounds()).header
    for broken in ({"Rows": None}, {"RescaleSlope": "NaN"}, {"NumberOfFrames": PATIENT}):
        with pytest.raises(BadInput) as refusal:
            decode(dicom(GREY, **broken))
        said += refusal.value.message + refusal.value.hint
    assert "JANE" not in (said + caplog.text).upper()


# encodings


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int16])
def test_lossless_compression_changes_nothing(syntax: UID, kind: type) -> None:
    pixels = (GREY % 256 - 100 * (kind is np.int16)).astype(kind)
    plain, packed = decode(dicom(pixels)), decode(compressed(dataset(pixels), syntax))
    assert np.array_equal(plain.pixels, packed.pixels)
    assert plain.window == packed.window


def test_a_deflated_file_is_read() -> None:
    assert np.array_equal(decode(dicom(GREY, DeflatedExplicitVRLittleEndian)).pixels, GREY)


def test_a_jpeg_2000_wrapped_in_a_jp2_file_is_read_though_dicom_forbids_it() -> None:
    jp2 = raster((GREY % 256).astype(np.uint8), "JPEG2000")
    scan = decode(encapsulated(jp2, JPEG2000Lossless, (GREY % 256).astype(np.uint8)))
    assert np.array_equal(scan.pixels, GREY % 256)


# what is refused


def without_pixels(**elements: Any) -> bytes:
    return dicom(GREY, PixelData=None, **elements)


@pytest.mark.parametrize(
    ("upload", "words"),
    [
        (without_pixels(), "no pixels"),
        (without_pixels(SOPClassUID="1.2.840.10008.5.1.4.1.1.104.1"), "a document"),
        (without_pixels(FloatPixelData=b"\0" * 8000), "floating-point"),
        (dicom(GREY, Rows=0), "no pixels"),
        (dicom(GREY, Rows=None), "does not say its Rows"),
        (dicom(GREY, NumberOfFrames=0), "0 frames"),
        (dicom(GREY, NumberOfFrames=-3), "-3 frames"),
        (dicom(GREY, NumberOfFrames=2), "cut short"),
        (dicom(GREY, Rows=[40, 50]), "damaged"),
        (dicom(GREY, BitsAllocated=32), "32 bits"),
        (dicom(GREY, BitsStored=17), "contradict"),
        (dicom(GREY, BitsStored=12, HighBit=15), "High Bit"),
        (dicom(GREY, SamplesPerPixel=3), "Photometric"),
        (dicom(GREY, PhotometricInterpretation="CMYK"), "Photometric"),
        (dicom(GREY, PhotometricInterpretation="PALETTE COLOR"), "palette"),
        (encapsulated(b"\0" * 64, MPEG4, COLOUR), "compressed in a way"),
        (b"\0" * 128 + b"DICM", "how it is encoded"),
        (b"\0" * 128 + b"DICM" + b"\xff" * 500, "how it is encoded"),
    ],
)
def test_what_is_no_image_is_refused_and_says_why(upload: bytes, words: str) -> None:
    with pytest.raises(UnreadableImage, match=words) as refusal:
        decode(upload)
    assert refusal.value.hint


@pytest.mark.parametrize(
    ("elements", "bounds"),
    [
        ({"Rows": 65535, "Columns": 65535}, Bounds()),
        ({"NumberOfFrames": 1_000_000}, Bounds()),
        ({}, Bounds(image_pixels=1000)),
        ({}, Bounds(side_pixels=45)),
        ({}, Bounds(inflated_bytes=3999)),
    ],
)
def test_a_header_over_the_bounds_is_refused(elements: dict[str, int], bounds: Bounds) -> None:
    with pytest.raises(TooLarge):
        decode(dicom(GREY, **elements), bounds)


def test_the_boundary_itself_is_read() -> None:
    exact = Bounds(image_pixels=2000, side_pixels=50, inflated_bytes=4000, frames=1)
    assert decode(dicom(GREY), exact).rows == 40


def peak_of(upload: bytes, bounds: Bounds = Bounds()) -> int:  # noqa: B008 (frozen)
    """The most memory that reading or refusing an upload takes, in bytes."""
    tracemalloc.start()
    with contextlib.suppress(BadInput):
        decode(upload, bounds)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_a_deflated_bomb_is_never_inflated() -> None:
    bomb = dicom(GREY, DeflatedExplicitVRLittleEndian, PixelData=b"\0" * 200_000_000)
    assert len(bomb) < 300_000
    assert peak_of(bomb) < 64 * 2**20  # what is beyond the image's own size stays packed
    frames = dicom(
        GREY, DeflatedExplicitVRLittleEndian, PixelData=b"\0" * 200_000_000, NumberOfFrames=4000
    )
    assert peak_of(frames, Bounds(inflated_bytes=2**20)) < 32 * 2**20


def test_a_header_that_never_ends_is_refused() -> None:
    bloated = dicom(GREY, DeflatedExplicitVRLittleEndian, ICCProfile=b"x" * 20_000_000)
    with pytest.raises(TooLarge, match="header"):
        decode(bloated)


@pytest.mark.parametrize("kind", ["JPEG", "JPEG2000"])
def test_a_codestream_larger_than_its_header_says_is_never_decoded(kind: str) -> None:
    syntax = {"JPEG": JPEGBaseline8Bit, "JPEG2000": JPEG2000Lossless}[kind]
    black = raster(np.zeros((6000, 6000), np.uint8), kind)
    lying = encapsulated(black, syntax, GREY.astype(np.uint8))
    with pytest.raises(UnreadableImage, match="6000 x 6000"):
        decode(lying)
    assert peak_of(lying) < 8 * 2**20


def test_a_jp2_box_of_no_length_ends_in_an_error_and_not_in_a_loop() -> None:
    endless = b"\x00\x00\x00\x0cjP  \r\n\x87\n" + b"\0" * 64
    with pytest.raises(UnreadableImage):
        decode(encapsulated(endless, JPEG2000Lossless, GREY))


def test_a_jpeg_2000_of_a_million_tiles_is_refused() -> None:
    codestream = bytearray(raster((GREY % 256).astype(np.uint8), "JPEG2000", no_jp2=True))
    codestream[24:32] = struct.pack(">2I", 1, 1)
    wide = np.zeros((40, 50), np.uint8)
    codestream[8:16] = struct.pack(">2I", 5000, 4000)
    with pytest.raises(UnreadableImage, match="tiles"):
        decode(encapsulated(bytes(codestream), JPEG2000Lossless, wide, Rows=4000, Columns=5000))


def test_run_lengths_beyond_the_image_are_not_followed() -> None:
    runs = b"\x81\x05" * 500_000  # 128 bytes for every two
    header = struct.pack("<16L", 2, 64, 64 + len(runs), *[0] * 13)
    upload = encapsulated(header + runs + runs, RLELossless, GREY)
    assert (decode(upload).pixels == 0x0505).all()
    assert peak_of(upload) < 16 * 2**20


def test_an_element_of_the_wrong_length_is_bad_input() -> None:
    upload = dicom(GREY)
    assert upload.count(b"\x28\x00\x10\x00US\x02\x00") == 1
    with pytest.raises(UnreadableImage, match="damaged"):
        decode(upload.replace(b"\x28\x00\x10\x00US", b"\x28\x00\x10\x00UL"))


def test_a_decoder_that_fails_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    codestream = raster((GREY % 256).astype(np.uint8), "JPEG2000", no_jp2=True)
    with pytest.raises(UnreadableImage):
        decode(encapsulated(codestream[:60] + b"\0" * 300, JPEG2000Lossless, GREY))
    assert caplog.text == ""


FILES = {
    "explicit": dicom(GREY, WindowCenter=900, WindowWidth=400),
    "implicit": dicom(GREY, ImplicitVRLittleEndian, VOILUTSequence=[lut(0, GREY.ravel(), 12)]),
    "deflated": dicom(GREY, DeflatedExplicitVRLittleEndian),
    "rle": compressed(dataset(GREY), RLELossless),
    "jpeg": encapsulated(
        raster((GREY % 256).astype(np.uint8), "JPEG"), JPEGBaseline8Bit, GREY.astype(np.uint8)
    ),
    "jpeg2000": compressed(dataset(GREY), JPEG2000Lossless),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_short_anywhere_is_bad_input(name: str) -> None:
    whole = FILES[name]
    decode(whole)
    # The last bytes of some are padding, or the mark that ends the frames.
    for length in range(0, len(whole) - 64, max(1, len(whole) // 150)):
        with pytest.raises(BadInput):
            decode(whole[:length])


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damage=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6))
@example(damage=[(0.5, 255)])
def test_a_damaged_file_is_a_scan_or_bad_input(name: str, damage: list[tuple[float, int]]) -> None:
    upload = bytearray(FILES[name])
    for where, what in damage:
        upload[132 + int(where * (len(upload) - 133))] = what
    try:
        scan = decode(bytes(upload), Bounds(image_pixels=1_000_000, inflated_bytes=8 * 2**20))
    except BadInput:
        return
    assert scan.pixels.dtype in (np.uint8, np.uint16)
    assert np.isfinite([scan.window.low, scan.window.high]).all()
    assert scan.window.low < scan.window.high


def test_sequences_nested_without_end_are_bad_input() -> None:
    deep = struct.pack("<HH2sHL", 0x0008, 0x1115, b"SQ", 0, 0xFFFFFFFF)
    deep += struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)
    stream = io.BytesIO(dicom(GREY, ExplicitVRLittleEndian))
    meta_end = 132 + 12 + struct.unpack("<L", stream.getvalue()[140:144])[0]
    with pytest.raises(BadInput):
        decode(stream.getvalue()[:meta_end] + deep * 5000)


def test_what_cannot_be_assessed_is_not_called_damaged() -> None:
    with pytest.raises(NotAssessable, match="Rescale Slope"):
        decode(dicom(GREY, RescaleSlope="NaN", RescaleIntercept=0))
