"""A canary's share is sticky and just, and it is stopped by counts beyond chance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from radlens.domain.canary import ALPHA, Tally, chosen, reason_to_stop
from radlens.domain.criteria import Criteria
from radlens.domain.metrics import binomial_tail
from radlens.domain.scan import Scan, Window

CRITERIA = Criteria(canary_errors=0.01, canary_changes=0.2)


def scan(pixels: np.ndarray, **changes: object) -> Scan:
    fields = {"window": Window(0.0, 255.0), "source": "png"} | changes
    return Scan(pixels, **fields)


def numbered(n: int) -> Scan:
    return scan(np.frombuffer(f"{n:016d}".encode(), np.uint8).reshape(4, 4))


@given(st.binary(min_size=6, max_size=60), st.floats(0, 1), st.floats(0, 1))
def test_an_image_is_always_of_the_same_arm_and_a_larger_share_keeps_a_smaller(
    content: bytes, one: float, other: float
) -> None:
    pixels = np.frombuffer(content, np.uint8).reshape(1, -1)
    small, large = sorted((one, other))
    again = scan(np.asfortranarray(pixels), window=Window(1.0, 9.0), source="dicom", modality="CR")
    assert chosen(scan(pixels), small) is chosen(again, small)
    assert not chosen(scan(pixels), small) or chosen(scan(pixels), large)
    assert not chosen(scan(pixels), 0.0)
    assert chosen(scan(pixels), 1.0)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5])
def test_the_share_is_what_was_asked_for_within_what_chance_does(share: float) -> None:
    n = 4000
    hits = sum(chosen(numbered(i), share) for i in range(n))
    low, high = binom.interval(0.9999, n, share)
    assert low <= hits <= high


def test_the_arm_hangs_on_pixels_and_shape_and_depth() -> None:
    flat = np.zeros((4, 4), np.uint8)
    kinds = [flat, flat.reshape(2, 8), flat.reshape(8, 2), np.zeros((2, 4), np.uint16), flat + 1]
    # Five images that a digest of the bytes alone would not tell apart fall on either side.
    assert len({tuple(chosen(scan(kind), s / 64) for s in range(65)) for kind in kinds}) == 5


@given(st.integers(0, 300), st.integers(0, 300), st.floats(0, 1))
def test_the_tail_is_scipys(hits: int, n: int, p: float) -> None:
    expected = binom.sf(min(hits, n + 1) - 1, n, p)
    assert binomial_tail(hits, n, p) == pytest.approx(expected, rel=1e-6, abs=1e-12)


def stopped(**counts: object) -> str | None:
    return reason_to_stop(Tally(**counts), CRITERIA, labels=2)


def test_a_canary_that_fails_twice_at_once_is_stopped_and_one_failure_is_not_enough() -> None:
    assert stopped(answers=0, failures=1) is None
    said = stopped(answers=0, failures=2)
    assert said is not None
    assert "2 of 2 images" in said


def test_failures_that_the_live_version_has_as_well_are_no_reason() -> None:
    assert stopped(answers=90, failures=10, read=90, live_failures=9) is None
    assert stopped(answers=90, failures=10, read=90, live_failures=0) is not None


def test_the_bound_is_the_exact_binomials() -> None:
    for failures in range(1, 12):
        beyond = binom.sf(failures - 1, 200, 0.01) < ALPHA
        found = stopped(answers=200 - failures, failures=failures)
        assert (found is not None) is bool(beyond)


def test_one_label_that_changes_too_often_stops_it_and_is_named() -> None:
    assert stopped(answers=100, read=100, changed={"a": 20, "b": 30}) is None
    said = stopped(answers=100, read=100, changed={"a": 0, "b": 45})
    assert said is not None
    assert "for b on 45 of 100" in said


def test_nothing_seen_is_no_reason() -> None:
    assert stopped() is None


def test_a_good_canary_is_seldom_stopped_by_chance_although_it_is_asked_after_each_answer() -> None:
    stops = 0
    for seed in range(200):
        failed = np.random.default_rng(seed).random(500) < CRITERIA.canary_errors / 2
        failures = np.cumsum(failed)
        stops += any(  # only a new failure can be the reason
            stopped(answers=int(n) + 1 - int(failures[n]), failures=int(failures[n]))
            for n in np.flatnonzero(failed)
        )
    assert stops <= 4
