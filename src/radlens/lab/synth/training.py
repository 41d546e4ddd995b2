"""The loop that teaches a denoising network, whole or a part of it, the same every time."""

import time
from copy import deepcopy
from dataclasses import replace
from math import cos, isfinite, pi
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor

from radlens.domain.errors import BadRecipe
from radlens.lab.augment import Augmentation, augment
from radlens.lab.checkpoint import resume, save
from radlens.lab.memory import keep_freed_memory
from radlens.lab.optimiser import clip, follow, tensors
from radlens.lab.place import here
from radlens.lab.synth.network import Denoiser
from radlens.lab.synth.pictures import Pictures
from radlens.lab.synth.recipe import Course
from radlens.lab.synth.schedule import drawn_levels, missed, noisy
from radlens.lab.training import Tell

# How many held-out images are looked at after a lap, always with the same noise.
JUDGED = 128


def fit(
    network: Denoiser,
    data: Pictures,
    course: Course,
    *,
    how: Augmentation | None = None,
    folder: Path,
    run: str,
    held_out: Pictures | None = None,
    tell: Tell | None = None,
) -> list[dict[str, float]]:
    """Teach what of the network may move, leave the averaged weights in it, give the curve.

    ``folder`` keeps a checkpoint a lap, which ``run`` ties to what is learned: one that was killed
    goes on from there and ends with the same weights. Raises BadRecipe where the loss or its
    gradient turns NaN, StorageFull.
    """
    ready()
    network.to(here().device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = deepcopy(network).eval()
    rule = _rule(network, course)
    at = resume(folder, run, network, average, rule)
    moving, followed = tensors(network), tensors(average)
    network.train()
    while at.step < course.steps:
        # The seed and the lap's number are all that a resumed run must know of chance.
        chance = torch.Generator().manual_seed(course.seed * 100_003 + at.epoch)
        began, losses = time.monotonic(), []
        for batch in _batches(len(data), course, at.step, chance):
            _set_rates(rule, course, at.step / course.steps)
            images = data.images(batch)
            if how:
                images = augment(images, how, chance)
            classes = data.shown_as(batch, course.drop, chance)
            error = _error(network, images, classes, course, chance)
            rule.zero_grad(set_to_none=True)
            error.backward()  # type: ignore[no-untyped-call]
            if not isfinite(error.item()) or not isfinite(clip(network)):
                diverged(at.step)
            rule.step()
            at.step += 1
            follow(followed, moving, course.ema, at.step)
            losses.append(error.item())
            if tell:
                tell(at, course.steps)
        row = {"epoch": at.epoch, "loss": float(np.mean(losses))}
        if held_out:
            row["validation"] = judged(average, held_out, course)
        row["images"] = len(losses) * course.batch
        at.curve.append(row | {"seconds": round(time.monotonic() - began, 2)})
        save(folder, at, network, average, rule)
        if tell:
            tell(at, course.steps)
    network.load_state_dict(average.state_dict())
    network.cpu().eval()
    return at.curve


def ready() -> None:
    """Make this process one that repeats itself: sums depend on the number of threads."""
    keep_freed_memory()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(mode=True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


def judged(network: Denoiser, held_out: Pictures, course: Course) -> float:
    """The error on held-out images, always the same ones with the same noise at all levels."""
    evenly = replace(course, lean=1.0)
    chance = torch.Generator().manual_seed(0)
    which = torch.randperm(len(held_out), generator=chance)[:JUDGED]
    errors = []
    with torch.inference_mode():
        for batch in torch.split(which, 32):
            images, classes = held_out.images(batch), held_out.shown_as(batch, 0, chance)
            errors.append(len(batch) * _error(network, images, classes, evenly, chance))
    return float(torch.stack(errors).sum() / len(which))


def _error(
    network: Denoiser, images: Tensor, classes: Tensor, course: Course, chance: torch.Generator
) -> Tensor:
    """The mean squared error of the noise found in images (n, 1, rows, cols) in [0, 1].

    Their masks, if there are any, are a second plane, and without noise.
    """
    grey, masks = images[:, :1], images[:, 1:]
    levels = drawn_levels(len(grey), chance, course.lean)
    noise = torch.randn(grey.shape, generator=chance)
    mixed = torch.cat([noisy(2 * grey - 1, noise, levels), masks], 1)
    place = here()
    with place.precision(course.precision):
        found = network(*(each.to(place.device) for each in (mixed, levels, classes)))
    return missed(found.float().cpu(), noise, levels).mean()


def _batches(n: int, course: Course, done: int, chance: torch.Generator) -> list[Tensor]:
    """The positions of one lap's images: all of them in turn before any comes again."""
    steps = min(course.lap, course.steps - done)
    turns = -(-steps * course.batch // n)
    order = torch.cat([torch.randperm(n, generator=chance) for _ in range(turns)])
    return list(torch.split(order[: steps * course.batch], course.batch))


def _rule(network: Denoiser, course: Course) -> torch.optim.Optimizer:
    """AdamW (Loshchilov and Hutter 2019, ICLR) on what may move; biases, norms not decayed."""
    moving = [p for p in network.parameters() if p.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [p for p in moving if p.ndim > 1]},
        {"params": [p for p in moving if p.ndim == 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    return torch.optim.AdamW(groups, lr=course.lr, weight_decay=course.weight_decay)


def _set_rates(rule: torch.optim.Optimizer, course: Course, done: float) -> None:
    """Linear warm-up, then half a cosine down to zero (Loshchilov and Hutter 2017, ICLR)."""
    if done < course.warmup:
        factor = 0.05 + 0.95 * done / course.warmup
    else:
        factor = 0.5 * (1 + cos(pi * (done - course.warmup) / (1 - course.warmup)))
    for group in rule.param_groups:
        group["lr"] = course.lr * factor


def diverged(step: int) -> NoReturn:
    """End a training whose numbers are none any more; raises BadRecipe."""
    raise BadRecipe(
        f"The loss is not a number in step {step + 1}.",
        hint="Lower lr in the recipe, and choose a new folder.",
    )
