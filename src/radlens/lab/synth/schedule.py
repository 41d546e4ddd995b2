"""Noise: how much of it is where (cosine), how it is put in, and how far it is to be found."""

from functools import cache

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from diffusers import DDPMScheduler
from torch import Tensor

# Nichol and Dhariwal 2021, ICML: the cosine schedule, in a thousand levels.
SCHEDULE = {"num_train_timesteps": 1000, "beta_schedule": "squaredcos_cap_v2"}
LEVELS = 1000
# No level weighs more than one with this share of image.
LEAST = 1e-4


# An image of twice the side shows as much at twice the noise; up to this side the cosine is as
# it is (Hoogeboom et al. 2023, ICML, section 3.1).
BASE = 64


@cache
def betas(side: int) -> tuple[float, ...]:
    """How much noise each level adds to an image of ``side`` pixels."""
    cosine = DDPMScheduler(**SCHEDULE).betas.double()
    share = (1 - cosine).cumprod(0)
    odds = share / (1 - share) * min(1.0, BASE / side) ** 2
    share = odds / (1 + odds)
    before = torch.cat([torch.ones(1, dtype=share.dtype), share[:-1]])
    return tuple((1 - share / before).clamp(max=0.999).tolist())


@cache
def _levels(side: int) -> DDPMScheduler:
    return DDPMScheduler(trained_betas=betas(side))


def drawn_levels(n: int, chance: torch.Generator, lean: float = 1.0) -> Tensor:
    """A noise level (n,) for each image of a batch, spread evenly over all of them.

    With a ``lean`` of more than one the low ones come more often, with two a half below a quarter.
    """
    places = (torch.arange(n) + torch.rand(n, generator=chance)) / n
    return (places**lean * LEVELS).long().clamp(max=LEVELS - 1)


def noisy(images: Tensor, noise: Tensor, levels: Tensor) -> Tensor:
    """Images (n, 1, side, side) in [-1, 1] with noise of these levels in them."""
    mixed: Tensor = _levels(images.shape[-1]).add_noise(images, noise, levels)
    return mixed


def left(levels: Tensor, side: int) -> Tensor:
    """The share (n, 1, 1, 1) of the variance that is still the image's at these levels."""
    shares: Tensor = _levels(side).alphas_cumprod.to(levels.device)[levels]
    return shares[:, None, None, None]


def missed(found: Tensor, noise: Tensor, levels: Tensor) -> Tensor:
    """The squared error of the noise that was found, (n,), the more where less image is left.

    There the noise is nearly all that is seen and easy to find, and what little is missed of it is
    the image's whole brightness (Salimans and Ho 2022, ICLR, section 4: the weight SNR + 1 of the
    image's error is this of the noise's).
    """
    share = left(levels, noise.shape[-1]).clamp(min=LEAST)
    return (F.mse_loss(found, noise, reduction="none") / share).mean((1, 2, 3))
