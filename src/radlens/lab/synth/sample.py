"""Noise -> images: a few looks of the network, and each image its own chance."""

from collections.abc import Sequence

import numpy as np
import torch
from diffusers import DPMSolverMultistepScheduler
from numpy.typing import NDArray
from torch import Tensor

from radlens.imaging.quiet import quiet
from radlens.lab.place import here
from radlens.lab.synth.generator import Drawing, Mask
from radlens.lab.synth.network import Denoiser
from radlens.lab.synth.recipe import Refinement
from radlens.lab.synth.schedule import betas
from radlens.lab.synth.training import ready

# Images are always drawn by so many that are neighbours by their numbers, however many are asked
# for: sums in a batch of another size may round otherwise, and an image must come out the same.
BLOCK = 8


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
    beside = [torch.from_numpy(np.stack([mask(i) for i in numbers]))[:, None]] if mask else []
    masks = [each.to(device, torch.float32) for each in beside]

    def fresh() -> Tensor:
        return torch.stack([torch.randn(1, side, side, generator=c) for c in chances]).to(device)

    images = fresh()
    classes = torch.full((BLOCK,), number, device=device)
    solver = _solver(side, how.steps, device)
    for level in solver.timesteps:
        noise = guided(network, torch.cat([images, *masks], 1), level, classes, how.guidance)
        [images] = solver.step(noise, level, images, variance_noise=fresh(), return_dict=False)
    if network.refiner is not None:
        images = network.refiner(images.clamp(-1, 1), fresh(), classes)
    return _grey(images)[:, 0].cpu().numpy()


@torch.inference_mode()
def drawn_again(
    network: Denoiser,
    images: Tensor,
    classes: Tensor,
    plan: Refinement,
    last: int,
    chance: torch.Generator,
) -> Tensor:
    """Images (n, 1, side, side) in [0, 1] with noise in them that ``last`` solver steps take out.

    A second plane is their masks. Gives grey values (n, 1, side, side) of uint8, not refined.
    """
    device = network.unet.device
    solver = _solver(images.shape[-1], plan.solver_steps, device)
    levels = solver.timesteps[-last:]
    solver.set_begin_index(len(solver.timesteps) - len(levels))
    images, masks, classes = images[:, :1].to(device), images[:, 1:].to(device), classes.to(device)

    def fresh() -> Tensor:
        return torch.randn(images.shape, generator=chance).to(device)

    images = solver.add_noise(2 * images - 1, fresh(), levels[:1].expand(len(images)))
    for level in levels:
        noise = guided(network, torch.cat([images, masks], 1), level, classes, plan.guidance)
        [images] = solver.step(noise, level, images, variance_noise=fresh(), return_dict=False)
    return _grey(images).cpu()


def _grey(images: Tensor) -> Tensor:
    """Images in [-1, 1] as grey values of uint8."""
    return ((images.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)


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
