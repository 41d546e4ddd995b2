"""A label that no neighbour shares is named; neighbours of the same patient have no vote."""

from dataclasses import replace

import numpy as np
import pytest

from radlens.lab.label_noise import doubtful_labels
from tests.domain.test_dataset import image

LABELS = ("a", "b", "c")
EACH = 40


@pytest.fixture
def clusters():
    """Three classes that lie apart, 40 images each."""
    rng = np.random.default_rng(3)
    named = np.repeat(np.arange(3), EACH)
    features = np.eye(8)[named] + rng.normal(0, 0.08, (len(named), 8))
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    images = [
        image(n, truth=tuple(float(at == label) for at in range(3)))
        for n, label in enumerate(named)
    ]
    return images, features.astype(np.float16), np.arange(len(named))


def relabelled(images, at, label):
    truth = tuple(float(other == label) for other in range(3))
    return [replace(i, truth=truth) if n == at else i for n, i in enumerate(images)]


def test_clean_classes_leave_no_doubt(clusters):
    images, features, units = clusters
    assert doubtful_labels(images, LABELS, features, units) == []


def test_labels_that_were_swapped_are_named_with_the_class_that_they_are_like(clusters):
    images, features, units = clusters
    for at, label in ((5, 1), (50, 2), (100, 0)):
        images = relabelled(images, at, label)
    found = doubtful_labels(images, LABELS, features, units)
    assert {(f["file"], f["label"], f["like"]) for f in found} == {
        (images[5].file, "b", "a"),
        (images[50].file, "c", "b"),
        (images[100].file, "a", "c"),
    }
    assert all(f["share"] >= 0.8 for f in found)


def test_images_of_one_patient_do_not_vouch_for_each_other(clusters):
    images, features, units = clusters
    for at in range(EACH, EACH + 12):  # one patient's, all with the wrong class
        images = relabelled(images, at, 0)
    apart = doubtful_labels(images, LABELS, features, units)
    units = units.copy()
    units[EACH : EACH + 12] = EACH
    together = doubtful_labels(images, LABELS, features, units)
    assert len(together) == 12
    assert len(apart) < len(together)


def test_images_of_several_labels_or_unknown_ones_say_nothing(clusters):
    images, features, units = clusters
    several = [replace(i, truth=(1.0, 1.0, 0.0)) for i in images]
    unknown = [replace(i, truth=(None, 1.0, 0.0)) for i in images]
    for each in (several, unknown, images[:3]):
        assert doubtful_labels(each, LABELS, features[: len(each)], units[: len(each)]) == []
