"""Third parties' warnings stay inside, whoever else is decoding."""

import threading
import warnings

import pytest

from radlens.imaging.quiet import quiet


def test_inside_a_warning_is_not_heard_and_outside_it_is_again() -> None:
    with quiet():
        warnings.warn("unheard", stacklevel=1)
    with pytest.raises(UserWarning, match="heard"):
        warnings.warn("heard", stacklevel=1)


def test_two_who_overlap_leave_the_filters_as_they_were() -> None:
    before = list(warnings.filters)
    entered, leave = threading.Event(), threading.Event()

    def other() -> None:
        with quiet():
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with quiet():
        thread.start()
        assert entered.wait(10)
    warnings.warn("the other is still inside", stacklevel=1)
    leave.set()
    thread.join(10)
    assert list(warnings.filters) == before


def test_an_error_inside_leaves_the_filters_as_they_were() -> None:
    before = list(warnings.filters)
    with pytest.raises(ValueError, match="broken"), quiet():
        raise ValueError("broken")
    assert list(warnings.filters) == before
