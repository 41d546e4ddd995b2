"""Agreement of two versions, against scikit-learn, SciPy and simulation."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score

from radlens.domain.agreement import Agreement, agreements, changed_labels
from radlens.domain.evaluation import Measure
from radlens.domain.finding import Finding, OperatingPoint


def answer(*said: tuple[float, bool]) -> tuple[Finding, ...]:
    point = OperatingPoint(0.5)
    return tuple(
        Finding(f"l{i}", p, positive=yes, tier=None, calibrated=True, operating_point=point)
        for i, (p, yes) in enumerate(said)
    )


def drawn(seed: int, n: int, *, noise: float = 0.5) -> list[tuple[tuple[Finding, ...], ...]]:
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(n, 1, 2))
    p = 1 / (1 + np.exp(-(shared + noise * rng.normal(size=(n, 2, 2)))))
    return [tuple(answer(*((float(x), x > 0.6) for x in one)) for one in pair) for pair in p]


def test_counts_kappa_and_p_are_those_of_others() -> None:
    pairs = drawn(1, 120)
    for index, found in enumerate(agreements(pairs)):
        live = [pair[0][index].positive for pair in pairs]
        candidate = [pair[1][index].positive for pair in pairs]
        assert found.label == f"l{index}"
        assert (found.live.hits, found.candidate.hits, found.n) == (sum(live), sum(candidate), 120)
        assert found.kappa is not None
        assert found.kappa.value == pytest.approx(cohen_kappa_score(live, candidate))
        apart = found.only_live + found.only_candidate
        assert found.changed.hits == apart
        assert found.p == pytest.approx(binomtest(found.only_live, apart, 0.5).pvalue)
        distances = [abs(pair[0][index].probability - pair[1][index].probability) for pair in pairs]
        assert found.difference.value == pytest.approx(np.mean(distances))
        assert found.difference.low < found.difference.value < found.difference.high


@pytest.mark.parametrize("counts", [(80, 12, 30, 600), (20, 200, 190, 40), (400, 5, 5, 400)])
def test_the_interval_of_kappa_is_that_of_the_jackknife(counts: tuple[int, ...]) -> None:
    def kappa(cells: np.ndarray) -> Measure:
        found = Agreement("l", *map(int, cells), Measure(0, 0, 0, 1)).kappa
        assert found is not None
        return found

    cells, n = np.array(counts), sum(counts)
    without = np.array([kappa(cells - np.eye(4, dtype=int)[i]).value for i in range(4)])
    centre = (cells * without).sum() / n
    spread = np.sqrt((n - 1) / n * (cells * (without - centre) ** 2).sum())
    found = kappa(cells)
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * spread, rel=0.02)


def test_kappa_says_nothing_where_both_always_say_the_same() -> None:
    alike = Agreement("l", 0, 0, 0, 20, Measure(0, 0, 0, 20))
    assert alike.kappa is None
    assert alike.p == 1.0


def test_the_changed_labels_are_those_that_one_of_them_reports() -> None:
    live, candidate = answer((0.9, True), (0.2, False)), answer((0.1, False), (0.3, False))
    assert changed_labels(live, candidate) == ("l0",)
    assert changed_labels(live, live) == ()


def test_without_images_there_is_nothing_to_say() -> None:
    assert agreements([]) == ()


def test_one_image_has_no_certain_difference() -> None:
    [found] = agreements([(answer((0.9, True)), answer((0.4, False)))])
    assert (found.difference.low, found.difference.high) == (0.0, 1.0)
