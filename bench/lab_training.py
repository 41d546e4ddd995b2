"""Training by recipe beside a plain torch loop on the same network, batches and options."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it

from bench.timing import medians
from radlens.bootstrap import PACKAGE
from radlens.domain.dataset import Dataset
from radlens.domain.task import Mode
from radlens.lab.batches import as_input
from radlens.lab.dataset import Cases
from radlens.lab.memory import keep_freed_memory
from radlens.lab.networks import build
from radlens.lab.recipe import Recipe, read_recipe
from radlens.lab.splits import Splits
from radlens.lab.training import fit

LABELS, SIDE, IMAGES, JUDGED, REPEATS = 4, 128, 1024, 4, 3
RECIPE = PACKAGE / "lab" / "recipes" / "brain-tumor-resnet18.toml"


def training_ratio() -> float:
    """Training images/s of a recipe / of a plain torch loop; 1 means nothing is lost.

    ResNet-18 from scratch at 128 px on one thread, an epoch of about as many images as the smallest
    shipped model has. Ours draws and changes every image, keeps to what can be repeated, follows
    the averaged weights, and saves its checkpoint; the plain loop has its images ready and only
    steps, with the same optimiser on the same memory settings. What judging costs depends on how
    much there is to judge: four images here. In processor time, which a busy machine hardly moves.
    """
    torch.set_num_threads(1)
    keep_freed_memory()
    plain_entries = {
        "start": "scratch",
        "frozen": (),
        "precision": "fp32",
        "sizes": (),
        "mixup": 0.0,
    }
    recipe = replace(read_recipe(RECIPE), size=SIDE, epochs=1, **plain_entries)
    data = Splits(cases(IMAGES), cases(JUDGED), cases(JUDGED), Dataset("bench", "", (), ()))
    ours, plain = medians(
        lambda: by_recipe(recipe, data),
        lambda: by_hand(recipe, data),
        repeats=REPEATS,
        clock=process_time,
    )
    return plain / ours


def by_recipe(recipe: Recipe, data: Splits) -> None:
    """One epoch as ``radlens train`` runs it."""
    network = build(recipe.architecture, LABELS, torch.Generator().manual_seed(1))
    with TemporaryDirectory() as folder:
        fit(network, data, recipe, mode=Mode.MULTI_CLASS, folder=Path(folder))


def by_hand(recipe: Recipe, data: Splits) -> None:
    """One epoch as an introduction to torch writes it."""
    torch.use_deterministic_algorithms(mode=False)
    network = build(recipe.architecture, LABELS, torch.Generator().manual_seed(1)).train()
    network.to(memory_format=torch.channels_last)
    rule = torch.optim.AdamW(network.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay)
    images = torch.from_numpy(data.train.grey.astype(np.float32))[:, None]
    x, y = as_input(images, recipe.input), torch.from_numpy(data.train.truth.argmax(1))
    for start in range(0, len(x), recipe.batch):
        rule.zero_grad()
        logits, _ = network(x[start : start + recipe.batch])
        F.cross_entropy(logits, y[start : start + recipe.batch]).backward()
        rule.step()


def cases(n: int) -> Cases:
    """So many images of noise, every class in turn."""
    rng = np.random.default_rng(n)
    return Cases(
        files=tuple(map(str, range(n))),
        digests=("",) * n,
        patients=("",) * n,
        about=({},) * n,
        grey=rng.random((n, SIDE, SIDE)).astype(np.float16),
        truth=np.eye(LABELS, dtype=np.float32)[np.arange(n) % LABELS],
        unit=np.arange(n),
    )
