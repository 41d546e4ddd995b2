"""Two models on the same cases: paired figures, and tests checked against slower references."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest, norm, rankdata
from sklearn.metrics import roc_auc_score

from radlens.domain.evaluation import Subject
from radlens.lab.compare import DELONG, MCNEMAR, compare, shared
from radlens.lab.evaluate import evaluate
from radlens.lab.significance import delong, delong_p, mcnemar_p, midranks
from tests.lab.answered import multi_class_answers, multi_label_answers

SUBJECT = Subject("t", "m", "d", "s", "data", "id", "test", "patients", 1)


def slow_delong(truth: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """DeLong, DeLong and Clarke-Pearson 1988, equations 3 to 6, over every pair of cases."""
    pos, neg = scores[:, truth == 1], scores[:, truth == 0]
    psi = (pos[:, :, None] > neg[:, None]) + 0.5 * (pos[:, :, None] == neg[:, None])
    v10, v01, area = psi.mean(2), psi.mean(1), psi.mean((1, 2))
    s10 = (v10 - area[:, None]) @ (v10 - area[:, None]).T / (pos.shape[1] - 1)
    s01 = (v01 - area[:, None]) @ (v01 - area[:, None]).T / (neg.shape[1] - 1)
    return area, s10 / pos.shape[1] + s01 / neg.shape[1]


def pair(seed: int, *, ties: bool) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = (rng.random(70) < 0.35).astype(float)
    shared = rng.normal(size=70)
    scores = truth + 0.7 * shared + rng.normal(size=(3, 70)) * [[0.5], [0.8], [1.5]]
    return truth, np.round(scores, 1) if ties else scores


@pytest.mark.parametrize("ties", [False, True])
def test_the_fast_delong_is_the_slow_one(ties: bool):  # noqa: FBT001
    truth, scores = pair(1, ties=ties)
    areas, covariance = delong(truth, scores)
    slow_areas, slow_covariance = slow_delong(truth, scores)
    np.testing.assert_allclose(areas, slow_areas, atol=1e-12)
    np.testing.assert_allclose(covariance, slow_covariance, atol=1e-12)
    np.testing.assert_allclose(areas, [roc_auc_score(truth, s) for s in scores], atol=1e-12)
    apart = slow_areas[0] - slow_areas[2]
    variance = slow_covariance[0, 0] + slow_covariance[2, 2] - 2 * slow_covariance[0, 2]
    expected = 2 * norm.sf(abs(apart) / np.sqrt(variance))
    assert delong_p(truth, scores[0], scores[2]) == pytest.approx(expected, rel=1e-9)


def test_midranks_are_scipys():
    values = np.array([3.0, 1.0, 3.0, 2.0, 3.0, 1.0])
    np.testing.assert_array_equal(midranks(values), rankdata(values))


def test_under_no_difference_delongs_p_is_as_often_small_as_it_should_be():
    small = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        truth = np.repeat([0.0, 1.0], 40)
        one, two = rng.normal(size=(2, 80)) + truth + rng.normal(size=80)
        p = delong_p(truth, one, two)
        assert p is not None
        small += p < 0.05
    assert 0.03 <= small / 400 <= 0.08


def test_one_model_twice_does_not_differ_and_too_few_cases_have_no_p():
    truth, scores = pair(2, ties=False)
    assert delong_p(truth, scores[0], scores[0]) == 1.0
    assert delong_p(np.array([1.0, 0.0, 0.0]), np.arange(3.0), np.arange(3.0)) is None


@pytest.mark.parametrize(
    ("only_first", "only_second"), [(9, 2), (0, 5), (4, 4), (0, 0), (200, 150)]
)
def test_mcnemars_p_is_the_binomials(only_first: int, only_second: int):
    first = np.array([True] * only_first + [False] * only_second + [True] * 20)
    second = np.array([False] * only_first + [True] * only_second + [True] * 20)
    n = only_first + only_second
    expected = binomtest(only_first, n, 0.5).pvalue if n else 1.0
    assert mcnemar_p(first, second) == pytest.approx(expected, rel=1e-9)


def test_differences_are_of_the_same_resamples_and_so_narrower_than_two_intervals():
    first = multi_class_answers(300)
    rng = np.random.default_rng(5)
    p = 0.8 * first.probabilities + 0.2 * rng.dirichlet(np.ones(3), 300)
    second = replace(first, probabilities=p, claimed=p == p.max(1, keepdims=True))
    found = compare(first, second, subjects=(SUBJECT, SUBJECT), seed=1)
    alone = [evaluate(answers, seed=1).whole["accuracy"] for answers in (first, second)]
    apart = found.whole["accuracy"]
    assert apart.first == alone[0]
    assert apart.second == alone[1]
    assert apart.difference.value == pytest.approx(alone[0].value - alone[1].value, abs=2e-5)
    assert apart.difference.low <= apart.difference.value <= apart.difference.high
    width = apart.difference.high - apart.difference.low
    assert width < 0.7 * ((alone[0].high - alone[0].low) + (alone[1].high - alone[1].low))
    assert apart.test == MCNEMAR
    assert found.labels["a"]["auroc"].test == DELONG
    json.dumps(found.to_json(), allow_nan=False)


def test_a_better_model_is_found_better_and_a_copy_is_not():
    good, bad = (multi_label_answers(400, skill=skill) for skill in (3.0, 0.5))
    found = compare(good, bad, subjects=(SUBJECT, SUBJECT), seed=1)
    for label in found.labels.values():
        assert label["auroc"].p < 0.001
        assert label["auroc"].difference.low > 0
    assert found.whole["accuracy"].p is None, "multi-label cases are not right as a whole"
    same = compare(good, good, subjects=(SUBJECT, SUBJECT), seed=1).labels["a"]["auroc"]
    assert (same.p, same.difference.low, same.difference.high) == (1.0, 0.0, 0.0)


def test_what_is_not_measurable_is_not_compared():
    answers = multi_label_answers(60)
    answers.truth[:, 0] = 1
    found = compare(answers, answers, subjects=(SUBJECT, SUBJECT), seed=1)
    assert found.labels["a"]["auroc"] is None


@pytest.mark.parametrize("answers", [multi_class_answers, multi_label_answers])
def test_of_a_label_that_one_model_lacks_no_case_counts(answers):
    first, second = answers(120, 1), answers(120, 1)
    second.probabilities[:, 2], second.claimed[:, 2] = 0.0, False
    found = compare(shared(first, 2), shared(second, 2), subjects=(SUBJECT, SUBJECT), seed=1)
    assert found.labels["c"]["auroc"] is None
    assert found.labels["a"]["auroc"].difference.value == pytest.approx(0, abs=1e-12)
    of_others = first.truth[:, 2] != 1
    whole = found.whole["mean_auroc"]
    assert whole.difference.n == (of_others.sum() if answers is multi_class_answers else 120)
    assert shared(first, 3) is first
