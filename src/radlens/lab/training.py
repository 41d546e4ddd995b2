"""The training loop: one network, one recipe, one seed, the same weights every time."""

import os
import time
from collections.abc import Callable
from copy import deepcopy
from math import isfinite
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn

from radlens.domain.errors import BadRecipe
from radlens.domain.model import InputSpec
from radlens.domain.task import Mode
from radlens.lab.batches import as_input, chosen, drawn, grey_images, side_in, weights
from radlens.lab.checkpoint import BEST, State, resume, save, save_weights
from radlens.lab.dataset import Cases
from radlens.lab.losses import Objective
from radlens.lab.networks import Net
from radlens.lab.optimiser import clip, follow, optimiser, set_rates, tensors, wake
from radlens.lab.place import Place, here
from radlens.lab.recipe import Recipe
from radlens.lab.scores import auroc, confusion, recalls
from radlens.lab.splits import Splits

# Hears of every step and every epoch: where the run stands, and how many steps it may take.
Tell = Callable[[State, int], None]


def fit(
    network: Net,
    data: Splits,
    recipe: Recipe,
    *,
    mode: Mode,
    folder: Path,
    tell: Tell | None = None,
) -> list[dict[str, float]]:
    """Train, leave the averaged weights of the epoch to keep in the network, give the curve.

    ``folder`` keeps a checkpoint an epoch: a run that was killed goes on from there and ends with
    the same weights. Raises BadRecipe where the loss or its gradient turns NaN, StorageFull.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what determinism costs on CUDA
    torch.use_deterministic_algorithms(mode=True)
    # Nothing reads what it did not write, and filling that with NaN took two steps in a hundred.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    place = here()
    network.to(place.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    wake(network, recipe.frozen)
    average = deepcopy(network).eval()
    rule = optimiser(network, recipe)
    cases = chosen(data.train, recipe)
    truth, weight = torch.from_numpy(cases.truth), weights(cases, recipe)
    objective = Objective.of(recipe, cases.truth, mode)
    at = resume(folder, f"{recipe.digest} {data.dataset.id}", network, average, rule)
    model = place.spread(network)
    moving, followed = tensors(network), tensors(average)
    batches = -(-len(cases) // recipe.batch)
    steps = batches * recipe.epochs
    while at.epoch < recipe.epochs and at.epoch - at.best_epoch <= recipe.patience:
        # The seed and the epoch's number are all that a resumed run must know of chance.
        chance = torch.Generator().manual_seed(recipe.seed * 100_003 + at.epoch)
        began = time.monotonic()
        losses: list[float] = []
        order = torch.randperm(len(cases), generator=chance)
        side = side_in(recipe, at.epoch)
        wake(network, recipe.frozen)
        for batch in order.tensor_split(batches):
            set_rates(rule, recipe, at.step / steps)
            images, known, counts = drawn(
                grey_images(cases, batch.numpy()),
                truth[batch],
                weight[batch],
                side=side,
                recipe=recipe,
                by=chance,
            )
            mine = place.part(len(batch))
            logits = _logits(model, images[mine], recipe, place)
            error = objective.mean(logits, known, counts, part=mine) * place.ranks
            rule.zero_grad(set_to_none=True)
            error.backward()  # type: ignore[no-untyped-call]
            if not isfinite(error.item()) or not isfinite(clip(network)):
                _stop(at.epoch, len(losses), [cases.files[i] for i in batch.tolist()])
            rule.step()
            at.step += 1
            follow(followed, moving, recipe.ema, at.step)
            losses.append(error.item())
            if tell:
                tell(at, steps)
        score = _score(average, data.val, recipe.input, mode) if place.first else 0.0
        score, loss = place.agreed(score), place.mean(float(np.mean(losses)))
        if score > at.best:
            at.best, at.best_epoch = score, at.epoch
            if place.first:
                save_weights(folder / BEST, average.state_dict())
        row = {"epoch": at.epoch, "loss": loss, "validation": score, "images": len(cases)}
        at.curve.append(row | {"seconds": round(time.monotonic() - began, 2)})
        if place.first:
            save(folder, at, network, average, rule)
        if tell:
            tell(at, steps)
    place.agreed(0.0)  # nobody reads before the first process has written
    kept = load_file(folder / BEST) if recipe.keep == "best" else average.state_dict()
    network.load_state_dict(kept)
    network.cpu().eval()
    with torch.no_grad():
        # Weighing a class w-fold raised its odds w-fold: the bias takes that back, so that
        # probabilities keep to the data's own rates (Elkan 2001, IJCAI, theorem 2).
        network.head.bias.sub_(objective.balance.log())
    return at.curve


def _logits(model: nn.Module, images: Tensor, recipe: Recipe, place: Place) -> Tensor:
    """Logits (n, labels), or each member's, of greys (n, 1, rows, cols), in 32 bits."""
    with place.precision(recipe.precision):
        logits: Tensor = model(as_input(images.to(place.device), recipe.input))[0]
    return logits.float().cpu()


def forward(network: Net, cases: Cases, spec: InputSpec, batch: int = 32) -> NDArray[np.float32]:
    """The logits of every case, shape (n, labels)."""
    network.eval()
    device = network.head.weight.device
    parts = np.array_split(np.arange(len(cases)), -(-len(cases) // batch))
    with torch.inference_mode():
        images = (as_input(grey_images(cases, part).to(device), spec) for part in parts)
        return torch.cat([network(part)[0].cpu() for part in images]).numpy()


def _score(network: Net, cases: Cases, spec: InputSpec, mode: Mode) -> float:
    return validation_score(forward(network, cases, spec), cases.truth, mode)


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


def _stop(epoch: int, batch: int, files: list[str]) -> None:
    raise BadRecipe(
        f"The loss is not a number in epoch {epoch + 1}, batch {batch + 1} (first {files[0]}).",
        hint="Lower lr and head_lr, and choose a new --out folder."
        + (f" {BEST} in the old one can be the start of it." if epoch else ""),
    )
