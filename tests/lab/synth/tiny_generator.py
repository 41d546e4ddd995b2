"""Tiny generators; as a script, a training that waits to be killed."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from radlens.lab.checkpoint import State
from radlens.lab.synth.network import fresh
from radlens.lab.synth.pictures import Pictures
from radlens.lab.synth.recipe import SynthRecipe, read_synth_recipe
from radlens.lab.synth.training import fit, ready
from tests.lab.tiny import AUGMENT

RECIPE = {
    "task": "brain-tumor",
    "contrast": [1.0, 99.0],
    "train_splits": ["train"],
    "synthetic": False,
    "statement": "Made for tests from {train} images.",
}
NETWORK = {
    "side": 16,
    "fold": 2,
    "widths": [8, 16],
    "layers": 1,
    "groups": 4,
    "head": 8,
    "fine": 4,
    "refiner": 3,
    "refined": 24,
}
REFINE = {
    "steps": 4,
    "lap": 2,
    "batch": 2,
    "patch": 16,
    "critic": 2,
    "lr": 0.001,
    "critic_lr": 0.001,
    "likeness": 5.0,
    "ema": 0.5,
    "drop": 0.4,
}
COURSE = {
    "steps": 6,
    "lap": 2,
    "batch": 4,
    "lr": 0.01,
    "weight_decay": 0.01,
    "warmup": 0.1,
    "ema": 0.5,
    "drop": 0.4,
    "precision": "fp32",
    "seed": 3,
}
# How a disease is learned on top of it: enough for two checkpoints.
ADAPT = COURSE | {"steps": 4, "seed": 1}


def write_synth_recipe(path: Path, **tables: dict[str, object]) -> Path:
    """The tiny recipe as TOML; each table is the entries of it that change, ``plain`` the top."""
    parts = {"network": NETWORK, "course": COURSE, "refine": REFINE, "adapt": ADAPT}
    parts["augment"] = AUGMENT
    lines = [f"{k} = {json.dumps(v)}" for k, v in (RECIPE | tables.get("plain", {})).items()]
    if tables.get("network", {}).get("refiner") == 0:
        del parts["refine"]
    for name, entries in parts.items():
        changed = entries | tables.get(name, {})
        lines += [f"[{name}]", *(f"{k} = {json.dumps(v)}" for k, v in changed.items())]
    path.write_text("\n".join(lines) + "\n")
    return path


def tiny_synth_recipe(folder: Path, **tables: dict[str, object]) -> SynthRecipe:
    folder.mkdir(exist_ok=True)
    return read_synth_recipe(write_synth_recipe(folder / "recipe.toml", **tables))


def left_and_right(n: int, side: int = 16) -> Pictures:
    """Images of two classes, bright on the left and bright on the right."""
    rng = np.random.default_rng(n)
    grey: NDArray[np.float64] = rng.random((n, side, side)) * 0.2
    grey[::2, :, : side // 2] += 0.8
    grey[1::2, :, side // 2 :] += 0.8
    classes = torch.zeros(n, 3)
    classes[np.arange(n), np.arange(n) % 2] = 1
    return Pictures(grey.astype(np.float16), classes)


def run_until(folder: Path, step: int) -> None:
    """Teach in ``folder``, say when ``step`` is done, and then wait for ever."""

    def tell(at: State, of: int) -> None:
        if at.step == step:
            print("now", flush=True)
            sys.stdin.read()

    ready()
    plan = tiny_synth_recipe(folder)
    network = fresh(plan.network, 2, plan.seed)
    fit(
        network,
        left_and_right(8),
        plan.course,
        how=plan.augment,
        folder=folder,
        run="r",
        tell=tell,
    )


def with_course(plan: SynthRecipe, **changes: object) -> SynthRecipe:
    return replace(plan, course=replace(plan.course, **changes))


if __name__ == "__main__":
    run_until(Path(sys.argv[1]), int(sys.argv[2]))
