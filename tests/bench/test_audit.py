"""The figures of bent logs can be measured, at a small size."""

from bench.audit import bend, verify_seconds
from tests.tampering import TAMPERINGS


def test_a_log_that_is_bent_is_found_and_located_and_one_that_is_not_verifies() -> None:
    tallies = bend(edits=2, chains=1)
    assert set(tallies) == set(TAMPERINGS)
    for tally in tallies.values():
        assert (tally.edits, tally.found, tally.located) == (2, 2, 2)
        assert (tally.untouched, tally.false_alarms) == (2, 0)


def test_a_log_of_predictions_is_verified_in_a_measured_time() -> None:
    assert verify_seconds(20) > 0
