"""A compact generator that learned one disease more: its base, and a small file beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load
from safetensors.torch import save as dump

from radlens.domain.errors import BadOrder, BadRecipe, Corrupted
from radlens.domain.scan import Scan
from radlens.imaging.prepare import grey, stretch
from radlens.lab.augment import Augmentation
from radlens.lab.entries import typed
from radlens.lab.synth.about import About, figures
from radlens.lab.synth.compact import WEIGHTS, Compact, network_of
from radlens.lab.synth.generator import Drawing, Generator, Lesson, Mask
from radlens.lab.synth.lora import Lora, moved, read_lora, switch, widened
from radlens.lab.synth.masks import MASKS, Masks
from radlens.lab.synth.network import Denoiser
from radlens.lab.synth.pictures import Pictures
from radlens.lab.synth.recipe import Course
from radlens.lab.synth.sample import sampled
from radlens.lab.synth.training import fit
from radlens.lab.training import Tell

ADAPTER = "adapter.safetensors"


@dataclass(frozen=True, eq=False)
class Adapted:
    """A generator with an adapter, opened. The classes of its base are drawn as by the base.

    Where it is told where lesions are, of the disease it is not: its few images have no masks.
    """

    about: About
    network: Denoiser
    weights: bytes
    masks: Masks | None
    adapter: bytes

    def parts(self) -> Mapping[str, bytes]:
        masks = {MASKS: self.masks.content} if self.masks else {}
        return {WEIGHTS: self.weights, ADAPTER: self.adapter, **masks}

    def learn(self, lesson: Lesson, folder: Path, tell: Tell | None = None) -> Generator:  # noqa: ARG002
        raise BadOrder(
            f"The generator {self.about.name} has learned {self.about.disease} already.",
            hint="Each disease is learned on top of a generator without an adapter.",
        )

    def draw(self, how: Drawing, which: Sequence[int]) -> NDArray[np.uint8]:
        number = self.about.labels.index(how.label)
        mine = how.label == self.about.disease
        switch(self.network, on=mine)
        # The number after the base's last class means no class; the disease has the next one.
        return sampled(self.network, number + mine, how, which, self.mask(how))

    def mask(self, how: Drawing) -> Mask | None:
        return self.masks.of(how) if self.masks else None


def learned(base: Compact, lesson: Lesson, folder: Path, tell: Tell | None) -> Adapted:
    """Teach a disease to a copy of the base; raises BadRecipe, StorageFull."""
    lora = _lora(base.about, lesson.seed)
    network = widened(network_of(base.about, base.weights), lora, lesson.seed)
    data = _pictures(lesson.scans, base.about)
    run = f"{lora.digest} {base.about.digest} {lesson.seed} {_digest(data)}"
    curve = fit(
        network,
        data,
        lora.course,
        how=_mirrored(lora, base.about),
        folder=folder,
        run=run,
        tell=tell,
    )
    adapter = dump(moved(network))
    about = _about(base, lesson, lora, adapter, curve)
    return Adapted(about, network.eval(), base.weights, base.masks, adapter)


def opened_adapter(about: About, weights: bytes, masks: Masks | None, adapter: bytes) -> Adapted:
    """An adapted generator from its parts; raises Corrupted."""
    shape = about.shape["adapter"]
    lora = replace(
        read_lora(), rank=shape["rank"], alpha=shape["alpha"], targets=tuple(shape["targets"])
    )
    network = widened(network_of(about, weights), lora, seed=0)
    try:
        values = load(adapter)
        if values.keys() != moved(network).keys():
            raise Corrupted(f"The adapter of the generator {about.name} does not fit.")
        network.load_state_dict(values, strict=False)
    except (SafetensorError, RuntimeError) as error:
        raise Corrupted(f"The adapter of the generator {about.name} does not fit.") from error
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Adapted(about, network.eval(), weights, masks, adapter)


def _lora(about: About, seed: int) -> Lora:
    """How a disease is learned: the recipe's course, or the one that the base brings along."""
    lora = read_lora()
    try:
        own = about.shape.get("adapt")
        course = lora.course if own is None else Course(**typed(Course, own))
    except BadRecipe as error:
        raise Corrupted(f"The course of the generator {about.name} does not fit.") from error
    return replace(lora, course=replace(course, seed=seed))


def _pictures(scans: Sequence[Scan], about: About) -> Pictures:
    """The scans on the base's grid, all of the class that comes after "no class"."""
    side, contrast = about.shape["network"]["side"], tuple(about.shape["contrast"])
    images = [grey(scan, side, side) for scan in scans]
    if contrast:
        images = [stretch(image, contrast) for image in images]
    classes = torch.zeros(len(scans), len(about.labels) + 2)
    classes[:, -1] = 1
    return Pictures(np.stack(images).astype(np.float16), classes)


def _digest(data: Pictures) -> str:
    return sha256(data.grey.tobytes()).hexdigest()


def _mirrored(lora: Lora, about: About) -> Augmentation:
    """The recipe's small changes; mirror images only where the base learned from such."""
    return replace(lora.augment, flip_lr=about.shape["flip_lr"])


def _about(
    base: Compact, lesson: Lesson, lora: Lora, adapter: bytes, curve: list[dict[str, float]]
) -> About:
    shape = {"rank": lora.rank, "alpha": lora.alpha, "targets": list(lora.targets)}
    made: dict[str, Any] = {
        "record": lesson.record,
        "seed": lesson.seed,
        "recipe": lora.text,
        "course": asdict(lora.course),
        "images": len(lesson.scans),
        "parameters": base.about.made["parameters"],
        "figures": figures(curve),
    }
    return replace(
        base.about,
        name=lesson.disease,
        labels=(*base.about.labels, lesson.disease),
        files={**base.about.files, ADAPTER: sha256(adapter).hexdigest()},
        shape={**base.about.shape, "adapter": shape},
        made=made,
        base=base.about.digest,
        disease=lesson.disease,
        prompt=lesson.prompt,
        statement=f"{lesson.disease}, learned from {len(lesson.scans)} images. Demonstration; what "
        "it draws shows no patient. Not for clinical use.",
        simulated=False,
    )
