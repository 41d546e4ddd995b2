"""The compact generator: a small diffusion model of its own task, in plain files."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load
from safetensors.torch import save as dump

from radlens.domain.errors import Corrupted, NoSuchItem
from radlens.domain.task import Task
from radlens.lab.synth.about import About
from radlens.lab.synth.generator import Drawing, Generator, Lesson, Mask, Part
from radlens.lab.synth.masks import MASKS, Masks
from radlens.lab.synth.network import Denoiser
from radlens.lab.synth.recipe import Shape, SynthRecipe
from radlens.lab.synth.sample import sampled
from radlens.lab.synth.schedule import SCHEDULE
from radlens.lab.training import Tell
from radlens.ports import Site

KIND, WEIGHTS = "compact", "weights.safetensors"


@dataclass(frozen=True, eq=False)
class Compact:
    """A trained generator, opened; ``weights`` are its bytes, ``masks`` those it draws by."""

    about: About
    network: Denoiser
    weights: bytes
    masks: Masks | None = None

    def parts(self) -> Mapping[str, bytes]:
        return {WEIGHTS: self.weights} | ({MASKS: self.masks.content} if self.masks else {})

    def learn(self, lesson: Lesson, folder: Path, tell: Tell | None = None) -> Generator:
        from radlens.lab.synth.adapter import learned

        return learned(self, lesson, folder, tell)

    def draw(self, how: Drawing, which: Sequence[int]) -> NDArray[np.uint8]:
        number = self.about.labels.index(how.label)
        return sampled(self.network, number, how, which, self.mask(how))

    def mask(self, how: Drawing) -> Mask | None:
        return self.masks.of(how) if self.masks else None


def open_base(site: Site, where: str, task: Task) -> Generator:
    """The generator that ships for a task, or the one that ``where`` names; raises NoSuchItem."""
    from radlens.lab.synth.find import open_generator, shipped

    if where:
        return open_generator(site, where)
    for about in shipped():
        if about.kind == KIND and about.task == task.name and not about.simulated:
            return open_generator(site, about.digest)
    raise NoSuchItem(
        f"No compact generator ships for {task.name}.",
        hint="`radlens synth train` makes one; name it with --generator.",
    )


def open_kept(about: About, part: Part) -> Generator:
    """A generator from its parts; raises DigestMismatch, Corrupted."""
    weights = about.proven(WEIGHTS, part(WEIGHTS))
    masks = Masks.read(about, about.proven(MASKS, part(MASKS))) if MASKS in about.files else None
    if about.disease:
        from radlens.lab.synth.adapter import ADAPTER, opened_adapter

        return opened_adapter(about, weights, masks, about.proven(ADAPTER, part(ADAPTER)))
    return Compact(about, network_of(about, weights), weights, masks)


def half(network: Denoiser) -> bytes:
    """The weights in 16 bits, as safetensors."""
    weights = {name: value.half().contiguous() for name, value in network.state_dict().items()}
    return dump(weights)


def shape_of(plan: SynthRecipe) -> dict[str, Any]:
    """What is needed to open the weights again and to learn a disease on top, as plain JSON."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(plan.network)))
    adapt = {"adapt": asdict(plan.adapt)} if plan.adapt else {}
    return adapt | {
        "network": plain,
        "schedule": SCHEDULE,
        "contrast": list(plan.contrast),
        "flip_lr": plan.augment.flip_lr,
    }


def network_of(about: About, weights: bytes) -> Denoiser:
    """The network of a generator's weights, ready to draw; raises Corrupted."""
    entries = about.shape["network"]
    shape = Shape(**entries | {"widths": tuple(entries["widths"])})
    if bool(shape.refined) != bool(shape.refiner):
        raise Corrupted(
            f"The generator {about.name} was refined in a way that is no more.",
            hint="Train a generator again, or begin with one that draws (`synth train --from`).",
        )
    with torch.device("meta"):
        network = Denoiser(shape, len(about.labels) - bool(about.disease))
    try:
        values = {name: value.float() for name, value in load(weights).items()}
        network.load_state_dict(values, assign=True)
    except (SafetensorError, RuntimeError) as error:
        raise Corrupted(f"The weights of the generator {about.name} do not fit.") from error
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network.eval()
