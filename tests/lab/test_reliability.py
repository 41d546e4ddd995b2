"""The debiased calibration error finds what is there, and nothing where nothing is."""

import numpy as np
import pytest

from radlens.lab.reliability import ece, equal_mass, signed_root, squared_error_debiased


def said_and_seen(n: int, seed: int, off: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.2, 0.7, n)
    return p, (rng.random(n) < p + off).astype(float), np.ones((1, n))


def by_hand(p: np.ndarray, y: np.ndarray) -> float:
    """Kumar et al. 2019, section 5, one bin after the other."""
    place, total = equal_mass(p), 0.0
    for index in np.unique(place):
        said, seen = p[place == index], y[place == index]
        gap = (said.mean() - seen.mean()) ** 2
        total += len(said) * (gap - seen.mean() * (1 - seen.mean()) / (len(said) - 1))
    return total / len(p)


def test_the_estimator_is_the_formula_of_the_paper_also_where_cases_count_twice():
    p, y, once = said_and_seen(200, 0, 0.1)
    assert squared_error_debiased(p, y, once)[0] == pytest.approx(by_hand(p, y), abs=1e-12)
    twice = np.repeat(np.arange(200), 2)
    expected = by_hand(p[twice], y[twice])
    assert squared_error_debiased(p, y, 2 * once)[0] == pytest.approx(expected, abs=1e-12)


def test_of_a_calibrated_model_the_debiased_error_is_zero_on_average_and_the_plain_one_is_not():
    runs = [said_and_seen(150, seed, 0.0) for seed in range(300)]
    debiased = np.mean([squared_error_debiased(*run)[0] for run in runs])
    assert abs(debiased) < 0.001
    assert np.mean([ece(*run)[0] for run in runs]) > 0.05


@pytest.mark.parametrize("off", [0.1, 0.2])
def test_a_known_error_is_found(off: float):
    runs = [said_and_seen(150, seed, off) for seed in range(300)]
    debiased = np.mean([squared_error_debiased(*run)[0] for run in runs])
    assert np.sqrt(debiased) == pytest.approx(off, rel=0.05)


def test_few_cases_get_few_bins_so_that_no_share_is_of_one_or_two():
    p, _, once = said_and_seen(16, 3, 0.0)
    assert np.bincount(equal_mass(p)).tolist() == [16]
    assert np.bincount(equal_mass(said_and_seen(45, 3, 0.0)[0])).min() >= 10
    wrong = squared_error_debiased(p, 1 - np.zeros(16), once)[0]
    assert np.sqrt(wrong) == pytest.approx(1 - p.mean())


def test_bins_hold_about_as_many_cases_each_and_equal_probabilities_stay_together():
    p = np.concatenate([np.full(40, 0.1), np.linspace(0.2, 0.9, 110)])
    place = equal_mass(p)
    assert len(set(place[:40])) == 1
    assert np.bincount(place[40:])[5:].max() <= 11
    assert signed_root(np.array([-0.04, 0.04])).tolist() == [-0.2, 0.2]
