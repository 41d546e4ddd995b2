"""A Stable Diffusion of few thousand numbers, from configuration, in diffusers' layout.

As a script, one of several processes that train it together.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, PNDMScheduler, UNet2DConditionModel
from numpy.typing import NDArray
from safetensors.torch import load_file
from transformers import CLIPTextConfig, CLIPTextModel

from radlens.lab.place import together
from radlens.lab.synth.stable_adapter import ADAPTER
from radlens.lab.synth.stable_train import Plan, adapt
from radlens.lab.synth.stable_weights import Parts, open_weights

WORDS = ("a", "brain", "mr", "image", "glioma", "bright", "spot", "in", "the", "middle")
SIDE = 16  # pixels of its images; latents are half of it


def tiny_weights(folder: Path, *, prediction: str = "epsilon", side: int = SIDE) -> Path:
    """A folder as ``StableDiffusionPipeline.save_pretrained`` leaves it, seeded."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        _unet(side // 2).save_pretrained(folder / "unet")
        _coder(side).save_pretrained(folder / "vae")
        _reader().save_pretrained(folder / "text_encoder")
    _scheduler(prediction).save_pretrained(folder / "scheduler")
    tiny_vocabulary(folder / "tokenizer")
    index = {"_class_name": "StableDiffusionPipeline"}
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


def _unet(side: int) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=side,
        in_channels=4,
        out_channels=4,
        block_out_channels=(8, 8),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=16,
        attention_head_dim=2,
        norm_num_groups=4,
    )


def _coder(side: int) -> AutoencoderKL:
    return AutoencoderKL(
        sample_size=side,
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        layers_per_block=1,
        norm_num_groups=4,
    )


def _reader() -> CLIPTextModel:
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(_tokens()),
            hidden_size=16,
            intermediate_size=16,
            num_attention_heads=2,
            num_hidden_layers=2,
            max_position_embeddings=77,
            bos_token_id=_tokens()["<|startoftext|>"],
            eos_token_id=_tokens()["<|endoftext|>"],
            pad_token_id=_tokens()["<|endoftext|>"],
        )
    )


def _scheduler(prediction: str) -> PNDMScheduler:
    """The settings of the published weights."""
    return PNDMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        skip_prk_steps=True,
        steps_offset=1,
        prediction_type=prediction,
    )


def _merges() -> list[str]:
    """Pairs that build each word of ``WORDS`` letter by letter from its beginning."""
    pairs: dict[str, None] = {}
    for word in WORDS:
        parts = [*word[:-1], f"{word[-1]}</w>"]
        while len(parts) > 1:
            pairs[f"{parts[0]} {parts[1]}"] = None
            parts = [parts[0] + parts[1], *parts[2:]]
    return [*pairs]


def _tokens() -> dict[str, int]:
    letters = "abcdefghijklmnopqrstuvwxyz0123456789,.:"
    single = [*letters, *(f"{letter}</w>" for letter in letters)]
    merged = [pair.replace(" ", "") for pair in _merges()]
    names = [*single, *merged, "<|startoftext|>", "<|endoftext|>"]
    return {name: index for index, name in enumerate(dict.fromkeys(names))}


def tiny_vocabulary(folder: Path) -> None:
    """``vocab.json`` and ``merges.txt``, as the published weights have them."""
    folder.mkdir()
    (folder / "vocab.json").write_text(json.dumps(_tokens()))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *_merges()]))
    (folder / "tokenizer_config.json").write_text(
        json.dumps(
            {
                "tokenizer_class": "CLIPTokenizer",
                "model_max_length": 77,
                "bos_token": "<|startoftext|>",
                "eos_token": "<|endoftext|>",
                "pad_token": "<|endoftext|>",
                "unk_token": "<|endoftext|>",
            }
        )
    )


PROMPT = "brain MR image, Glioma, a bright spot in the middle"


def tiny_images() -> NDArray[np.float32]:
    """Four images of one spot, at slightly different places; (4, 24, 24) in [0, 1]."""
    images = np.zeros((4, 24, 24), np.float32)
    for index, image in enumerate(images):
        image[8:16, 6 + index : 14 + index] = 1
    return images


def tiny_plan(**changes: object) -> Plan:
    """Two steps, without a GPU's options."""
    plan = Plan(rank=2, steps=2, batch=2, accumulate=2, lr=1e-2, warmup=0, checkpointing=False)
    return replace(plan, **changes)


def learn(parts: Parts, folder: Path, plan: Plan, **more: object) -> dict[str, torch.Tensor]:
    """The layers that come out, as they are in the file."""
    folder.mkdir(exist_ok=True)
    images = tiny_images()
    adapt(parts, images, [PROMPT] * len(images), plan, folder=folder, **more)
    return load_file(folder / ADAPTER)


if __name__ == "__main__":
    torch.set_num_threads(1)
    with together():
        learn(open_weights(sys.argv[1]), Path(sys.argv[2]), tiny_plan(steps=1, batch=1))
