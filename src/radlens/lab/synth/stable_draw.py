"""Weights, LoRA and a prompt -> grey images, each one again from its record."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from radlens.domain.errors import BadRecipe, NotAssessable
from radlens.imaging.prepare import LUMA
from radlens.imaging.quiet import quiet
from radlens.lab.place import here
from radlens.lab.synth.stable_adapter import NAME, load_layers
from radlens.lab.synth.stable_parts import DPMSolverMultistepScheduler, StableDiffusionPipeline
from radlens.lab.synth.stable_weights import Parts


@dataclass(frozen=True)
class Wish:
    """All that decides an image besides the weights.

    ``seed`` of its noise; ``steps`` of the solver (DPM-Solver++, Lu et al. 2022); ``guidance`` by
    the prompt (Ho and Salimans 2022; 1: none); ``scale`` of the LoRA layers
    (0: the weights as they were).
    """

    prompt: str
    seed: int
    steps: int = 25
    guidance: float = 7.5
    scale: float = 1.0


def pipeline(parts: Parts, adapter: Path | None = None) -> StableDiffusionPipeline:
    """What draws: the parts, and the LoRA layers in the folder ``adapter``, on a GPU if any.

    ``parts`` are used up. Raises BadBundle for layers that are damaged or of other weights.
    """
    if adapter is not None:
        load_layers(adapter, parts)
    drawing = StableDiffusionPipeline(
        vae=parts.vae,
        text_encoder=parts.text_encoder,
        tokenizer=parts.tokenizer,
        unet=parts.unet,
        scheduler=DPMSolverMultistepScheduler.from_config(parts.scheduler.config),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    drawing.set_progress_bar_config(disable=True)
    return drawing.to(here().device)


def draw(
    drawing: StableDiffusionPipeline, wish: Wish, *, rows: int, cols: int
) -> NDArray[np.uint8]:
    """One image (rows, cols), 8 bits of grey; alone, because others beside it change last bits.

    Raises BadRecipe for an impossible wish, NotAssessable where what came out is no image.
    """
    _check(wish)
    if NAME in drawing.get_list_adapters().get("unet", []):
        drawing.set_adapters([NAME], [wish.scale])
    with quiet():  # the solver asks torch for an array in numpy's former way
        [values] = drawing(
            wish.prompt,
            num_inference_steps=wish.steps,
            guidance_scale=wish.guidance,
            generator=torch.Generator().manual_seed(wish.seed),  # the same noise for any device
            output_type="np",
        ).images
    if not np.isfinite(values).all():
        raise NotAssessable(
            f"The image of seed {wish.seed} is not made of numbers.",
            hint="Train again with a lower rate, or draw with a smaller scale.",
        )
    grey = Image.fromarray(np.clip(values.astype(np.float32) @ LUMA, 0, 1))
    sized = np.asarray(grey.resize((cols, rows), Image.Resampling.BILINEAR, reducing_gap=2.0))
    return np.asarray((sized * 255).round(), np.uint8)


def seed_of(seed: int, number: int) -> int:
    """The seed of the image of this number in a run, which no other number shares by a step."""
    return int.from_bytes(sha256(f"{seed} {number}".encode()).digest()[:6])


def _check(wish: Wish) -> None:
    wrong = {
        "steps": not 1 <= wish.steps <= 1000,
        "guidance": not 0 <= wish.guidance <= 100,
        "scale": not 0 <= wish.scale <= 10,
        "seed": not 0 <= wish.seed < 2**63,
    }
    for name, is_wrong in wrong.items():
        if is_wrong:
            raise BadRecipe(f"The entry {name} cannot be {getattr(wish, name)!r}.")
