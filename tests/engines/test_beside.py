"""Work beside the answers: bounded, in order, and a failure ends with its own job."""

from threading import Event

import pytest

from radlens.engines.beside import Background


def test_before_the_start_and_after_the_end_nothing_is_taken():
    beside = Background(most=4)
    assert not beside.offer(lambda: None)
    beside.start()
    assert beside.offer(lambda: None)
    beside.close()
    assert not beside.offer(lambda: None)
    assert beside.dropped == 0


def test_what_has_no_room_is_dropped_and_counted_and_room_comes_back():
    beside, held, began, finished = Background(most=3), Event(), Event(), Event()
    done: list[str] = []
    beside.start()
    beside.offer(lambda: (began.set(), held.wait()))
    assert began.wait(60)
    assert beside.offer(lambda: done.append("second"))
    assert beside.offer(finished.set)
    assert not beside.offer(lambda: done.append("no room"))
    assert not beside.offer(lambda: done.append("none either"))
    assert beside.dropped == 2
    held.set()
    assert finished.wait(60)
    assert done == ["second"]
    again = Event()
    assert beside.offer(again.set)
    assert again.wait(60)
    beside.close()


def test_a_job_that_fails_is_logged_and_the_next_is_done(caplog: pytest.LogCaptureFixture):
    beside, finished = Background(most=4), Event()

    def fail() -> None:
        raise ValueError("of this job alone")

    beside.start()
    beside.offer(fail)
    beside.offer(finished.set)
    assert finished.wait(60)
    beside.close()
    assert "of this job alone" in caplog.text


def test_closing_waits_for_the_job_at_hand_and_leaves_the_others():
    beside, began, held, done = Background(most=4), Event(), Event(), []

    def first() -> None:
        began.set()
        held.wait()
        done.append("first")

    beside.start()
    beside.offer(first)
    beside.offer(lambda: done.append("second"))
    assert began.wait(60)
    held.set()
    beside.close()
    assert done[0] == "first"
