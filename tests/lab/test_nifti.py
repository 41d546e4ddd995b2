"""A slice of a volume lies as a radiologist expects it, however the file stores it."""

from pathlib import Path

import nibabel
import numpy as np
import pytest

from radlens.domain.errors import BadDataset, NotAssessable, TooLarge, UnreadableImage
from radlens.domain.scan import Bounds
from radlens.lab.nifti import cut, read_volume

# A small head in RAS+ order: one bright voxel each at the far right, front and top.
RIGHT, FRONT, HEAD = (5, 3, 4), (3, 7, 4), (3, 4, 8)


def head() -> np.ndarray:
    values = np.full((6, 8, 9), 10.0, np.float32)
    values[RIGHT], values[FRONT], values[HEAD], values[0, 0, 0] = 50, 60, 70, 0
    return values


def written(path: Path, values: np.ndarray, order: str = "RAS") -> Path:
    """The values, given in RAS+, as a file that stores them in another order of axes."""
    image = nibabel.Nifti1Image(values, np.diag([1.0, 2.0, 3.0, 1.0]))
    turn = nibabel.orientations.axcodes2ornt(tuple(order))
    nibabel.save(image.as_reoriented(nibabel.orientations.ornt_transform(
        nibabel.orientations.axcodes2ornt(tuple("RAS")), turn)), path)  # fmt: skip
    return path


@pytest.mark.parametrize("order", ["RAS", "LPS", "PIR", "SAL"])
def test_right_is_left_front_is_up_and_head_is_up_in_any_order_of_axes(tmp_path: Path, order: str):
    volume = read_volume(written(tmp_path / "head.nii.gz", head(), order), Bounds())
    axial = cut(volume, 4, "axial")
    assert axial.pixels.shape == (8, 6)
    assert axial.pixels[4, 0] == round(50 / 70 * 65535), "the patient's right is at the left"
    assert axial.pixels[0, 2] == round(60 / 70 * 65535), "the front is at the top"
    assert axial.spacing_mm == (2.0, 1.0)
    coronal = cut(volume, 4, "coronal")
    assert coronal.pixels[0, 2] == 65535, "the head is at the top"
    assert coronal.spacing_mm == (3.0, 1.0)
    sagittal = cut(volume, 3, "sagittal")
    assert sagittal.pixels[4, 0] == round(60 / 70 * 65535), "the face looks left"
    assert sagittal.spacing_mm == (3.0, 2.0)


def test_without_a_number_the_middle_slice_is_taken_and_named(tmp_path: Path):
    volume = read_volume(written(tmp_path / "head.nii", head()), Bounds())
    middle = cut(volume, None, "axial")
    assert (middle.frame, middle.frames, middle.source) == (5, 9, "nifti")
    np.testing.assert_array_equal(middle.pixels, cut(volume, 4, "axial").pixels)


def test_what_cannot_be_assessed_is_refused(tmp_path: Path):
    holed = head()
    holed[2, 2, 2] = np.nan
    for values, error in ((holed, NotAssessable), (np.ones((4, 4, 4)), NotAssessable),
                          (np.zeros((4, 4, 4, 2)), UnreadableImage)):  # fmt: skip
        nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / "bad.nii")
        with pytest.raises(error):
            read_volume(tmp_path / "bad.nii", Bounds())
    (tmp_path / "text.nii.gz").write_bytes(b"not a volume")
    with pytest.raises(UnreadableImage):
        read_volume(tmp_path / "text.nii.gz", Bounds())


def test_a_volume_over_the_bound_is_refused_by_its_header(tmp_path: Path):
    path = written(tmp_path / "head.nii", head())
    with pytest.raises(TooLarge):
        read_volume(path, Bounds(inflated_bytes=1000))


def test_a_slice_or_an_axis_that_is_not_there_is_refused(tmp_path: Path):
    volume = read_volume(written(tmp_path / "head.nii", head()), Bounds())
    with pytest.raises(BadDataset, match="9 axial slices"):
        cut(volume, 9, "axial")
    with pytest.raises(BadDataset, match="oblique"):
        cut(volume, 0, "oblique")
