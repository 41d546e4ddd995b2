"""What a threshold does is what scikit-learn counts, and its interval holds it."""

import numpy as np
import pytest
from sklearn.metrics import precision_score, recall_score

from radlens.lab.cuts import cuts, thresholds


def cases(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.3).astype(float)
    return y, np.clip(rng.random(n) * 0.6 + 0.3 * y, 0, 1)


def drawn(n: int, count: int, seed: int = 1) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    weight = rng.multinomial(n, np.full(n, 1 / n), size=count).astype(float)
    return [np.ones((1, n)), weight]


def test_each_threshold_is_counted_as_scikit_learn_counts():
    y, p = cases(200)
    even = np.where(y == 1, 0.5 / y.mean(), 0.5 / (1 - y.mean()))  # every second case has it
    found = cuts(y, p, drawn(200, 50))
    assert len(found) > 90
    for cut in found:
        said, did = p >= cut.threshold, cut.measures
        assert did["sensitivity"].value == pytest.approx(recall_score(y, said), abs=1e-5)
        spared = recall_score(y, said, pos_label=0)
        assert did["specificity"].value == pytest.approx(spared, abs=1e-5)
        if said.any():
            right = precision_score(y, said, sample_weight=even)
            assert did["positive"].value == pytest.approx(right, abs=1e-5)
        if not said.all():
            right = precision_score(y, said, sample_weight=even, pos_label=0)
            assert did["negative"].value == pytest.approx(right, abs=1e-5)


def test_the_lowest_threshold_reports_every_case():
    for seed in range(20):
        y, p = cases(50, seed)
        lowest = cuts(y, p, drawn(50, 5))[0].measures
        assert (lowest["sensitivity"].value, lowest["specificity"].value) == (1, 0)


def test_counts_are_of_those_who_have_it_and_of_those_who_have_not():
    y, p = cases(200)
    did = cuts(y, p, drawn(200, 20))[50].measures
    assert did["sensitivity"].n == y.sum()
    assert did["specificity"].n == 200 - y.sum()
    assert did["positive"].n == 200


def test_intervals_hold_the_figure_and_get_narrower_with_more_cases():
    widths = []
    for n in (60, 600):
        y, p = cases(n)
        measures = [m for cut in cuts(y, p, drawn(n, 200)) for m in cut.measures.values() if m]
        assert all(m.low <= m.value <= m.high for m in measures if 0 < m.value < 1)
        widths.append(np.mean([m.high - m.low for m in measures]))
    assert widths[1] < 0.6 * widths[0]


def test_an_answer_that_no_case_gets_has_no_predictive_value():
    y, p = np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.1, 0.2, 0.30004, 0.30004])
    first, *_, last = cuts(y, p, [np.ones((1, 4)), np.ones((3, 4))])
    assert first.measures["negative"] is None  # everything is reported
    assert last.threshold == 0.3  # rounded before it is counted
    assert last.measures["sensitivity"].value == 0.5
    assert len(cuts(y, p, [np.ones((2, 4))])) == len(thresholds(p))
