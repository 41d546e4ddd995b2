"""A copy is found however it hides, and what is no copy is left alone."""

from dataclasses import replace

import numpy as np
import pytest

from radlens.imaging.decode import decode
from radlens.imaging.prepare import grey
from radlens.lab.duplicates import RATIO, SAME
from radlens.lab.synth.copies import (
    Both,
    Limits,
    Signs,
    accused,
    alone,
    limits,
    membership,
    mirrored,
    planted,
    repeats,
)
from radlens.lab.synth.features import EMBEDDINGS, PIXELS, Views
from radlens.lab.synth.pixels import Near, nearest
from tests.builders import png
from tests.domain.test_dataset import image
from tests.lab.planted import alike
from tests.lab.synth.made import hidden


def copies(*pixels: np.ndarray) -> np.ndarray:
    return np.stack([grey(decode(png(each)), 64, 64) for each in pixels])


def test_a_mirrored_shifted_and_noisy_copy_is_laid_on_its_original():
    real = copies(*(alike(seed) for seed in range(30)))
    found = nearest(copies(hidden(3), hidden(17), alike(99)), real)
    assert found.which[:2].tolist() == [3, 17]
    assert (found.agreement[:2] > SAME).all()
    assert found.agreement[2] < SAME
    assert found.likeness.shape == (3, 30)
    assert found.likeness[:2].argmax(1).tolist() == [3, 17]


def test_progress_of_the_search_ends_at_its_end():
    told: list[tuple[int, int]] = []
    nearest(copies(alike(1), alike(2)), copies(alike(3)), lambda *at: told.append(at))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize("n", [20, 100, 450, 1000])
def test_the_limits_accuse_at_most_one_held_out_image_in_a_hundred(n: int):
    rng = np.random.default_rng(n)
    agreement = rng.uniform(0.9, 1, n).astype(np.float32)
    ratios = {name: rng.uniform(0.3, 1, n) for name in EMBEDDINGS}
    held = Signs(agreement, rng.uniform(0.1, 2, n), ratios)
    limit = limits(held)
    assert limit.pixels >= SAME
    assert limit.alone <= RATIO
    assert accused(held, limit).mean() <= 0.01


def test_what_both_networks_know_and_pixels_do_not_contradict_is_a_copy():
    limit = Limits(SAME, RATIO, dict.fromkeys(EMBEDDINGS, 0.6))
    agreement = np.array([0.99, 0.92, 0.92, 0.85], np.float32)
    near, far = np.array([1.0, 0.3, 0.3, 0.3]), np.array([1.0, 0.3, 0.7, 0.3])
    signs = Signs(agreement, np.ones(4), dict(zip(EMBEDDINGS, (near, far), strict=True)))
    assert accused(signs, limit).tolist() == [True, True, False, False]


def test_a_copy_so_noisy_that_its_pixels_agree_no_better_than_others_is_nearer_to_one_than_to_any():
    train, held = (copies(*map(alike, seeds)) for seeds in (range(20), range(20, 40)))
    rng = np.random.default_rng(1)
    noisy = (train + rng.normal(0, 0.05, train.shape)).clip(0, 1).astype(np.float32)
    limit = Limits(SAME, RATIO, dict.fromkeys(EMBEDDINGS, 0.0))

    def caught(images: np.ndarray) -> np.ndarray:
        near = nearest(images, train)
        far = {name: np.ones(len(images)) for name in EMBEDDINGS}
        return accused(Signs(near.agreement, alone(near, nearest(images, held)), far), limit)

    assert (nearest(noisy, train).agreement > SAME).mean() < 0.5
    assert caught(noisy).mean() >= 0.9
    assert caught(copies(*map(alike, range(40, 90)))).sum() == 0


def test_of_the_nearest_image_some_can_be_left_out():
    real = copies(*map(alike, range(8)))
    found = nearest(real, real, but=np.eye(8, dtype=bool))
    assert (found.which != np.arange(8)).all()
    assert (found.agreement < SAME).all()
    whole = np.arange(8)[:, None] // 4 == np.arange(8) // 4
    assert (nearest(real, real, but=whole).which // 4 != np.arange(8) // 4).all()


def test_two_known_patients_are_two_however_alike():
    held = [image(1, patient="P1"), image(2, patient=""), image(3, patient="P3")]
    train = [image(4, patient="P4")]
    near, rival = (
        Near(np.array(agreement, np.float32), np.zeros(3, int), np.zeros((3, 1)))
        for agreement in ([0.99, 0.99, 0.5], [0.99, 0.99, 0.4])
    )
    assert repeats(held, train, near, (rival, rival)).tolist() == [False, True, False]


def test_a_held_out_image_that_is_like_one_training_image_and_no_other_repeats_it():
    held, train = [image(n, patient="") for n in (1, 2, 3)], [image(4, patient="P4")]
    near = Near(np.array([0.95, 0.95, 0.85], np.float32), np.zeros(3, int), np.zeros((3, 1)))
    rival = Near(np.array([0.8, 0.94, 0.1], np.float32), np.zeros(3, int), np.zeros((3, 1)))
    assert repeats(held, train, near, (rival, rival)).tolist() == [True, False, False]
    others = replace(rival, agreement=near.agreement)  # as like to a training image of others
    assert not repeats(held, train, near, (others, rival)).any()


def test_planted_copies_differ_from_their_originals_and_come_in_every_way():
    scans = [decode(png(alike(seed))) for seed in range(10)]
    found = list(planted(scans, 1))
    assert len(found) == 10
    changed = [
        abs(f.pixels.astype(int) - s.pixels).mean() for f, s in zip(found, scans, strict=True)
    ]
    assert min(changed) > 1
    assert (found[3].pixels == scans[3].pixels[:, ::-1]).all(), "only mirrored"
    assert [f.pixels.tobytes() for f in planted(scans, 1)] == [f.pixels.tobytes() for f in found]


def test_mirrored_twice_is_as_before():
    [scan] = mirrored(mirrored([decode(png(alike(1)))]))
    assert (scan.pixels == alike(1)).all()


def both(x: np.ndarray) -> Both:
    features = dict.fromkeys(EMBEDDINGS, x.astype(np.float32))
    views = Views(np.zeros((len(x), 64, 64), np.float32), features, np.zeros((len(x), 4)))
    return Both(views, dict.fromkeys(EMBEDDINGS, x + 100))


def test_membership_is_told_where_images_lie_on_their_training_images_and_not_elsewhere():
    rng = np.random.default_rng(0)
    train, held, fresh = (rng.normal(size=(100, 8)) for _ in range(3))
    units = np.arange(100), np.arange(100)

    def chance(made: np.ndarray) -> dict:
        near = [
            Near(np.zeros(100), np.zeros(100, int), -np.abs(made @ side.T))
            for side in (train, held)
        ]
        return dict(
            membership(both(made), tuple(near), (both(train).views, both(held).views), units)
        )

    copied, free = chance(train + 0.01), chance(fresh)
    assert copied["classifier"].value == 1
    assert free["classifier"].low < 0.5 < free["classifier"].high
    assert {*free} == {*EMBEDDINGS, PIXELS}


def test_an_image_is_as_near_as_the_nearer_of_it_and_its_mirror_image():
    made, real = both(np.zeros((1, 8))), both(np.full((1, 8), 100.0)).views
    assert made.away("classifier", real) == pytest.approx(np.zeros((1, 1)), abs=1e-3)
    lone = replace(made, mirrored=made.views.features)
    assert lone.away("classifier", real)[0, 0] == pytest.approx(100 * np.sqrt(8))
