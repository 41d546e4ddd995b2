"""Parts of the cases: counted, measured where there are enough, and else said to be too few."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, roc_auc_score

from radlens.lab.subgroups import NOT_STATED, age_band, subgroups
from tests.lab.answered import multi_class_answers, multi_label_answers


@pytest.mark.parametrize(
    ("age", "band"),
    [("61.0", "60 to 79"), ("007Y", "0 to 17"), ("18", "18 to 39"), ("80", "80 and over")]
    + [(odd, NOT_STATED) for odd in ("", "old", "-1", "411", "nan", "06M")],
)
def test_ages_fall_into_bands(age: str, band: str):
    assert age_band(age) == band


def test_each_part_has_the_figures_of_its_own_cases():
    answers = multi_class_answers(200)
    about = [{"sex": "F" if i % 2 else "M"} for i in range(200)]
    found = {part.value: part for part in subgroups(answers, about, seed=1)}
    assert set(found) == {"F", "M"}
    odd = answers.take(np.arange(1, 200, 2))
    right, p = odd.truth.argmax(1), odd.probabilities
    assert found["F"].images == 100
    assert found["F"].measures["accuracy"].value == pytest.approx(
        accuracy_score(right, p.argmax(1)), abs=1e-5
    )
    assert found["F"].measures["mean_auroc"].value == pytest.approx(
        roc_auc_score(right, p, multi_class="ovr"), abs=1e-5
    )


def test_a_part_of_few_patients_says_so_however_many_images_they_have():
    answers = multi_class_answers(200)
    answers.unit[:] = np.where(np.arange(200) < 100, np.arange(200) % 29, np.arange(200))
    about = [{"view": "AP" if i < 100 else "PA"} for i in range(200)]
    found = {part.value: part for part in subgroups(answers, about, seed=1)}
    assert (found["AP"].units, found["AP"].images) == (29, 100)
    assert found["AP"].too_few
    assert found["AP"].measures == {}
    assert not found["PA"].too_few


def test_areas_are_means_over_the_labels_that_every_part_can_tell():
    answers = multi_label_answers(200, unknown=0.0)
    answers.truth[:100, 1] = 0
    about = [{"source": "one" if i < 100 else "two"} for i in range(200)]
    for part in subgroups(answers, about, seed=1):
        assert part.counted == ("a", "c")
        which = slice(0, 100) if part.value == "one" else slice(100, 200)
        expected = [
            roc_auc_score(answers.truth[which, i], answers.probabilities[which, i]) for i in (0, 2)
        ]
        assert part.measures["mean_auroc"].value == pytest.approx(np.mean(expected), abs=1e-5)


def test_what_nobody_stated_is_a_part_and_what_is_stated_nowhere_is_no_table():
    answers = multi_class_answers(80)
    about = [{"sex": "F"} if i < 40 else {} for i in range(80)]
    found = subgroups(answers, about, seed=1)
    assert [(part.by, part.value) for part in found] == [("sex", "F"), ("sex", NOT_STATED)]
