"""Points of curves are scikit-learn's, and bands hold them."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_recall_curve, roc_curve

from radlens.lab.curves import GRID, curves, grids
from tests.lab.answered import multi_label_answers


@pytest.mark.parametrize("digits", [1, 9])
def test_curves_are_scikit_learns_at_every_point_of_the_grid(digits: int):
    rng = np.random.default_rng(1)
    y = (rng.random(80) < 0.4).astype(float)
    p = np.round(rng.random(80) * 0.6 + 0.3 * y, digits)
    weight = rng.integers(0, 3, (6, 80)).astype(float)
    roc, precise = grids(y, p, weight)
    for row, w in enumerate(weight):
        fpr, tpr, _ = roc_curve(y, p, sample_weight=w, drop_intermediate=False)
        expected = [tpr[fpr <= x + 1e-9].max() for x in GRID]
        np.testing.assert_allclose(roc[row], expected, atol=1e-9)
        precision, recall, _ = precision_recall_curve(y, p, sample_weight=w)
        # From the highest threshold down; the last pair is scikit-learn's own end point.
        falling = list(zip(recall[-2::-1], precision[-2::-1], strict=True))
        least = np.maximum(GRID - 1e-9, 1e-9)
        expected = [next(pr for found, pr in falling if found >= x) for x in least]
        np.testing.assert_allclose(precise[row], expected, atol=1e-9)


def test_a_resample_without_a_class_has_no_curve():
    roc, precise = grids(np.array([0.0, 1.0]), np.array([0.2, 0.3]), np.array([[2.0, 0.0]]))
    assert np.isnan(roc).all()
    assert np.isnan(precise).all()


def test_bands_hold_the_curve_and_get_narrower_with_more_cases():
    few, many = (curves(multi_label_answers(n), seed=1, count=200)["a"] for n in (60, 600))
    widths = []
    for found in (few, many):
        inside = [point.low <= point.y <= point.high for point in found.roc]
        assert np.mean(inside) > 0.9
        widths.append(np.mean([point.high - point.low for point in found.roc]))
    assert widths[1] < 0.6 * widths[0]


def test_the_diagram_counts_what_scikit_learn_counts():
    answers = multi_label_answers(200, unknown=0.0)
    found = curves(answers, seed=1, count=50)["b"].reliability
    seen, said = calibration_curve(answers.truth[:, 1], answers.probabilities[:, 1], n_bins=10)
    counts = np.histogram(answers.probabilities[:, 1], np.linspace(0, 1, 11))[0]
    enough = counts[counts > 0] >= 5
    assert 5 < enough.sum() < 10, "some bins have to be too small here"
    np.testing.assert_allclose([b.said for b in found], said[enough], atol=1e-5)
    np.testing.assert_allclose([b.seen.value for b in found], seen[enough], atol=1e-5)
    assert [b.n for b in found] == counts[counts >= 5].tolist()


def test_a_label_with_one_class_alone_has_no_curves():
    answers = multi_label_answers(60)
    answers.truth[:, 2] = 1
    assert set(curves(answers, seed=1, count=20)) == {"a", "b"}
