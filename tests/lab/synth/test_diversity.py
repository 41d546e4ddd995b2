"""Likeness within a class is what an independent implementation finds."""

import numpy as np
import pytest
import torch
from torchmetrics.functional.image import (
    multiscale_structural_similarity_index_measure,
    structural_similarity_index_measure,
)

from radlens.lab.synth.diversity import SCALES, WINDOW, Side, alike, diversity, pairs
from radlens.lab.synth.fidelity import LEAST
from tests.builders import picture


def images(*seeds: int) -> np.ndarray:
    return np.stack([picture(seed, 64, 64) for seed in seeds]).astype(np.float32) / 255


def test_ssim_is_that_of_torchmetrics():
    stack = images(1, 2, 3)
    stack[2] = 0.7 * stack[0] + 0.3 * stack[2]
    one, other = np.array([0, 0, 1]), np.array([1, 2, 2])
    tensors = [torch.from_numpy(stack[which])[:, None].double() for which in (one, other)]
    expected = structural_similarity_index_measure(
        *tensors, data_range=1.0, kernel_size=WINDOW, reduction="none"
    )
    assert alike(stack, one, other)["ssim"] == pytest.approx(expected.numpy(), abs=1e-4)


def test_ms_ssim_is_that_of_torchmetrics():
    stack = images(1, 2, 3)
    stack[2] = 0.7 * stack[0] + 0.3 * stack[2]
    one, other = np.array([0, 0, 1]), np.array([1, 2, 2])
    tensors = [torch.from_numpy(stack[which])[:, None].double() for which in (one, other)]
    expected = multiscale_structural_similarity_index_measure(
        *tensors, data_range=1.0, kernel_size=WINDOW, betas=SCALES, normalize="relu",
        reduction="none",
    )  # fmt: skip
    assert alike(stack, one, other)["ms_ssim"] == pytest.approx(expected.numpy(), abs=1e-4)


def test_an_image_is_wholly_like_itself():
    found = alike(images(4), np.array([0]), np.array([0]))
    assert found["ssim"] == pytest.approx([1], abs=1e-4)
    assert found["ms_ssim"] == pytest.approx([1], abs=1e-4)


def side(stack: np.ndarray) -> Side:
    return stack, np.arange(len(stack)), np.zeros(len(stack), int)


def test_a_pair_is_of_one_class_and_two_units_and_none_comes_twice():
    unit, kind = np.repeat(np.arange(20), 5), np.arange(100) % 2
    one, other = pairs(unit, kind, np.random.default_rng(0))
    assert (unit[one] != unit[other]).all()
    assert (kind[one] == kind[other]).all()
    assert len({*zip(one.tolist(), other.tolist(), strict=True)}) == len(one) == 300


def test_a_generator_that_repeats_itself_is_less_diverse_than_real_images():
    real = images(*range(40))
    noise = np.random.default_rng(0).normal(0, 0.01, (40, 64, 64)).astype(np.float32)
    found = diversity(side(real[:1] + noise), side(real), seed=1)
    assert found["ssim"].low > found["ssim_real"].high  # type: ignore[union-attr]
    assert found["ms_ssim"].low > found["ms_ssim_real"].high  # type: ignore[union-attr]


def test_too_few_images_of_a_class_say_nothing():
    few, many = images(*range(LEAST - 1)), images(*range(LEAST))
    assert diversity(side(few), side(many), seed=1) == {}
