"""Images -> LoRA: Stable Diffusion learns to draw a disease from a few images."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from math import isfinite
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import mse_loss

from radlens.domain.errors import BadRecipe
from radlens.lab.checkpoint import State
from radlens.lab.synth.stable_adapter import (
    Networks,
    adapted,
    keep_layers,
    resume,
    save_layers,
)
from radlens.lab.synth.stable_lesson import Lesson, Painter, drawn, lesson
from radlens.lab.synth.stable_parts import Accelerator, AcceleratorState, cast_training_params
from radlens.lab.synth.stable_weights import Parts
from radlens.lab.training import Tell

KINDS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
STEEPEST = 1.0  # longer gradients are cut to this, as in diffusers' own recipes


@dataclass(frozen=True)
class Plan:
    """What decides a run besides weights, images and prompts.

    ``rank`` of the LoRA layers; ``text`` adapts the text encoder as well; ``batch`` images a
    process at once, ``accumulate`` such batches a step; ``warmup`` steps until the rate is ``lr``;
    ``precision`` is ``fp32``, ``bf16``, ``fp16`` (GPUs alone) or ``auto``, the best of the machine;
    ``checkpointing`` computes twice to remember less; a checkpoint every ``keep_every`` steps.
    """

    rank: int = 16
    text: bool = False
    steps: int = 1000
    batch: int = 1
    accumulate: int = 4
    lr: float = 1e-4
    warmup: int = 50
    weight_decay: float = 1e-2
    seed: int = 0
    precision: str = "auto"
    checkpointing: bool = True
    keep_every: int = 50


def adapt(
    parts: Parts,
    images: NDArray[np.float32],
    prompts: Sequence[str],
    plan: Plan,
    *,
    folder: Path,
    tell: Tell | None = None,
) -> State:
    """Train LoRA layers on images (n, rows, cols) in [0, 1], a prompt for each; give the curve.

    ``parts`` are used up. ``folder`` gets the layers as ``ADAPTER``, and before that checkpoints,
    from which a run that was killed goes on and ends with the same weights (in fp16 the scale of
    the loss starts anew). The processes of ``accelerate launch`` or ``torchrun`` share their
    gradients, and the first one writes. Raises BadRecipe for an impossible plan or a loss that is
    not a number, StorageFull.
    """
    _check(plan)
    run = _run(parts, images, prompts, plan)
    with _accelerator(plan) as accelerator:
        known = lesson(parts, images, prompts, accelerator.device)
        networks = _awake(parts, plan, accelerator.device)
        painter = Painter(parts)
        moving = [p for p in painter.parameters() if p.requires_grad]
        rule = torch.optim.AdamW(moving, lr=plan.lr, weight_decay=plan.weight_decay)
        at = resume(folder, run, networks, rule)
        model, shared_rule = accelerator.prepare(painter, rule)
        began, losses = monotonic(), list[float]()
        while at.step < plan.steps:
            rate = plan.lr * min((at.step + 1) / max(plan.warmup, 1), 1.0)
            for group in rule.param_groups:
                group["lr"] = rate
            losses.append(_step(model, shared_rule, accelerator, known, plan=plan, step=at.step))
            if not isfinite(losses[-1]):
                _stop(at.step)
            at.step += 1
            if at.step % plan.keep_every == 0 or at.step == plan.steps:
                row = {"epoch": at.epoch, "step": at.step, "loss": float(np.mean(losses))}
                seen = len(losses) * plan.batch * plan.accumulate * accelerator.num_processes
                seconds = round(monotonic() - began, 2)
                at.curve.append(row | {"images": seen, "seconds": seconds})
                began, losses = monotonic(), []
                if accelerator.is_main_process:
                    keep_layers(folder, at, networks, rule)
            if tell:
                tell(at, plan.steps)
        if accelerator.is_main_process:
            save_layers(folder, networks)
        accelerator.wait_for_everyone()  # nobody reads before the first process has written
    return at


def _step(
    model: Any, rule: Any, accelerator: Accelerator, known: Lesson, *, plan: Plan, step: int
) -> float:
    """Move the weights once; the mean loss of all processes."""
    total = torch.zeros((), device=accelerator.device)
    for turn in range(plan.accumulate):
        # The seed and the number of the batch are all that a resumed run must know of chance.
        number = step * plan.accumulate + turn
        by = torch.Generator().manual_seed(plan.seed * 10_000_019 + number)
        with accelerator.accumulate(model):
            error = _error(model, accelerator, known, plan=plan, by=by)
            accelerator.backward(error)
            if accelerator.sync_gradients:
                accelerator.clip_grad_norm_(model.parameters(), STEEPEST)
            rule.step()
            rule.zero_grad()
        total += error.detach() / plan.accumulate
    # Every process hears the mean, so that none waits for another that has stopped.
    return float(accelerator.reduce(total, "mean"))


def _error(
    model: Any, accelerator: Accelerator, known: Lesson, *, plan: Plan, by: torch.Generator
) -> Tensor:
    """The mean squared error of this process's part of a batch; the whole is drawn alike by all."""
    asked = drawn(known, plan.batch * accelerator.num_processes, by)
    first = plan.batch * accelerator.process_index
    mine, device = slice(first, first + plan.batch), accelerator.device
    noisy = asked.noisy[mine].to(device, KINDS[_precision(plan)])
    prediction = model(noisy, asked.times[mine].to(device), asked.ids[mine].to(device))
    return mse_loss(prediction.float(), asked.answer[mine].to(device))


@contextmanager
def _accelerator(plan: Plan) -> Iterator[Accelerator]:
    """This process, or all that were launched together."""
    precision = _precision(plan)
    try:
        yield Accelerator(
            cpu=not torch.cuda.is_available(),  # without it, each of several would work alone
            mixed_precision="no" if precision == "fp32" else precision,
            gradient_accumulation_steps=plan.accumulate,
        )
    finally:
        # It is remembered for the life of a process, and refuses the next run another precision.
        AcceleratorState._reset_state()


def _precision(plan: Plan) -> str:
    if plan.precision != "auto":
        return plan.precision
    if not torch.cuda.is_available():
        return "fp32"
    return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"


def _awake(parts: Parts, plan: Plan, device: torch.device) -> Networks:
    """The networks on their device, those that learn with fresh layers in 32 bits."""
    networks = adapted(parts, rank=plan.rank, text=plan.text, seed=plan.seed)
    for network in (parts.unet, parts.text_encoder):
        network.to(device, KINDS[_precision(plan)]).train()
        cast_training_params(network)
    if plan.checkpointing:  # the text encoder has hardly anything to remember
        parts.unet.enable_gradient_checkpointing()
    return networks


def _run(parts: Parts, images: NDArray[np.float32], prompts: Sequence[str], plan: Plan) -> str:
    """One digest of all that decides the weights that come out."""
    known = sha256(f"{parts.digest} {plan} {[*prompts]} {images.shape}".encode())
    known.update(np.ascontiguousarray(images, np.float32).tobytes())
    return known.hexdigest()


def _check(plan: Plan) -> None:
    """Raise BadRecipe for an entry that is impossible."""
    wrong = {
        "rank": not 1 <= plan.rank <= 256,
        "steps": not 1 <= plan.steps <= 1_000_000,
        "batch": plan.batch < 1,
        "accumulate": plan.accumulate < 1,
        "lr": not 0 < plan.lr < 1,
        "warmup": plan.warmup < 0,
        "weight_decay": not 0 <= plan.weight_decay < 1,
        "precision": plan.precision not in (*KINDS, "auto"),
        "keep_every": plan.keep_every < 1,
    }
    for name, is_wrong in wrong.items():
        if is_wrong:
            raise BadRecipe(f"The entry {name} cannot be {getattr(plan, name)!r}.")
    if plan.precision == "fp16" and not torch.cuda.is_available():
        raise BadRecipe("fp16 needs a GPU, and there is none.", hint='Use precision = "auto".')


def _stop(step: int) -> None:
    raise BadRecipe(
        f"The loss is not a number in step {step + 1}.",
        hint="Lower lr; what was learned before is in the folder's last checkpoint.",
    )
