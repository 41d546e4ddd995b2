"""Figures print beside their goals, and one that fails does not take the others with it."""

import pytest

from bench.figure import Figure, once, show


def test_a_run_that_fails_is_made_once_and_every_figure_that_shares_it_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = []

    @once
    def run() -> float:
        made.append(1)
        raise OSError("no disk")

    figures = [
        Figure("one", "<=0", run),
        Figure("two", "<=0", run),
        Figure("three", ">=1", lambda: 1),
    ]
    assert show(figures, []) == 2
    said = capsys.readouterr()
    assert said.out.splitlines() == ["one failed <=0", "two failed <=0", "three 1.000 >=1 ok"]
    assert said.err.count("OSError: no disk") == len(made) == 1


def test_a_run_that_figures_share_is_made_when_it_is_first_asked_for() -> None:
    made = []
    run = once(lambda: made.append(1) or len(made))
    assert made == []
    assert [run(), run()] == [1, 1]
