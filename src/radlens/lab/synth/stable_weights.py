"""Stable Diffusion's weights: a folder in diffusers' layout or a hub id, safetensors alone."""

import json
import re
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError
from safetensors import SafetensorError

from radlens.domain.errors import BadBundle, NoWeights
from radlens.lab.synth.stable_parts import (
    AutoencoderKL,
    CLIPTextModel,
    CLIPTokenizer,
    DDPMScheduler,
    UNet2DConditionModel,
)

NETWORKS = {"unet": UNet2DConditionModel, "vae": AutoencoderKL, "text_encoder": CLIPTextModel}
FAMILY = "StableDiffusionPipeline"
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
# What is fetched from the hub: no pickles, and no second copy in half precision.
WANTED = [
    "model_index.json",
    "scheduler/*.json",
    "tokenizer/*.json",
    "tokenizer/*.txt",
    *(f"{name}/{kind}" for name in NETWORKS for kind in ("*.json", "*.safetensors")),
]
UNWANTED = ["*.fp16.*", "*.non_ema.*"]
AGAIN = "Copy the folder again, whole, as diffusers' save_pretrained leaves it."
UNREADABLE = (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError)


@dataclass(frozen=True, eq=False)
class Parts:
    """The networks of one Stable Diffusion; ``digest`` is the SHA-256 of all that they hold."""

    tokenizer: CLIPTokenizer
    text_encoder: CLIPTextModel
    vae: AutoencoderKL
    unet: UNet2DConditionModel
    scheduler: DDPMScheduler
    digest: str

    @property
    def side(self) -> int:
        """The side of its images in pixels."""
        halvings = len(self.vae.config.block_out_channels) - 1
        return int(self.unet.config.sample_size * 2**halvings)

    @property
    def most_tokens(self) -> int:
        """How much of a prompt it reads."""
        return int(self.text_encoder.config.max_position_embeddings)


def open_weights(weights: str) -> Parts:
    """The parts of a folder, or of a repository of the hub, in 32 bits on the processor.

    A folder is read without any request to a network. Raises NoWeights where there is nothing,
    BadBundle where it is not Stable Diffusion in safetensors.
    """
    folder = _folder(weights)
    _check(folder, weights)
    try:
        tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True)
        scheduler = DDPMScheduler.from_pretrained(folder / "scheduler", local_files_only=True)
        networks = {name: _network(folder, name) for name in NETWORKS}
        # Without a vocabulary transformers would go on with one of three tokens.
        if len(tokenizer) != networks["text_encoder"].config.vocab_size:
            raise BadBundle("Tokenizer and text encoder do not belong together.", hint=AGAIN)
    except UNREADABLE as error:
        raise BadBundle(
            f"The Stable Diffusion weights at {weights!r} cannot be read: {_first_line(error)}",
            hint=AGAIN,
        ) from error
    return Parts(tokenizer=tokenizer, scheduler=scheduler, digest=_digest(folder), **networks)


def _folder(weights: str) -> Path:
    """The folder that holds the weights; a hub id is fetched, unless it is at hand."""
    if Path(weights).is_dir():
        return Path(weights)
    if Path(weights).exists() or not HUB_ID.fullmatch(weights):
        raise _nothing(weights, "a folder in diffusers' layout is needed.")
    try:
        fetched = snapshot_download(weights, allow_patterns=WANTED, ignore_patterns=UNWANTED)
    except (OSError, ValueError, HfHubHTTPError) as error:
        raise _nothing(weights, "neither a folder nor at hand from the hub.") from error
    return Path(fetched)


def _nothing(weights: str, why: str) -> NoWeights:
    return NoWeights(f"There are no Stable Diffusion weights at {weights!r}: {why}")


def _check(folder: Path, weights: str) -> None:
    """Raise NoWeights or BadBundle before anything is opened."""
    index = folder / "model_index.json"
    if not index.is_file():
        raise _nothing(weights, "the folder has no model_index.json.")
    try:
        family = json.loads(index.read_bytes())["_class_name"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadBundle(f"The model_index.json at {weights!r} cannot be read.") from error
    if family != FAMILY:
        raise BadBundle(
            f"The weights at {weights!r} are of {family}.",
            hint=f"RadLens adapts those of {FAMILY}: Stable Diffusion 1 and 2.",
        )
    for name in ("scheduler", "tokenizer", *NETWORKS):
        if not (folder / name).is_dir():
            raise _nothing(weights, f"the folder has no {name}/.")
    for name in NETWORKS:
        if any((folder / name).glob("*.safetensors")):
            continue
        if any(path.suffix in (".bin", ".ckpt", ".pt") for path in (folder / name).iterdir()):
            raise BadBundle(
                f"The weights in {weights}/{name} are pickles, which RadLens does not open.",
                hint="Take a copy in safetensors: save_pretrained(FOLDER) writes one.",
            )
        raise _nothing(weights, f"{name}/ has no safetensors.")


def _network(folder: Path, name: str) -> Any:
    """A network with every one of its weights; BadBundle where some are missing."""
    halves = [path for path in (folder / name).glob("*.safetensors") if ".fp16" in path.name]
    whole = [path for path in (folder / name).glob("*.safetensors") if ".fp16" not in path.name]
    network, said = NETWORKS[name].from_pretrained(
        folder / name,
        variant="fp16" if halves and not whole else None,
        torch_dtype=torch.float32,
        use_safetensors=True,
        local_files_only=True,
        output_loading_info=True,
    )
    # Either package would draw the missing ones by chance and go on.
    if lost := sorted({*said["missing_keys"], *map(str, said["mismatched_keys"])}):
        raise BadBundle(f"The weights of {name} lack {lost[0]} ({len(lost)} in all).")
    return network.requires_grad_(requires_grad=False).eval()


def _digest(folder: Path) -> str:
    """SHA-256 over names and digests of the files that decide what is drawn."""
    known = sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".safetensors", ".json", ".txt"):
            with path.open("rb") as opened:
                digest = file_digest(opened, "sha256").hexdigest()
            known.update(f"{path.relative_to(folder).as_posix()} {digest}\n".encode())
    return known.hexdigest()


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
