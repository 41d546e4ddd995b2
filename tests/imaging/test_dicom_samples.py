"""The 25 real files, against pydicom's own pipeline and against dcmtk."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut

from radlens.imaging.decode import decode
from radlens.imaging.encode import encode_png
from radlens.imaging.prepare import prepare, shown
from tests.imaging.samples import SPEC

# Pairs that hold the same pixels: all MR_small, and what was decompressed or compressed losslessly.
SAME = [
    *(
        ("pydicom_MR_small", f"pydicom_MR_small_{how}")
        for how in ("RLE", "bigendian", "implicit", "jp2klossless", "jpeg_ls_lossless")
    ),
    ("pydicomdata_693_UNCR", "pydicomdata_693_J2KR"),
    ("pydicomdata_693_UNCI", "pydicom_693_J2KI"),
    ("pydicomdata_MR2_UNCI", "pydicomdata_MR2_J2KI"),
]
WINDOWED = [
    "pydicom_693_J2KI",
    "pydicom_MR_small",
    "pydicomdata_693_UNCR",
    "pydicomdata_MR2_UNCI",
    "pydicomdata_JPGLosslessP14SV1_1s_1f_8b",
    "pydicomdata_MR-SIEMENS-DICOM-WithOverlays",
    "pydicomdata_RG1_J2KI",
    "pydicomdata_RG3_J2KR",
    "pydicomdata_bad_sequence",
]


def read(shared: Path, name: str) -> bytes:
    return (shared / "dicom" / f"{name}.dcm").read_bytes()


def test_every_real_file_becomes_a_scan_that_survives_its_png(shared: Path) -> None:
    files = sorted((shared / "dicom").glob("*.dcm"))
    assert len(files) == 25
    for file in files:
        scan = decode(file.read_bytes())
        assert np.array_equal(decode(encode_png(scan)).pixels, scan.pixels), file.name
        assert np.ptp(prepare(scan, SPEC)) > 0.1, file.name


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_image_in_two_encodings_gives_one_tensor(
    shared: Path, one: str, other: str
) -> None:
    tensors = [prepare(decode(read(shared, name)), SPEC) for name in (one, other)]
    np.testing.assert_allclose(*tensors, atol=1e-5)


@pytest.mark.filterwarnings("ignore::UserWarning")  # of the oracle, about the files' headers
@pytest.mark.parametrize("name", WINDOWED)
def test_a_window_shows_what_pydicom_shows(shared: Path, name: str) -> None:
    upload = read(shared, name)
    header = pydicom.dcmread(shared / "dicom" / f"{name}.dcm")
    expected = apply_voi_lut(apply_modality_lut(header.pixel_array, header), header)
    bits = header.BitsStored - header.PixelRepresentation
    ends = np.array([-(2**bits) * header.PixelRepresentation, 2**bits - 1], float)
    if "RescaleSlope" in header:
        ends = ends * float(header.RescaleSlope) + float(header.RescaleIntercept)
    expected = (expected - ends[0]) / np.ptp(ends)
    if header.PhotometricInterpretation == "MONOCHROME1":
        expected = 1.0 - expected
    np.testing.assert_allclose(shown(decode(upload)), expected, atol=1e-5)


def test_a_modality_lut_and_a_voi_lut_are_those_of_pydicom(shared: Path) -> None:
    modality = pydicom.dcmread(shared / "dicom" / "pydicomdata_mlut_18.dcm")
    voi = pydicom.dcmread(shared / "dicom" / "pydicomdata_vlut_04.dcm")
    by_modality = decode(read(shared, "pydicomdata_mlut_18")).pixels
    by_voi = decode(read(shared, "pydicomdata_vlut_04")).pixels
    assert np.array_equal(by_modality, apply_modality_lut(modality.pixel_array, modality))
    assert np.array_equal(by_voi, apply_voi_lut(voi.pixel_array, voi))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("pydicom_MR_small", ["+Wi", "1"]),
        ("pydicomdata_693_UNCR", ["+Wi", "1"]),
        ("pydicomdata_MR-SIEMENS-DICOM-WithOverlays", ["+Wi", "1", "-O"]),
        ("pydicomdata_bad_sequence", ["+Wi", "1"]),
        ("pydicom_JPGExtended", ["+Wm"]),
        ("pydicom_CT_small", ["+Wm"]),
    ],
)
def test_dcmtk_shows_the_same(shared: Path, tmp_path: Path, name: str, options: list[str]) -> None:
    program = shutil.which("dcmj2pnm")
    if program is None:
        pytest.skip("dcmtk (dcmj2pnm) is not installed")
    source, target = shared / "dicom" / f"{name}.dcm", tmp_path / "out.pgm"
    subprocess.run([program, *options, source, target], check=True, capture_output=True)
    with Image.open(target) as picture:
        expected = np.asarray(picture).astype(float)
    ours = 255.0 * shown(decode(source.read_bytes()))
    assert np.abs(ours - expected).max() <= 1.5  # dcmtk renders to 8 bits, its own way


def test_a_chest_x_ray_stored_as_monochrome1_is_shown_with_bone_bright(shared: Path) -> None:
    image = shown(decode(read(shared, "pydicomdata_RG3_J2KR")))
    stored = pydicom.dcmread(shared / "dicom" / "pydicomdata_RG3_J2KR.dcm").pixel_array
    assert np.corrcoef(image.ravel(), stored.ravel())[0, 1] < -0.9
