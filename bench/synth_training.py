"""Training a generator by recipe beside a plain torch loop on the same network and batches."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from diffusers import DDPMScheduler

from bench.timing import medians
from radlens.lab.memory import keep_freed_memory
from radlens.lab.synth.network import fresh
from radlens.lab.synth.pictures import Pictures
from radlens.lab.synth.recipe import SynthRecipe
from radlens.lab.synth.schedule import LEVELS, betas
from radlens.lab.synth.training import fit

CLASSES = 4


def training_ratio(recipe: SynthRecipe, *, steps: int, repeats: int) -> float:
    """Training images/s of a generator's recipe / of a plain torch loop; 1 means nothing is lost.

    On one thread, both in single precision. Ours draws and changes its images, keeps to what can be
    repeated, follows the averaged weights, watches the loss and saves a checkpoint at the end; the
    plain loop has its images ready and only steps, with the same optimiser on the same memory
    settings. In processor time, which a busy machine hardly moves.
    """
    torch.set_num_threads(1)
    keep_freed_memory()
    recipe = replace(
        recipe, course=replace(recipe.course, steps=steps, lap=steps, precision="fp32")
    )
    data = noise(steps * recipe.course.batch, recipe.network.side)
    ours, plain = medians(
        lambda: by_recipe(recipe, data),
        lambda: by_hand(recipe, data),
        repeats=repeats,
        clock=process_time,
    )
    return plain / ours


def by_recipe(recipe: SynthRecipe, data: Pictures) -> None:
    """A lap as ``radlens synth train`` runs it."""
    network = fresh(recipe.network, CLASSES, seed=1)
    with TemporaryDirectory() as folder:
        fit(network, data, recipe.course, how=recipe.augment, folder=Path(folder), run="bench")


def by_hand(recipe: SynthRecipe, data: Pictures) -> None:
    """The same steps as an introduction to diffusion writes them."""
    torch.use_deterministic_algorithms(mode=False)
    network = fresh(recipe.network, CLASSES, seed=1).train()
    network.to(memory_format=torch.channels_last)
    course, schedule = recipe.course, DDPMScheduler(trained_betas=betas(recipe.network.side))
    rule = torch.optim.AdamW(network.parameters(), lr=course.lr, weight_decay=course.weight_decay)
    images = 2 * data.images(torch.arange(len(data))) - 1
    classes = data.classes.argmax(1)
    for start in range(0, len(images), course.batch):
        x, y = images[start : start + course.batch], classes[start : start + course.batch]
        hidden, levels = torch.randn_like(x), torch.randint(0, LEVELS, (len(x),))
        rule.zero_grad()
        F.mse_loss(network(schedule.add_noise(x, hidden, levels), levels, y), hidden).backward()
        rule.step()


def noise(n: int, side: int) -> Pictures:
    """So many images of noise, every class in turn; the column after the last is no class."""
    grey = np.random.default_rng(n).random((n, side, side)).astype(np.float16)
    return Pictures(grey, torch.eye(CLASSES + 1)[torch.arange(n) % CLASSES])
