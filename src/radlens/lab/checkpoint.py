"""What a run leaves on disk after each epoch, so that kill -9 costs one epoch at most."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from radlens.domain.errors import BadRecipe
from radlens.lab.networks import Net

CHECKPOINT, BEST, CURVE = "checkpoint.safetensors", "best.safetensors", "curve.jsonl"
MOMENTS = ("exp_avg", "exp_avg_sq", "step")


@dataclass
class State:
    """Where a run stands. ``run`` ties it to one recipe and one dataset by their digests."""

    run: str
    step: int = 0
    best: float = float("-inf")
    best_epoch: int = -1
    curve: list[dict[str, float]] = field(default_factory=list)

    @property
    def epoch(self) -> int:
        """The next epoch, counted from 0."""
        return len(self.curve)


def save_weights(path: Path, weights: Mapping[str, Tensor], note: str = "") -> None:
    """Write tensors as safetensors; whoever looks sees the old file or the new, never a half."""
    part = path.with_suffix(".part")
    plain = {name: value.detach().clone().contiguous() for name, value in weights.items()}
    save_file(plain, part, {"state": note})
    part.replace(path)


def save(
    folder: Path, state: State, network: Net, average: Net, rule: torch.optim.Optimizer
) -> None:
    """One file with all that the next epoch needs, then the curve as JSON lines."""
    tensors = {f"network.{name}": value for name, value in network.state_dict().items()}
    tensors |= {f"average.{name}": value for name, value in average.state_dict().items()}
    for index, moments in rule.state_dict()["state"].items():
        tensors |= {f"rule.{index}.{name}": moments[name] for name in MOMENTS}
    save_weights(folder / CHECKPOINT, tensors, json.dumps(asdict(state)))
    lines = "".join(json.dumps(row) + "\n" for row in state.curve)
    part = folder / f"{CURVE}.part"
    part.write_text(lines)
    part.replace(folder / CURVE)


def resume(
    folder: Path, run: str, network: Net, average: Net, rule: torch.optim.Optimizer
) -> State:
    """Put a checkpoint back, or start anew where there is none; BadRecipe for another run's."""
    path = folder / CHECKPOINT
    if not path.exists():
        return State(run)
    try:
        with safe_open(path, "pt") as opened:
            state = State(**json.loads(opened.metadata()["state"]))
        tensors = load_file(path)
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise BadRecipe(f"The checkpoint in {folder.name} cannot be read.") from error
    if state.run != run:
        raise BadRecipe(
            f"The folder {folder.name} holds a run of another recipe or other data.",
            hint="Choose a new --out folder, or delete the old one.",
        )
    network.load_state_dict(_part(tensors, "network."))
    average.load_state_dict(_part(tensors, "average."))
    _restore(rule, _part(tensors, "rule."))
    return state


def _part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _restore(rule: torch.optim.Optimizer, moments: Mapping[str, Tensor]) -> None:
    parameters = [parameter for group in rule.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in moments.items():
        index, moment = name.split(".")
        if moment != "step":
            # In the parameter's own memory layout: vector and scalar code may round differently.
            value = torch.empty_like(parameters[int(index)]).copy_(value)
        state.setdefault(int(index), {})[moment] = value
    rule.load_state_dict({"state": state, "param_groups": rule.state_dict()["param_groups"]})
