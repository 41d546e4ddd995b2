"""The training loop: one network, one recipe, one seed, the same weights every time."""

import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from math import cos, isfinite, pi
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor

from radlens.domain.errors import BadRecipe
from radlens.domain.model import InputSpec
from radlens.domain.task import Mode
from radlens.lab.augment import augment
from radlens.lab.checkpoint import BEST, resume, save, save_weights
from radlens.lab.dataset import Cases
from radlens.lab.losses import class_balance, loss
from radlens.lab.networks import Net
from radlens.lab.recipe import Recipe
from radlens.lab.scores import auroc, confusion, recalls
from radlens.lab.splits import Dataset


def fit(
    network: Net,
    data: Dataset,
    recipe: Recipe,
    *,
    mode: Mode,
    folder: Path,
    tell: Callable[[int, int], None] | None = None,
) -> list[dict[str, float]]:
    """Train, leave the best epoch's averaged weights in the network, give the learning curve.

    ``folder`` keeps a checkpoint an epoch: a run that was killed goes on from there and ends with
    the same weights. ``tell`` hears of every step. Raises BadRecipe where the loss turns NaN.
    """
    torch.use_deterministic_algorithms(mode=True)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    _wake(network, recipe.frozen)
    average = deepcopy(network).eval()
    rule = _rule(network, recipe)
    balance = class_balance(data.train.truth, mode, recipe.class_weighting)
    at = resume(folder, f"{recipe.digest} {data.digest}", network, average, rule)
    batches = -(-len(data.train) // recipe.batch)
    while at.epoch < recipe.epochs and at.epoch - at.best_epoch <= recipe.patience:
        # The seed and the epoch's number are all that a resumed run must know of chance.
        generator = torch.Generator().manual_seed(recipe.seed * 100_003 + at.epoch)
        began = time.monotonic()
        losses: list[float] = []
        order = torch.randperm(len(data.train), generator=generator)
        _wake(network, recipe.frozen)
        for batch in order.tensor_split(batches):
            _set_rates(rule, recipe, at.step / (batches * recipe.epochs))
            images = grey_images(data.train, batch.numpy())
            logits, _ = network(as_input(augment(images, recipe.augment, generator), recipe.input))
            error = loss(
                logits,
                torch.from_numpy(data.train.truth[batch.numpy()]),
                mode=mode,
                balance=balance,
                label_smoothing=recipe.label_smoothing,
            )
            if not isfinite(error.item()):
                _stop(at.epoch, len(losses), [data.train.files[i] for i in batch.tolist()])
            rule.zero_grad(set_to_none=True)
            error.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            rule.step()
            at.step += 1
            _follow(average, network, recipe.ema, at.step)
            losses.append(error.item())
            if tell:
                tell(at.step, batches * recipe.epochs)
        score = validation_score(forward(average, data.val, recipe.input), data.val.truth, mode)
        if score > at.best:
            at.best, at.best_epoch = score, at.epoch
            save_weights(folder / BEST, average.state_dict())
        row = {"epoch": at.epoch, "loss": float(np.mean(losses)), "validation": score}
        at.curve.append(row | {"seconds": round(time.monotonic() - began, 1)})
        save(folder, at, network, average, rule)
    network.load_state_dict(load_file(folder / BEST))
    network.eval()
    with torch.no_grad():
        # Weighing a class w-fold raised its odds w-fold: the bias takes that back, so that
        # probabilities keep to the data's own rates (Elkan 2001, IJCAI, theorem 2).
        network.head.bias.sub_(balance.log())
    return at.curve


def _wake(network: Net, frozen: tuple[str, ...]) -> None:
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


def grey_images(cases: Cases, which: NDArray[np.int64]) -> Tensor:
    """Grey images (n, 1, rows, cols) of the cases at these positions, float32 in [0, 1]."""
    return torch.from_numpy(cases.grey[which].astype(np.float32))[:, None]


def as_input(images: Tensor, spec: InputSpec) -> Tensor:
    """Grey images (n, 1, rows, cols) as ``imaging.prepare.normalise`` makes them, (n, 3, ...)."""
    mean = torch.tensor(spec.mean, dtype=torch.float32)[:, None, None]
    std = torch.tensor(spec.std, dtype=torch.float32)[:, None, None]
    return ((images - mean) / std).to(memory_format=torch.channels_last)


def forward(network: Net, cases: Cases, spec: InputSpec, batch: int = 32) -> NDArray[np.float32]:
    """The logits of every case, shape (n, labels)."""
    network.eval()
    parts = np.array_split(np.arange(len(cases)), -(-len(cases) // batch))
    with torch.inference_mode():
        logits = [network(as_input(grey_images(cases, part), spec))[0] for part in parts]
    return torch.cat(logits).numpy()


def validation_score(logits: NDArray[np.float32], truth: NDArray[np.float32], mode: Mode) -> float:
    """What early stopping looks at: balanced accuracy, or the mean AUROC of the labels."""
    if mode is Mode.MULTI_CLASS:
        counts = confusion(truth.argmax(1), logits.argmax(1), truth.shape[1])
        return float(np.nanmean(recalls(counts)))
    known = ~np.isnan(truth)
    each = [
        auroc(truth[known[:, i], i], logits[known[:, i], i])[0]
        for i in range(truth.shape[1])
        if np.unique(truth[known[:, i], i]).size == 2
    ]
    return float(np.mean(each))


def _rule(network: Net, recipe: Recipe) -> torch.optim.Optimizer:
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


def _set_rates(rule: torch.optim.Optimizer, recipe: Recipe, done: float) -> None:
    """Linear warm-up, then half a cosine down to zero (Loshchilov and Hutter 2017, ICLR)."""
    if done < recipe.warmup:
        factor = 0.05 + 0.95 * done / recipe.warmup
    else:
        factor = 0.5 * (1 + cos(pi * (done - recipe.warmup) / (1 - recipe.warmup)))
    peaks = (recipe.lr, recipe.lr, recipe.head_lr, recipe.head_lr)
    for group, peak in zip(rule.param_groups, peaks, strict=True):
        group["lr"] = peak * factor


@torch.no_grad()
def _follow(average: Net, network: Net, decay: float, step: int) -> None:
    """Exponential moving average of weights (Polyak and Juditsky 1992), quick at the start."""
    keep = min(decay, step / (step + 9))
    own = network.state_dict()
    for name, value in average.state_dict().items():
        if value.is_floating_point():
            value.lerp_(own[name], 1 - keep)
        else:
            value.copy_(own[name])


def _stop(epoch: int, batch: int, files: Sequence[str]) -> None:
    raise BadRecipe(
        f"The loss is not a number in epoch {epoch + 1}, batch {batch + 1} (first {files[0]}).",
        hint="Lower lr and head_lr; the last good state is kept in the run's folder.",
    )
