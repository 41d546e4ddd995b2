"""How weights move: AdamW, its rates over the run, and the average that follows."""

from math import cos, pi

import torch
from torch import Tensor, nn

from radlens.domain.errors import BadRecipe
from radlens.lab.networks import Net
from radlens.lab.recipe import Recipe

# Longer gradients are cut to this (Pascanu et al. 2013, ICML).
STEEPEST = 5.0


def wake(network: Net, frozen: tuple[str, ...]) -> None:
    """Training mode, except for frozen layers: neither their weights nor their norms move."""
    names = [name for name, _ in network.named_parameters()]
    for start in frozen:
        if not any(name.startswith(start) for name in names):
            raise BadRecipe(f"The recipe freezes {start!r}, which no layer's name begins with.")
    network.train()
    for name, module in network.named_modules():
        if name and f"{name}.".startswith(frozen):
            module.eval()
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(not name.startswith(frozen))


def optimiser(network: Net, recipe: Recipe) -> torch.optim.Optimizer:
    """AdamW (Loshchilov and Hutter 2019, ICLR); biases and norms are not decayed."""
    head = {id(network.head.weight), id(network.head.bias)}
    body = [p for p in network.parameters() if p.requires_grad and id(p) not in head]
    groups = [
        {"params": [p for p in body if p.ndim > 1], "lr": recipe.lr},
        {"params": [p for p in body if p.ndim == 1], "lr": recipe.lr, "weight_decay": 0.0},
        {"params": [network.head.weight], "lr": recipe.head_lr},
        {"params": [network.head.bias], "lr": recipe.head_lr, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, weight_decay=recipe.weight_decay)


def set_rates(rule: torch.optim.Optimizer, recipe: Recipe, done: float) -> None:
    """Linear warm-up, then half a cosine down to zero (Loshchilov and Hutter 2017, ICLR)."""
    if done < recipe.warmup:
        factor = 0.05 + 0.95 * done / recipe.warmup
    else:
        factor = 0.5 * (1 + cos(pi * (done - recipe.warmup) / (1 - recipe.warmup)))
    peaks = (recipe.lr, recipe.lr, recipe.head_lr, recipe.head_lr)
    for group, peak in zip(rule.param_groups, peaks, strict=True):
        group["lr"] = peak * factor


def clip(network: nn.Module) -> float:
    """The norm of all gradients, which is cut to STEEPEST where it is above; NaN as it is."""
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    norm = nn.utils.get_total_norm(gradients)
    steepness = norm.item()
    if steepness > STEEPEST:
        nn.utils.clip_grads_with_norm_(network.parameters(), STEEPEST, norm)
    return steepness


def tensors(network: nn.Module) -> list[Tensor]:
    """All that a network's state holds, the tensors themselves, in the order of their names."""
    return [value for _, value in sorted(network.state_dict().items())]


@torch.no_grad()
def follow(average: list[Tensor], own: list[Tensor], decay: float, step: int) -> None:
    """Exponential moving average of weights (Polyak and Juditsky 1992), quick at the start.

    ``average`` and ``own`` are ``tensors`` of both networks.
    """
    keep = min(decay, step / (step + 9))
    pairs = list(zip(average, own, strict=True))
    weights = [pair for pair in pairs if pair[0].is_floating_point()]
    torch._foreach_lerp_([mean for mean, _ in weights], [now for _, now in weights], 1 - keep)
    for mean, now in pairs:
        if not mean.is_floating_point():
            mean.copy_(now)
