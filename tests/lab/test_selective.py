"""How many of the surest answers are wrong, counted one by one."""

import numpy as np
import pytest

from radlens.domain.evaluation import WHOLE
from radlens.lab.selective import COVERAGE, risk_coverage, risks
from tests.lab.answered import multi_class_answers, multi_label_answers


@pytest.mark.parametrize("digits", [1, 9])
def test_risks_are_those_of_answers_counted_one_by_one(digits: int):
    rng = np.random.default_rng(3)
    sure = np.round(rng.random(60), digits)
    wrong = rng.random(60) > sure
    weight = rng.integers(0, 3, (5, 60)).astype(float)
    for row, w in zip(risks(wrong, sure, weight), weight, strict=True):
        for share, found in zip(COVERAGE, row, strict=True):
            # The least sure answer that has to be kept, and all that are as sure as it.
            kept = [sure >= t for t in sorted(set(sure), reverse=True)]
            first = next(k for k in kept if w[k].sum() >= share * w.sum() - 1e-9)
            assert found == pytest.approx((w * wrong)[first].sum() / w[first].sum())


def test_all_answers_are_wrong_as_often_as_the_model_is():
    answers = multi_class_answers(300)
    [(name, line)] = risk_coverage(answers, seed=1, count=100).items()
    wrong = (answers.truth.argmax(1) != answers.probabilities.argmax(1)).mean()
    assert name == WHOLE
    assert line[-1].x == 1
    assert line[-1].y == pytest.approx(wrong, abs=1e-5)
    assert line[4].y < 0.5 * line[-1].y  # the surest are wrong less often
    assert all(point.low <= point.y <= point.high for point in line)


def test_each_label_has_its_own_and_one_without_both_answers_has_none():
    answers = multi_label_answers(200)
    answers.truth[:, 2] = 1
    found = risk_coverage(answers, seed=1, count=20)
    assert list(found) == ["a", "b"]
    known = answers.known[:, 0]
    wrong = (answers.claimed != (answers.truth == 1))[known, 0].mean()
    assert found["a"][-1].y == pytest.approx(wrong, abs=1e-5)
