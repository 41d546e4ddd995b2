"""What a run leaves on disk after each epoch, so that kill -9 costs one epoch at most."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from errno import EDQUOT, EFBIG, ENOSPC
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from safetensors.torch import save as dump
from torch import Tensor, nn

from radlens.domain.errors import BadRecipe, StorageFull, StorageUnavailable

CHECKPOINT, BEST, CURVE = "checkpoint.safetensors", "best.safetensors", "curve.jsonl"
WEIGHTS = "weights.safetensors"  # what came out, written when training is over
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


def write(path: Path, content: bytes) -> None:
    """Write a file; whoever looks sees the old one or the new, never a half.

    Raises StorageFull, StorageUnavailable.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        if error.errno in (ENOSPC, EDQUOT, EFBIG):
            raise StorageFull(
                f"The disk is full; {path.name} was not written.",
                hint="Free some space and start the run again: it goes on from its last epoch.",
            ) from error
        raise StorageUnavailable(f"{path.name} cannot be written: {error.strerror}.") from error


def save_weights(path: Path, weights: Mapping[str, Tensor], note: str = "") -> None:
    """Write tensors as safetensors, whole or not at all; raises StorageFull."""
    plain = {name: value.detach().cpu().contiguous() for name, value in weights.items()}
    write(path, dump(plain, {"state": note}))


def save(
    folder: Path, state: State, network: nn.Module, average: nn.Module, rule: torch.optim.Optimizer
) -> None:
    """One file with all that the next epoch needs, then the curve as JSON lines."""
    tensors = {f"network.{name}": value for name, value in network.state_dict().items()}
    tensors |= {f"average.{name}": value for name, value in average.state_dict().items()}
    keep(folder, state, tensors, rule)


def keep(
    folder: Path, state: State, tensors: dict[str, Tensor], rule: torch.optim.Optimizer
) -> None:
    """A run's state, its tensors and its optimiser's moments in one file, and its curve."""
    for index, moments in rule.state_dict()["state"].items():
        tensors |= {f"rule.{index}.{name}": moments[name] for name in MOMENTS}
    save_weights(folder / CHECKPOINT, tensors, json.dumps(asdict(state)))
    write(folder / CURVE, curve_lines(state.curve))


def curve_lines(curve: list[dict[str, float]]) -> bytes:
    """A learning curve as JSON lines, one an epoch."""
    return "".join(json.dumps(row) + "\n" for row in curve).encode()


def resume(
    folder: Path, run: str, network: nn.Module, average: nn.Module, rule: torch.optim.Optimizer
) -> State:
    """Put a checkpoint back, or start anew where there is none; BadRecipe for another run's."""
    state, tensors = kept(folder, run)
    if tensors:
        network.load_state_dict(part(tensors, "network."))
        average.load_state_dict(part(tensors, "average."))
        restore(rule, part(tensors, "rule."))
    return state


def kept(folder: Path, run: str) -> tuple[State, dict[str, Tensor]]:
    """State and tensors of a checkpoint, or of a run that begins; BadRecipe for another run's."""
    path = folder / CHECKPOINT
    if not path.exists():
        return State(run), {}
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
    return state, tensors


def part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin so, without that beginning."""
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def restore(rule: torch.optim.Optimizer, moments: Mapping[str, Tensor]) -> None:
    """Put an optimiser's moments back."""
    parameters = [parameter for group in rule.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in moments.items():
        index, moment = name.split(".")
        if moment != "step":
            # In the parameter's own memory layout: vector and scalar code may round differently.
            value = torch.empty_like(parameters[int(index)]).copy_(value)
        state.setdefault(int(index), {})[moment] = value
    rule.load_state_dict({"state": state, "param_groups": rule.state_dict()["param_groups"]})
