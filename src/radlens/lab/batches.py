"""Training cases -> the images of one step: chosen, resized, changed, mixed."""

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from numpy.typing import NDArray
from torch import Tensor

from radlens.domain.model import InputSpec
from radlens.lab.augment import augment
from radlens.lab.dataset import Cases
from radlens.lab.recipe import Recipe


def made(cases: Cases) -> NDArray[np.bool_]:
    """Which of the cases are synthetic, (n,)."""
    return np.array([bool(about.get("synthetic")) for about in cases.about], bool)


def chosen(cases: Cases, recipe: Recipe) -> Cases:
    """Every real case, and at most the recipe's share of synthetic ones, drawn by its seed."""
    synthetic, share = made(cases), recipe.synthetic.share
    real = np.flatnonzero(~synthetic)
    if share == 1 or not synthetic.any():
        return cases
    most = int(share / (1 - share) * len(real))
    drawn = np.random.default_rng(recipe.seed).permutation(np.flatnonzero(synthetic))[:most]
    return cases.take(np.sort(np.concatenate([real, drawn])))


def weights(cases: Cases, recipe: Recipe) -> Tensor:
    """What each case counts in the loss, (n,)."""
    return torch.from_numpy(np.where(made(cases), recipe.synthetic.weight, 1.0)).float()


def side_in(recipe: Recipe, epoch: int) -> int:
    """The side in pixels of this epoch's images (Howard 2018, "progressive resizing")."""
    return next((side for start, side in reversed(recipe.sizes) if start <= epoch), recipe.size)


def drawn(
    images: Tensor, truth: Tensor, weight: Tensor, *, side: int, recipe: Recipe, by: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Greys (n, 1, rows, cols), truth (n, labels) and weight (n,) as one step takes them.

    Mixup blends each image with another one of the batch, and what is known of both; an unknown
    label stays unknown (Zhang et al. 2018, ICLR).
    """
    if images.shape[-1] != side:
        images = F.interpolate(images, (side, side), mode="bilinear", antialias=True)
    images = augment(images, recipe.augment, by)
    if not recipe.mixup:
        return images, truth, weight
    other = torch.randperm(len(images), generator=by)
    seed = int(torch.randint(2**62, (1,), generator=by))
    part = float(np.random.default_rng(seed).beta(recipe.mixup, recipe.mixup))
    return (
        torch.lerp(images[other], images, part),
        torch.lerp(truth[other], truth, part),
        torch.lerp(weight[other], weight, part),
    )


def grey_images(cases: Cases, which: NDArray[np.int64]) -> Tensor:
    """Grey images (n, 1, rows, cols) of the cases at these positions, float32 in [0, 1]."""
    return torch.from_numpy(cases.grey[which].astype(np.float32))[:, None]


def as_input(images: Tensor, spec: InputSpec) -> Tensor:
    """Grey images (n, 1, rows, cols) as ``imaging.prepare.normalise`` makes them, (n, 3, ...)."""
    mean = torch.tensor(spec.mean, dtype=torch.float32, device=images.device)[:, None, None]
    std = torch.tensor(spec.std, dtype=torch.float32, device=images.device)[:, None, None]
    return ((images - mean) / std).to(memory_format=torch.channels_last)
