"""The loop that teaches a refiner against a critic, the same every time."""

import time
from copy import deepcopy
from math import isfinite
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from safetensors.torch import load_file
from torch import Tensor, nn

from radlens.lab.checkpoint import resume, save, save_weights
from radlens.lab.optimiser import follow, tensors
from radlens.lab.place import here
from radlens.lab.progress import Seen, silent
from radlens.lab.synth.network import Denoiser
from radlens.lab.synth.pictures import Pictures
from radlens.lab.synth.recipe import Refinement
from radlens.lab.synth.refiner import Critic
from radlens.lab.synth.sample import BLOCK, drawn_again
from radlens.lab.synth.training import diverged, ready

AGAIN = "again.safetensors"
# The critic's slope is held (Mescheder et al. 2018, ICML, R1) in one of so many steps, so much.
HELD, SLOPE = 8, 0.01


def refine(
    network: Denoiser,
    data: Pictures,
    plan: Refinement,
    *,
    seed: int,
    folder: Path,
    run: str,
    seen: Seen = silent,
) -> list[dict[str, float]]:
    """Teach the network's refiner, if it has one, leave averaged weights in it, give the curve.

    It is shown patches of training images that the network drew again, which leaves in them the
    traces that it leaves in everything, and has to give them a look that a critic takes for that
    of real ones, while the critic learns to tell; what is coarse has to stay (Shrivastava et al.
    2017, CVPR). ``folder`` and ``run`` are as in ``fit``; ``seen`` hears of the blocks that are
    drawn again, and then of the steps. Raises BadRecipe where the loss turns NaN, StorageFull.
    """
    if network.refiner is None:
        return []
    ready()
    folder.mkdir(exist_ok=True)
    place = here().device
    drawn = _drawn(network.to(place), data, plan, seed=seed, folder=folder, seen=seen)
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
            real, again, classes = (t.to(place) for t in _patches(data, drawn, plan, chance))
            noise = torch.randn(real.shape, generator=chance).to(place)
            made = pair["refiner"](again, noise, classes)
            held = at.step % HELD == 0
            doubt = _judge(rule, critic, real, made.detach(), classes, held=held)
            unlike = _please(rule, pair, made, real, classes, plan.likeness)
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
    loss = loss + likeness * F.l1_loss(_coarse(made), _coarse(real.detach()))
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
    data: Pictures, drawn: Tensor, plan: Refinement, chance: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Real patches (n, 1, side, side), the same of the images drawn again, and their classes."""
    which = torch.randint(len(data), (plan.batch,), generator=chance)
    real, again = 2 * data.images(which)[:, :1] - 1, _plain(drawn[which])
    side = plan.patch
    corners = torch.randint(real.shape[-1] - side + 1, (plan.batch, 2), generator=chance).tolist()
    turned = torch.rand(plan.batch, generator=chance) < 0.5

    def cut(images: Tensor) -> Tensor:
        parts = [
            i[:, y : y + side, x : x + side] for i, (y, x) in zip(images, corners, strict=True)
        ]
        patches = torch.stack(parts)
        return torch.where(turned[:, None, None, None], patches.flip(-1), patches)

    return cut(real), cut(again), data.shown_as(which, plan.drop, chance)


def _drawn(
    network: Denoiser,
    data: Pictures,
    plan: Refinement,
    *,
    seed: int,
    folder: Path,
    seen: Seen,
) -> Tensor:
    """Every image drawn again from a little noise, (n, 1, side, side) of uint8; kept on disk."""
    path = folder / AGAIN
    if not path.exists():
        parts, blocks = [], torch.split(torch.arange(len(data)), BLOCK)
        for n, which in enumerate(blocks):
            seen(n, len(blocks))
            chance = torch.Generator().manual_seed(seed * 100_003 + n)
            classes = data.shown_as(which, 0, chance)
            # From as many steps as leave the anatomy as it was to about half of them.
            last = plan.again - n % (plan.again // 2 + 1)
            parts.append(drawn_again(network, data.images(which), classes, plan, last, chance))
        save_weights(path, {"images": torch.cat(parts)})
    return load_file(path)["images"]


def _plain(images: Tensor) -> Tensor:
    return images.float() / 127.5 - 1
