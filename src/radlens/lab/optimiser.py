"""How weights move: AdamW, its rates over the run, and the average that follows."""

from math import cos, pi

import torch

from radlens.domain.errors import BadRecipe
from radlens.lab.networks import Net
from radlens.lab.recipe import Recipe


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


@torch.no_grad()
def follow(average: Net, network: Net, decay: float, step: int) -> None:
    """Exponential moving average of weights (Polyak and Juditsky 1992), quick at the start."""
    keep = min(decay, step / (step + 9))
    own = network.state_dict()
    for name, value in average.state_dict().items():
        if value.is_floating_point():
            value.lerp_(own[name], 1 - keep)
        else:
            value.copy_(own[name])
