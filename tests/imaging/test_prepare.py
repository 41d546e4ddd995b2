"""Percentiles are numpy's, and contrast is stretched between them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radlens.domain.errors import NotAssessable
from radlens.imaging.prepare import percentiles, stretch

RANKS = (0.0, 1.0, 37.5, 99.0, 100.0)


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=300))
def test_percentiles_are_those_of_numpy(values: list[float]) -> None:
    array = np.array(values, np.float32)
    expected = np.percentile(array.astype(np.float64), RANKS)
    np.testing.assert_allclose(percentiles(array, RANKS), expected, atol=1e-6)


def test_the_two_percentiles_become_black_and_white() -> None:
    values = np.linspace(0.2, 0.6, 101, dtype=np.float32).reshape(1, 101)
    out = stretch(values, (10.0, 90.0))
    np.testing.assert_allclose(out[0, [0, 10, 50, 90, 100]], [0, 0, 0.5, 1, 1], atol=1e-5)
    assert out.dtype == np.float32


def test_an_image_without_contrast_is_not_assessable() -> None:
    with pytest.raises(NotAssessable):
        stretch(np.full((8, 8), 0.5, np.float32), (1.0, 99.0))
