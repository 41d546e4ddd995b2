"""The loop that teaches a refiner against a critic, the same every time."""

import time
from copy import deepcopy
from math import isfinite
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from numpy.typing import NDArray
from torch import Tensor, nn

from radlens.lab.checkpoint import resume, save
from radlens.lab.optimiser import follow, tensors
from radlens.lab.place import here
from radlens.lab.progress import Seen, silent
from radlens.lab.synth.network import Denoiser
from radlens.lab.synth.pictures import Pictures
from radlens.lab.synth.recipe import Refinement
from radlens.lab.synth.refiner import Critic
from radlens.lab.synth.sample import LAST, enlarged, looked
from radlens.lab.synth.schedule import noisy
from radlens.lab.synth.training import diverged, ready

# The critic's slope is held (Mescheder et al. 2018, ICML, R1) in one of so many steps, so much.
HELD, SLOPE = 8, 0.5


def refine(
    network: Denoiser,
    data: Pictures,
    real: NDArray[np.float16],
    plan: Refinement,
    *,
    seed: int,
    folder: Path,
    run: str,
    seen: Seen = silent,
) -> list[dict[str, float]]:
    """Teach the network's refiner, if it has one, leave averaged weights in it, give the curve.

    It is shown what the network takes patches of noisy training images for, which lacks all that
    is fine, and has to make of them what is near to the real ones and what a critic takes for
    real, while the critic learns to tell (Isola et al. 2017, CVPR; the last steps of a diffusion
    in one, as Xiao et al. 2022, ICLR). ``real`` (n, drawn, drawn) are the
    images of ``data`` on the grid of what is drawn. ``folder`` and ``run`` are as in ``fit``.
    Raises BadRecipe where the loss turns NaN, StorageFull.
    """
    if network.refiner is None:
        return []
    ready()
    folder.mkdir(exist_ok=True)
    place = here().device
    network.to(place).eval()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        critic = Critic(plan.critic, network.nothing)
    pair = nn.ModuleDict({"refiner": network.refiner, "critic": critic}).to(place)
    average = deepcopy(pair)
    rule = torch.optim.Adam(
        [
            {"params": list(pair["refiner"].parameters()), "lr": plan.lr},
            {"params": list(critic.parameters()), "lr": plan.critic_lr},
        ],
        betas=(0.0, 0.99),
    )
    at = resume(folder, run, pair, average, rule)
    followed, moving = tensors(average), tensors(pair)
    while at.step < plan.steps:
        chance = torch.Generator().manual_seed(seed * 100_003 + at.epoch)
        began, doubts, steps = time.monotonic(), 0.0, min(plan.lap, plan.steps - at.step)
        for _ in range(steps):
            true, guess, classes = _patches(network, data, real, plan, chance)
            noise = torch.randn(true.shape, generator=chance).to(place)
            made = pair["refiner"](guess, noise, classes)
            held = at.step % HELD == 0
            doubt = _judge(rule, critic, true, made.detach(), classes, held=held)
            unlike = _please(rule, pair, made, true, classes, plan.likeness)
            if not isfinite(doubt + unlike):
                diverged(at.step)
            at.step += 1
            follow(followed, moving, plan.ema, at.step)
            doubts += doubt
            seen(at.step, plan.steps)
        row = {"epoch": at.epoch, "loss": doubts / steps, "images": steps * plan.batch}
        at.curve.append(row | {"seconds": round(time.monotonic() - began, 2)})
        save(folder, at, pair, average, rule)
    pair.load_state_dict(average.state_dict())
    network.cpu().eval()
    return at.curve


def _judge(
    rule: torch.optim.Optimizer,
    critic: Critic,
    real: Tensor,
    made: Tensor,
    classes: Tensor,
    *,
    held: bool,
) -> float:
    """One step of the critic; its loss, 2 log 2 where it cannot tell (Goodfellow et al. 2014)."""
    real = real.requires_grad_(held)
    seen = critic(real, classes)
    loss = F.softplus(-seen).mean() + F.softplus(critic(made, classes)).mean()
    whole = loss
    if held:
        [slope] = torch.autograd.grad(seen.mean((1, 2, 3)).sum(), real, create_graph=True)
        whole = loss + HELD * SLOPE / 2 * slope.square().sum((1, 2, 3)).mean()
    rule.zero_grad(set_to_none=True)
    whole.backward(inputs=list(critic.parameters()))  # type: ignore[no-untyped-call]
    rule.step()
    return loss.item()


def _please(
    rule: torch.optim.Optimizer,
    pair: nn.ModuleDict,
    made: Tensor,
    real: Tensor,
    classes: Tensor,
    likeness: float,
) -> float:
    """One step of the refiner; its loss."""
    loss = F.softplus(-pair["critic"](made, classes)).mean()
    real = real.detach()
    unlike = F.l1_loss(_coarse(made), _coarse(real)) + 2 * F.l1_loss(made, real)
    loss = loss + likeness * unlike
    rule.zero_grad(set_to_none=True)
    loss.backward(inputs=list(pair["refiner"].parameters()))  # type: ignore[no-untyped-call]
    rule.step()
    return loss.item()


def _coarse(images: Tensor) -> Tensor:
    """What is left of images (n, 1, rows, cols) when their texture is smoothed away."""
    line = torch.exp(-(torch.arange(-4, 5, device=images.device) ** 2) / 4.5)
    line = line / line.sum()
    return F.conv2d(images, torch.outer(line, line)[None, None])


def _patches(
    network: Denoiser,
    data: Pictures,
    real: NDArray[np.float16],
    plan: Refinement,
    chance: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    """Real patches (n, 1, side, side), what the network takes them for, and their classes."""
    place = here().device
    which = torch.randint(len(data), (plan.batch,), generator=chance)
    images, classes = data.images(which), data.shown_as(which, 0, chance).to(place)
    levels = torch.randint(LAST * 2 // 3, LAST + 1, (plan.batch,), generator=chance)
    grey, masks = 2 * images[:, :1] - 1, images[:, 1:]
    mixed = torch.cat([noisy(grey, torch.randn(grey.shape, generator=chance), levels), masks], 1)
    guess = enlarged(looked(network, mixed.to(place), levels.to(place), classes), network.drawn)
    true = 2 * torch.from_numpy(real[which.numpy()].astype(np.float32))[:, None].to(place) - 1
    side = plan.patch
    corners = torch.randint(network.drawn - side + 1, (plan.batch, 2), generator=chance).tolist()
    turned = (torch.rand(plan.batch, generator=chance) < 0.5).to(place)
    dropped = (torch.rand(plan.batch, generator=chance) < plan.drop).to(place)

    def cut(images: Tensor) -> Tensor:
        parts = [
            i[:, y : y + side, x : x + side] for i, (y, x) in zip(images, corners, strict=True)
        ]
        patches = torch.stack(parts)
        return torch.where(turned[:, None, None, None], patches.flip(-1), patches)

    return cut(true), cut(guess), torch.where(dropped, network.nothing, classes)
