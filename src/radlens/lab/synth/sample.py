"""Noise -> images: a few looks of the network, and each image its own chance."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from diffusers import DPMSolverMultistepScheduler
from numpy.typing import NDArray
from torch import Tensor

from radlens.imaging.quiet import quiet
from radlens.lab.place import here
from radlens.lab.synth.generator import Drawing, Mask
from radlens.lab.synth.masks import on_grid
from radlens.lab.synth.network import Denoiser
from radlens.lab.synth.schedule import betas, left
from radlens.lab.synth.training import ready

# Images are always drawn by so many that are neighbours by their numbers, however many are asked
# for: sums in a batch of another size may round otherwise, and an image must come out the same.
BLOCK = 8
# An image that is to be refined is drawn down to this noise level only: what it shows is decided by
# then, and the network is better at guessing the rest than at drawing it.
LAST = 280


def sampled(
    network: Denoiser,
    number: int,
    how: Drawing,
    which: Sequence[int],
    mask: Mask | None = None,
) -> NDArray[np.uint8]:
    """The images of the class ``number`` with the numbers ``which``, (n, rows, cols).

    ``mask`` says where the lesion of each is to be. Drawn where networks are trained, on a GPU
    where there is one.
    """
    ready()
    network.to(here().device)
    blocks = {i: _block(network, number, how, i, mask) for i in {i // BLOCK for i in which}}
    return np.stack([blocks[i // BLOCK][i % BLOCK] for i in which])


@torch.inference_mode()
def _block(
    network: Denoiser, number: int, how: Drawing, block: int, mask: Mask | None
) -> NDArray[np.uint8]:
    side = network.unet.config["sample_size"] * network.fold
    device = network.unet.device
    numbers = range(block * BLOCK, (block + 1) * BLOCK)
    chances = [chance(how.seed, index) for index in numbers]
    beside = [np.stack([on_grid(mask(i), side) for i in numbers])] if mask else []
    masks = [torch.from_numpy(each)[:, None].to(device, torch.float32) for each in beside]

    def fresh(side: int) -> Tensor:
        return torch.stack([torch.randn(1, side, side, generator=c) for c in chances]).to(device)

    images = fresh(side)
    classes = torch.full((BLOCK,), number, device=device)
    solver = _solver(side, how.steps, device)
    last = max(LAST, int(solver.timesteps[-1]))  # a few steps may all be above
    for level in solver.timesteps:
        planes = torch.cat([images, *masks], 1)
        if network.refiner is not None and level <= last:
            images = enlarged(looked(network, planes, level.expand(BLOCK), classes), network.drawn)
            images = network.refiner(images, fresh(network.drawn), classes)
            break
        noise = guided(network, planes, level, classes, how.guidance)
        [images] = solver.step(noise, level, images, variance_noise=fresh(side), return_dict=False)
    grey = ((images.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return grey[:, 0].cpu().numpy()


@torch.inference_mode()
def looked(network: Denoiser, images: Tensor, levels: Tensor, classes: Tensor) -> Tensor:
    """What the network takes images (n, 1, side, side) with noise of these levels in them for.

    That is the mean of all that they might be, right and without texture. A second plane of
    ``images`` is their masks.
    """
    share = left(levels, images.shape[-1])
    noise = network(images, levels, classes)
    seen: Tensor = (images[:, :1] - (1 - share).sqrt() * noise) / share.sqrt()
    return seen.clamp(-1, 1)


def enlarged(images: Tensor, side: int) -> Tensor:
    """Images (n, 1, rows, cols) in [-1, 1] on a grid of side x side, by cubic interpolation."""
    return F.interpolate(images, size=(side, side), mode="bicubic").clamp(-1, 1)


def guided(
    network: Denoiser, images: Tensor, level: Tensor, classes: Tensor, guidance: float
) -> Tensor:
    """The noise in images, their masks beside them, away from what no class would see in them.

    Classifier-free guidance (Ho and Salimans 2022); 1 asks for the class and does no more.
    """
    levels = level.expand(len(images))
    if guidance == 1:
        noise: Tensor = network(images, levels, classes)
        return noise
    nothing = torch.full_like(classes, network.nothing)
    both = network(images.repeat(2, 1, 1, 1), levels.repeat(2), torch.cat([classes, nothing]))
    asked, plain = both.chunk(2)
    return torch.lerp(plain, asked, guidance)


def chance(seed: int, index: int) -> torch.Generator:
    """The chance of one image, from a set's seed and the image's number in it."""
    state = np.random.SeedSequence([seed, index]).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(state))


def _solver(side: int, steps: int, device: torch.device) -> DPMSolverMultistepScheduler:
    """SDE-DPM-Solver++ of second order (Lu et al. 2022), which keeps to grey values that exist.

    Each step puts fresh noise in, and the next one takes out with it what the former found wrongly.
    """
    solver = DPMSolverMultistepScheduler(
        trained_betas=betas(side),
        algorithm_type="sde-dpmsolver++",
        solver_order=2,
        thresholding=True,
        sample_max_value=1.0,
        lambda_min_clipped=-5.1,  # at the last level of a cosine there is no image left to find
        timestep_spacing="trailing",
    )
    with quiet():  # it asks torch for an array in numpy's former way
        solver.set_timesteps(steps, device=device)
    return solver
