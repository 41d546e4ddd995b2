"""Bayes' rule: its laws, published figures, and scikit-learn counting weighted cases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_score

from radlens.domain.evaluation import Measure
from radlens.domain.predictive import (
    EVEN,
    at_prevalence,
    measure_at,
    outcome,
    predictive_values,
)

SHARE = st.floats(0, 1)
INSIDE = st.floats(0.01, 0.99)


def test_the_figures_of_altman_and_bland_come_out() -> None:
    """BMJ 1994;309:102: 231 of 258 abnormal livers and 54 of 86 normal ones were recognised."""
    sensitivity, specificity = 231 / 258, 54 / 86
    positive, negative = predictive_values(sensitivity, specificity, 258 / 344)
    assert positive == pytest.approx(231 / 263)
    assert negative == pytest.approx(54 / 81)
    positive, negative = predictive_values(sensitivity, specificity, 0.25)
    assert positive == pytest.approx(0.45, abs=0.005)
    assert negative == pytest.approx(0.95, abs=0.005)


@given(st.integers(0, 10_000), INSIDE)
def test_scikit_learn_counts_the_same_of_cases_that_are_weighted_to_the_prevalence(
    seed: int, prevalence: float
) -> None:
    rng = np.random.default_rng(seed)
    y, said = np.array([0, 1, *rng.integers(0, 2, 40)]), np.array([1, 1, *rng.integers(0, 2, 40)])
    sensitivity, specificity = said[y == 1].mean(), 1 - said[y == 0].mean()
    weight = np.where(y == 1, prevalence / y.mean(), (1 - prevalence) / (1 - y.mean()))
    positive, negative = predictive_values(sensitivity, specificity, prevalence)
    assert positive == pytest.approx(precision_score(y, said, sample_weight=weight))
    if negative is not None:
        expected = precision_score(y, said, sample_weight=weight, pos_label=0)
        assert negative == pytest.approx(expected)


@given(SHARE, SHARE, SHARE, st.floats(1, 1e6))
def test_everybody_becomes_of_something(
    sensitivity: float, specificity: float, prevalence: float, people: float
) -> None:
    found = outcome(sensitivity, specificity, prevalence, people)
    assert sum(vars(found).values()) == pytest.approx(people)
    assert found.found + found.missed == pytest.approx(people * prevalence)


@given(INSIDE, INSIDE, INSIDE)
def test_from_an_even_prevalence_to_another_is_bayes_at_the_other(
    sensitivity: float, specificity: float, prevalence: float
) -> None:
    even = predictive_values(sensitivity, specificity, EVEN)
    there = predictive_values(sensitivity, specificity, prevalence)
    assert at_prevalence(even[0] or 0, prevalence) == pytest.approx(there[0])
    assert at_prevalence(even[1] or 0, 1 - prevalence) == pytest.approx(there[1])


@given(SHARE, SHARE, INSIDE)
def test_the_map_only_rises_so_that_bounds_stay_bounds(
    one: float, other: float, share: float
) -> None:
    low, high = sorted((one, other))
    taken = measure_at(Measure((low + high) / 2, low, high, 7), share)
    assert 0 <= taken.low <= taken.value <= taken.high <= 1
    assert taken.n == 7


@given(INSIDE, INSIDE, INSIDE)
def test_the_rarer_the_disease_the_less_an_alarm_and_the_more_its_absence_is_worth(
    sensitivity: float, specificity: float, prevalence: float
) -> None:
    positive, negative = predictive_values(sensitivity, specificity, prevalence)
    rarer = predictive_values(sensitivity, specificity, prevalence / 2)
    assert (rarer[0] or 0) < (positive or 0)
    assert (rarer[1] or 0) > (negative or 0)


@given(SHARE)
def test_an_answer_that_says_nothing_is_right_as_often_as_chance(prevalence: float) -> None:
    positive, negative = predictive_values(0.5, 0.5, prevalence)
    assert positive == pytest.approx(prevalence)
    assert negative == pytest.approx(1 - prevalence)


@pytest.mark.parametrize(
    ("of", "worth"),
    [
        ((0.0, 1.0, 0.3), (None, 0.7)),  # nobody is reported
        ((1.0, 0.0, 0.3), (0.3, None)),  # everybody is
        ((1.0, 1.0, 0.3), (1.0, 1.0)),
        ((0.9, 0.8, 0.0), (0.0, 1.0)),  # nobody has it
        ((0.9, 0.8, 1.0), (1.0, 0.0)),
    ],
)
def test_at_the_ends_an_answer_is_never_given_or_always_right(
    of: tuple[float, float, float], worth: tuple[float | None, float | None]
) -> None:
    assert predictive_values(*of) == pytest.approx(worth)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_what_is_no_share_is_refused(share: float) -> None:
    for of in ((share, 0.5, 0.5), (0.5, share, 0.5), (0.5, 0.5, share)):
        with pytest.raises(ValueError, match="no share"):
            predictive_values(*of)
    with pytest.raises(ValueError, match="shares"):
        at_prevalence(0.5, share)
