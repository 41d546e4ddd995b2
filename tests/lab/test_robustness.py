"""Perturbations do what their names say, and the curves are of the images they say."""

import numpy as np
import pytest
from PIL import Image

from radlens.domain.scan import Scan, Window
from radlens.imaging.prepare import prepare, shown
from radlens.lab.perturb import PERTURBATIONS, Perturbation, perturbed
from tests.builders import SPEC, picture

BY_NAME = {kind.name: kind for kind in PERTURBATIONS}
SCAN = Scan(picture(3, 120, 90), Window(0.0, 255.0), "png")


def changed(name: str, amount: float, scan: Scan = SCAN, seed: int = 0) -> np.ndarray:
    return shown(perturbed(scan, BY_NAME[name], amount, np.random.default_rng(seed)))


@pytest.mark.parametrize("kind", PERTURBATIONS, ids=lambda kind: kind.name)
def test_the_stronger_the_further_from_the_image_as_it_is(kind: Perturbation):
    before = prepare(SCAN, SPEC)
    apart = [
        np.abs(prepare(perturbed(SCAN, kind, a, np.random.default_rng(0)), SPEC) - before).mean()
        for a in kind.amounts
    ]
    assert len(apart) == 5
    assert apart == sorted(apart), kind.name
    assert apart[0] > 0


def test_the_same_seed_gives_the_same_noise_and_another_seed_another():
    one, two, three = (changed("noise", 8, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert (one != three).any()


def test_noise_has_the_standard_deviation_that_is_said():
    grey = Scan(np.full((200, 200), 128, np.uint8), Window(0.0, 255.0), "png")
    assert changed("noise", 4, grey).std() == pytest.approx(0.04, rel=0.03)


def test_a_full_inversion_is_the_negative():
    np.testing.assert_allclose(changed("inversion", 100), 1 - shown(SCAN), atol=1e-4)


def test_a_partial_inversion_leaves_the_dark_part_alone():
    before, after = shown(SCAN), changed("inversion", 25)
    dark = before < 0.74
    np.testing.assert_allclose(after[dark], before[dark], atol=1e-4)
    assert after[before > 0.76].max() < 0.25


def test_a_crop_keeps_the_middle():
    np.testing.assert_allclose(changed("crop", 10), shown(SCAN)[12:108, 9:81], atol=1e-4)


def test_a_rotation_turns_by_the_degrees_that_are_said():
    line = np.zeros((101, 101), np.uint8)
    line[50] = 255
    found = changed("rotation", 25, Scan(line, Window(0.0, 255.0), "png"))
    rows, cols = np.nonzero(found > 0.5)
    slope = np.polyfit(cols, rows, 1)[0]
    assert abs(np.degrees(np.arctan(slope))) == pytest.approx(25, abs=1)


def test_a_window_too_narrow_turns_its_outside_black_and_white():
    before, after = shown(SCAN), changed("contrast", 40)
    assert (after[before < 0.19] == 0).all()
    assert (after[before > 0.81] == 1).all()


def test_perturbing_happens_on_what_the_window_shows_and_before_any_preprocessing():
    sixteen = Scan(picture(3, 120, 90).astype(np.uint16) * 100, Window(0.0, 25500.0), "dicom")
    np.testing.assert_allclose(changed("blur", 1, sixteen), changed("blur", 1), atol=1e-4)


def test_a_huge_image_is_made_smaller_before_it_is_perturbed():
    large = np.asarray(Image.fromarray(picture(3)).resize((1100, 2200)))
    found = perturbed(
        Scan(large, Window(0.0, 255.0), "png"), BY_NAME["blur"], 1, np.random.default_rng(0)
    )
    assert (found.rows, found.cols) == (1024, 512)
