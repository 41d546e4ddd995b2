"""Metrics equal the reference's, and intervals are as wide as theory says."""

import json

import numpy as np
import pytest
import torch
from scipy.stats import bootstrap
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)
from torchmetrics.functional.classification import (
    binary_calibration_error,
    multiclass_auroc,
    multiclass_average_precision,
    multiclass_calibration_error,
    multilabel_auroc,
    multilabel_f1_score,
)

from radlens.lab.answers import Answers
from radlens.lab.bootstrap import measure, resamples
from radlens.lab.evaluate import evaluate
from radlens.lab.scores import auroc, average_precision
from tests.lab.answered import multi_class_answers, multi_label_answers


def scored(n: int, seed: int, *, ties: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = (rng.random(n) < 0.3).astype(float)
    score = truth + rng.normal(size=n)
    weight = rng.integers(0, 4, (20, n)).astype(float)
    return truth, np.round(score, 1) if ties else score, weight


@pytest.mark.parametrize("ties", [False, True])
def test_auroc_and_average_precision_equal_scikit_learns_resample_by_resample(ties: bool):  # noqa: FBT001
    truth, score, weight = scored(120, 1, ties=ties)
    expected = [roc_auc_score(truth, score, sample_weight=w) for w in weight]
    np.testing.assert_allclose(auroc(truth, score, weight), expected, atol=1e-12)
    expected = [average_precision_score(truth, score, sample_weight=w) for w in weight]
    np.testing.assert_allclose(average_precision(truth, score, weight), expected, atol=1e-12)


def test_where_a_class_is_missing_the_area_is_unknown_and_not_one_half():
    assert np.isnan(auroc(np.zeros(5), np.arange(5.0)))[0]
    assert np.isnan(average_precision(np.zeros(5), np.arange(5.0)))[0]


def test_figures_of_a_multi_class_model_equal_scikit_learns():
    answers = multi_class_answers(300)
    p, said, right = answers.probabilities, answers.probabilities.argmax(1), answers.truth.argmax(1)
    found = evaluate(answers, seed=1, count=20)
    expected = {
        "accuracy": accuracy_score(right, said),
        "balanced_accuracy": balanced_accuracy_score(right, said),
        "macro_f1": f1_score(right, said, average="macro"),
        "weighted_f1": f1_score(right, said, average="weighted"),
        "mean_auroc": roc_auc_score(right, p, multi_class="ovr"),
        "mean_average_precision": average_precision_score(answers.truth, p),
        "brier": brier_score_loss(right, p, scale_by_half=False) / 3,
    }
    for name, value in expected.items():
        assert found.whole[name].value == pytest.approx(value, abs=1e-5), name
    assert found.confusion is not None
    assert np.array(found.confusion).sum() == 300


def test_figures_of_each_label_equal_scikit_learns():
    answers = multi_label_answers(300)
    found = evaluate(answers, seed=1, count=20)
    for index, name in enumerate(answers.labels):
        known = answers.known[:, index]
        y, p = answers.truth[known, index], answers.probabilities[known, index]
        said = answers.claimed[known, index]
        expected = {
            "auroc": roc_auc_score(y, p),
            "average_precision": average_precision_score(y, p),
            "sensitivity": recall_score(y, said),
            "specificity": recall_score(1 - y, ~said),
            "precision": precision_score(y, said),
            "f1": f1_score(y, said),
            "accuracy": accuracy_score(y, said),
            "balanced_accuracy": balanced_accuracy_score(y, said),
            "brier": brier_score_loss(y, p),
        }
        measures = found.labels[name].measures
        for key, value in expected.items():
            assert measures[key].value == pytest.approx(value, abs=1e-5), (name, key)
            assert measures[key].n == known.sum()
        assert found.labels[name].unknown == (~known).sum()


def test_torchmetrics_reckons_the_same():
    answers = multi_class_answers(200)
    p, y = torch.tensor(answers.probabilities), torch.tensor(answers.truth.argmax(1))
    found = evaluate(answers, seed=1, count=5)
    expected = {
        "mean_auroc": multiclass_auroc(p, y, 3),
        "mean_average_precision": multiclass_average_precision(p, y, 3),
        "ece": multiclass_calibration_error(p, y, 3, n_bins=10),
    }
    for name, value in expected.items():
        assert found.whole[name].value == pytest.approx(float(value), abs=2e-5), name
    answers = multi_label_answers(200, unknown=0.0)
    p, y = torch.tensor(answers.probabilities), torch.tensor(answers.truth).int()
    found = evaluate(answers, seed=1, count=5)
    one_half = multilabel_f1_score(torch.tensor(answers.claimed).int(), y, 3, average="weighted")
    assert found.whole["weighted_f1"].value == pytest.approx(float(one_half), abs=2e-5)
    assert found.whole["mean_auroc"].value == pytest.approx(
        float(multilabel_auroc(p, y, 3)), abs=2e-5
    )
    for index, name in enumerate(answers.labels):
        expected_ece = float(
            binary_calibration_error(p[:, index].contiguous(), y[:, index], n_bins=10)
        )
        assert found.labels[name].measures["ece"].value == pytest.approx(expected_ece, abs=2e-5)


def test_intervals_are_those_of_scipys_bootstrap():
    answers = multi_label_answers(150, unknown=0.0)
    ours = evaluate(answers, seed=1).labels["a"].measures["auroc"]
    theirs = bootstrap(
        (answers.truth[:, 0], answers.probabilities[:, 0]),
        roc_auc_score,
        paired=True,
        vectorized=False,
        n_resamples=600,
        method="percentile",
        rng=np.random.default_rng(2),
    ).confidence_interval
    width = theirs.high - theirs.low
    assert ours.low == pytest.approx(theirs.low, abs=0.12 * width)
    assert ours.high == pytest.approx(theirs.high, abs=0.12 * width)


def test_the_interval_of_an_accuracy_is_as_wide_as_the_binomials():
    found = evaluate(multi_class_answers(400), seed=1).whole["accuracy"]
    half = 1.96 * np.sqrt(found.value * (1 - found.value) / 400)
    assert found.low < found.value < found.high
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.1)
    assert found.n == 400


def test_ten_images_of_each_patient_do_not_make_the_interval_narrower():
    answers = multi_class_answers(60)
    ten = answers.take(np.repeat(np.arange(60), 10))
    one, of_ten = (evaluate(a, seed=1).whole["accuracy"] for a in (answers, ten))
    assert (of_ten.value, of_ten.low, of_ten.high) == (one.value, one.low, one.high)
    naive = Answers(ten.probabilities, ten.truth, ten.claimed, np.arange(600), ten.labels, ten.mode)
    found = evaluate(naive, seed=1).whole["accuracy"]
    assert found.high - found.low < 0.5 * (one.high - one.low)


def test_a_resample_draws_as_many_units_as_there_are_and_whole_ones():
    drawn = resamples(np.array([40, 40, 7, 900]), np.random.default_rng(0))
    assert (drawn[0] == 1).all()
    assert (drawn[:, 0] == drawn[:, 1]).all()
    assert (drawn[1:, [0, 2, 3]].sum(1) == 3).all()
    assert len(drawn) == 2001


def test_a_label_with_one_class_alone_is_not_measurable_and_takes_no_part_in_the_mean():
    answers = multi_label_answers(90)
    answers.truth[:, 1] = np.where(answers.known[:, 1], 0, np.nan)
    found = evaluate(answers, seed=1, count=50)
    assert set(found.labels["b"].measures.values()) == {None}
    assert found.labels["b"].positives == 0
    others = [found.labels[name].measures["auroc"].value for name in "ac"]
    assert found.whole["mean_auroc"].value == pytest.approx(np.mean(others), abs=2e-5)
    text = json.dumps(found.compact(), allow_nan=False)
    assert json.loads(text)["labels"]["b"]["auroc"] is None


def test_positives_of_one_patient_are_counted_as_one_patient():
    answers = multi_label_answers(90)
    answers.unit[answers.truth[:, 0] == 1] = 0
    found = evaluate(answers, seed=1, count=20).labels
    assert found["a"].positive_units == 1
    assert found["b"].positive_units > 10


def test_without_any_measurable_label_the_mean_is_not_measurable_either():
    answers = multi_label_answers(40)
    answers.truth[:] = 0
    found = evaluate(answers, seed=1, count=20)
    assert found.whole["mean_auroc"] is None
    assert found.whole["macro_f1"] is None


def test_a_class_that_the_split_lacks_leaves_the_accuracy_of_the_others():
    answers = multi_class_answers(120)
    some = answers.take(np.flatnonzero(answers.truth[:, 2] == 0))
    found = evaluate(some, seed=1, count=50)
    assert found.labels["c"].measures["auroc"] is None
    right = (some.probabilities.argmax(1) == some.truth.argmax(1)).mean()
    assert found.whole["accuracy"].value == pytest.approx(right, abs=1e-5)


def test_an_interval_needs_resamples_in_which_the_figure_is_known():
    assert measure(np.array([0.5, np.nan, np.nan]), 3) is None
    assert measure(np.array([np.nan, 0.5, 0.6]), 3) is None
    found = measure(np.array([0.1, 0.3, 0.3, 0.3]), 3, centred=True)
    assert (found.value, found.low, found.high) == (0.1, 0.1, 0.1)


def test_the_same_seed_gives_the_same_figures_and_another_seed_others():
    answers = multi_label_answers(50)
    whole = evaluate(answers, seed=1, count=100)
    assert whole == evaluate(answers, seed=1, count=100)
    assert whole != evaluate(answers, seed=2, count=100)
