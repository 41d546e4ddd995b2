"""The levels of noise, against diffusers' own cosine."""

import pytest
import torch
from diffusers import DDPMScheduler

from radlens.lab.synth.schedule import SCHEDULE, betas, drawn_levels, left, noisy

LEVELS = torch.arange(0, 1000, 37)
COSINE = DDPMScheduler(**SCHEDULE)


@pytest.mark.parametrize("side", [8, 64])
def test_up_to_sixty_four_pixels_the_cosine_is_as_it_is(side):
    assert torch.allclose(
        left(LEVELS, side).flatten(), COSINE.alphas_cumprod[LEVELS], rtol=1e-3, atol=1e-9
    )


def test_at_twice_the_side_as_much_is_left_of_what_is_twice_as_coarse():
    generator = torch.Generator().manual_seed(1)
    coarse = 2 * torch.rand(1000, 1, 8, 8, generator=generator) - 1
    level = torch.full((1000,), 500)

    def error(side: int) -> float:
        fine = coarse.repeat_interleave(side // 8, 2).repeat_interleave(side // 8, 3)
        noise = torch.randn(fine.shape, generator=generator)
        mixed = noisy(fine, noise, level) / left(level, side).sqrt()
        return float((torch.nn.functional.avg_pool2d(mixed, side // 8) - coarse).std())

    assert error(128) == pytest.approx(error(64), rel=0.02)


def test_every_level_adds_noise_and_none_is_beyond_a_scheduler():
    assert all(0 < beta <= 0.999 for beta in betas(128))


def test_levels_are_spread_evenly_and_low_ones_come_more_often_where_a_recipe_leans_to_them():
    chance = torch.Generator().manual_seed(1)
    for lean, below in ((1.0, 0.25), (2.0, 0.5)):
        levels = drawn_levels(1000, chance, lean)
        assert levels.min() >= 0
        assert levels.max() > 990
        assert (levels < 250).float().mean().item() == pytest.approx(below, abs=0.005)
