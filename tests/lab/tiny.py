"""Tiny networks, datasets and recipes; as a script, a training run that waits to be killed."""

import csv
import json
import os
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from radlens.domain.dataset import Dataset
from radlens.domain.task import Mode, Task
from radlens.lab.checkpoint import State
from radlens.lab.dataset import Cases
from radlens.lab.networks import Net, build
from radlens.lab.place import together
from radlens.lab.readout import read_out
from radlens.lab.recipe import Recipe, read_recipe
from radlens.lab.splits import Splits
from radlens.lab.training import fit
from tests.builders import picture

RECIPE = {
    "task": "brain-tumor",
    "architecture": "small-cnn",
    "start": "scratch",
    "frozen": [],
    "size": 32,
    "epochs": 3,
    "batch": 8,
    "lr": 0.01,
    "head_lr": 0.01,
    "weight_decay": 0.01,
    "warmup": 0.1,
    "ema": 0.5,
    "patience": 99,
    "seed": 3,
    "class_weighting": 0.5,
    "label_smoothing": 0.0,
    "contrast": [1.0, 99.0],
    "train_splits": ["train"],
    "statement": "Made for tests from {train} images.",
}
AUGMENT = {
    "rotate_deg": 5.0,
    "scale": 0.1,
    "shift": 0.05,
    "brightness": 0.05,
    "contrast": 0.1,
    "gamma": 0.1,
    "noise": 0.02,
    "flip_lr": 0.5,
    "flip_ud": 0.0,
}


class TinyNet(nn.Module):
    """One strided convolution, batch norm and a head: (n, 3, r, c) -> maps of r/4 x c/4."""

    watched = ("stem",)
    deeper = ()

    def __init__(self, labels: int, seed: int = 0) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 4, 4, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.fc = nn.Linear(8, labels)
        generator = torch.Generator().manual_seed(seed)
        for parameter in (self.stem.weight, self.fc.weight, self.fc.bias):
            nn.init.normal_(parameter, std=0.3, generator=generator)

    @property
    def head(self) -> nn.Linear:
        return self.fc

    def maps(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.norm(self.stem(x)))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return read_out(self.maps(x), self.fc)


def settled(architecture: str, labels: int) -> Net:
    """A network of the real size whose norms have seen some images, as a trained one's have."""
    network = build(architecture, labels, torch.Generator().manual_seed(1))
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # a plain average over what follows
    network.train()
    with torch.no_grad():
        network(torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(2)))
        network.head.weight.mul_(10)
    return network.eval()


def write_recipe(
    path: Path, *, augment: dict[str, object] | None = None, **changes: object
) -> Path:
    """The tiny recipe as TOML, with changes; a change to None leaves the entry out."""

    def lines(entries: dict[str, object]) -> list[str]:
        return [f"{k} = {_toml(v)}" for k, v in entries.items() if v is not None]

    entries = RECIPE | changes | {"augment": AUGMENT | (augment or {})}
    tables = {name: value for name, value in entries.items() if isinstance(value, dict)}
    text = lines({name: value for name, value in entries.items() if name not in tables})
    for name, table in tables.items():
        text += [f"[{name}]", *lines(table)]
    part = path.with_suffix(f".{os.getpid()}")  # several processes of one run write the same
    part.write_text("\n".join(text) + "\n")
    return part.replace(path)


def _toml(value: object) -> str:
    return repr(value).replace("'", '"')


def tiny_recipe(folder: Path, **changes: object) -> Recipe:
    return read_recipe(write_recipe(folder / "recipe.toml", **changes))


def cases(n: int, labels: int, *, mode: Mode, seed: int, side: int = 32) -> Cases:
    """Images whose brightness says the label, one patient each."""
    rng = np.random.default_rng(seed)
    index = np.arange(n) % labels
    grey = rng.random((n, side, side)) * 0.3 + index[:, None, None] / labels * 0.7
    truth = np.eye(labels)[index]
    if mode is Mode.MULTI_LABEL:
        truth[rng.random(truth.shape) < 0.1] = np.nan
    return Cases(
        files=tuple(f"{seed}-{i}.png" for i in range(n)),
        digests=tuple(f"{seed:032x}{i:032x}" for i in range(n)),
        patients=tuple(f"{seed}-{i}" for i in range(n)),
        about=({"source": "made", "licence": "none"},) * n,
        grey=grey.astype(np.float16),
        truth=truth.astype(np.float32),
        unit=np.arange(n),
    )


def tiny_data(mode: Mode = Mode.MULTI_CLASS, labels: int = 4) -> Splits:
    parts = [cases(n, labels, mode=mode, seed=seed) for seed, n in enumerate((40, 16, 16))]
    return Splits(*parts, dataset=Dataset("tiny", "tiny", ("a", "b"), ()))


def write_dataset(folder: Path, task: Task, splits: dict[str, int]) -> list[dict[str, str]]:
    """Images and manifest for a task, labels in turn; gives the rows for a test to spoil."""
    (folder / "images").mkdir(parents=True)
    rows = []
    for split, n in splits.items():
        for i in range(n):
            name = f"images/{split}-{i}.png"
            label = i % len(task.labels)
            pixels = picture(seed=1000 * len(rows) + label, rows=48, cols=48)
            Image.fromarray(pixels).save(folder / name)
            row = {"file": name, "source": "made by a test", "licence": "none", "split": split}
            if task.mode is Mode.MULTI_CLASS:
                row |= {"patient_id": "", "label": task.names[label]}
            else:
                row |= {"patient_id": f"{split}{i}"}
                row |= {name: str(int(j == label)) for j, name in enumerate(task.names)}
            rows.append(row)
    write_manifest(folder, rows)
    return rows


def write_manifest(folder: Path, rows: list[dict[str, str]]) -> None:
    with (folder / "manifest.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=rows[0])
        writer.writeheader()
        writer.writerows(rows)


def run_until(folder: Path, step: int, **changes: object) -> None:
    """Train in ``folder``, say when ``step`` is done, and then wait for ever."""

    def tell(at: State, of: int) -> None:
        if at.step == step:
            print("now", flush=True)
            sys.stdin.read()

    torch.set_num_threads(1)
    recipe = tiny_recipe(folder, **changes)
    fit(TinyNet(4), tiny_data(), recipe, mode=Mode.MULTI_CLASS, folder=folder, tell=tell)


if __name__ == "__main__":
    with together():
        run_until(Path(sys.argv[1]), int(sys.argv[2]), **json.loads(sys.argv[3]))
