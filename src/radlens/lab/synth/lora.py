"""A network of which only little moves: low-rank matrices beside its layers, and one class more."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import torch
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import Tensor

from radlens.domain.errors import BadRecipe
from radlens.lab.augment import Augmentation
from radlens.lab.entries import read_toml, typed
from radlens.lab.synth.network import Denoiser, WiderEmbedding
from radlens.lab.synth.recipe import Course, check_course

RECIPE = Path(__file__).parents[1] / "recipes" / "synth" / "adapt.toml"
CLASS = "class"


@dataclass(frozen=True)
class Lora:
    """How a disease is learned: ``lab/recipes/synth/adapt.toml``.

    Every layer whose name ends as one of ``targets`` gets matrices of rank ``rank``, which count
    ``alpha / rank`` (Hu et al. 2022, ICLR).
    """

    rank: int
    alpha: float
    targets: tuple[str, ...]
    course: Course
    augment: Augmentation
    text: str

    @property
    def digest(self) -> str:
        """SHA-256 of the recipe's text."""
        return sha256(self.text.encode()).hexdigest()


def read_lora(path: Path = RECIPE) -> Lora:
    """Read how a disease is learned; raises BadRecipe."""
    text, entries = read_toml(path)
    lora = Lora(**typed(Lora, entries, but=("text",)), text=text)
    check_course(lora.course)
    if lora.rank < 1 or not lora.targets:
        raise BadRecipe("The recipe's entry rank or targets is impossible.")
    return lora


def widened(network: Denoiser, lora: Lora, seed: int) -> Denoiser:
    """The network, changed in place so that one disease more can be learned and nothing else.

    Until it has learned, it answers as before: the second of each pair of matrices is zero.
    """
    config = LoraConfig(r=lora.rank, lora_alpha=lora.alpha, target_modules=[*lora.targets])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        inject_adapter_in_model(config, network.unet)
    network.unet.class_embedding = WiderEmbedding(network.unet.class_embedding)
    for name, parameter in network.named_parameters():
        parameter.requires_grad_("lora_" in name or name.endswith("class_embedding.more"))
    return network


def moved(network: Denoiser) -> dict[str, Tensor]:
    """What was learned: the matrices, and the class's row."""
    return {
        name: parameter.detach().clone(memory_format=torch.contiguous_format)
        for name, parameter in network.named_parameters()
        if "lora_" in name or name.endswith("class_embedding.more")
    }


def switch(network: Denoiser, *, on: bool) -> None:
    """With what was learned, or as if nothing had been: exactly the network of before."""
    for module in network.modules():
        if isinstance(module, BaseTunerLayer):
            module.enable_adapters(on)
