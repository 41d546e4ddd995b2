"""Stable Diffusion as a generator: weights that stay where they are, and LoRA layers on record."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray
from torch import distributed

from radlens.domain.errors import BadOrder, DigestMismatch
from radlens.domain.task import Task
from radlens.imaging.prepare import grey
from radlens.lab.place import together
from radlens.lab.synth.about import About, figures
from radlens.lab.synth.generator import Drawing, Generator, Lesson, Part
from radlens.lab.synth.stable_adapter import ADAPTER
from radlens.lab.synth.stable_draw import Wish, draw, pipeline, seed_of
from radlens.lab.synth.stable_parts import StableDiffusionPipeline
from radlens.lab.synth.stable_prompt import left_out, prompt_of
from radlens.lab.synth.stable_recipe import StableRecipe, recipe_at
from radlens.lab.synth.stable_train import adapt
from radlens.lab.synth.stable_weights import Parts, open_weights
from radlens.lab.training import Tell
from radlens.ports import Site

KIND = "stable-diffusion"


@dataclass(frozen=True, eq=False)
class Base:
    """Weights from elsewhere, opened. Of themselves they draw no class of a task."""

    about: About
    recipe: StableRecipe

    def parts(self) -> Mapping[str, bytes]:
        return {}

    def learn(self, lesson: Lesson, folder: Path, tell: Tell | None = None) -> "Adapted":
        prompt = prompt_of(lesson.task, lesson.disease.replace("_", " "), lesson.prompt)
        parts = _parts(self.about)
        cut = left_out(parts.tokenizer, prompt, parts.most_tokens)
        images = np.stack([grey(scan, parts.side, parts.side) for scan in lesson.scans])
        plan = replace(self.recipe.plan, seed=lesson.seed)
        with together():
            _said((images, prompt, plan, folder))
            at = adapt(parts, images, [prompt] * len(images), plan, folder=folder, tell=tell)
        layers = (folder / ADAPTER).read_bytes()
        made: dict[str, Any] = {
            "record": lesson.record,
            "seed": lesson.seed,
            "recipe": self.recipe.text,
            "plan": asdict(plan),
            "images": len(images),
            "figures": figures(at.curve),
        }
        about = replace(
            self.about,
            name=lesson.disease,
            labels=(lesson.disease,),
            files={ADAPTER: sha256(layers).hexdigest()},
            shape={**self.about.shape, "prompt": prompt, "not_read": cut},
            made=made,
            base=self.about.digest,
            disease=lesson.disease,
            prompt=lesson.prompt,
            statement=f"{lesson.disease}, learned from {len(images)} images by Stable Diffusion. "
            "What it draws shows no patient. Not for clinical use.",
        )
        return Adapted(about, layers)

    def draw(self, how: Drawing, which: Sequence[int]) -> NDArray[np.uint8]:  # noqa: ARG002
        raise BadOrder(
            f"Stable Diffusion does not draw {how.label!r} before it has learned it.",
            hint="`radlens synth adapt` teaches it a disease.",
        )

    def mask(self, how: Drawing) -> None:  # noqa: ARG002
        return None


@dataclass(frozen=True, eq=False)
class Adapted:
    """Weights from elsewhere with the LoRA layers of one disease, which is all that it draws."""

    about: About
    layers: bytes

    def parts(self) -> Mapping[str, bytes]:
        return {ADAPTER: self.layers}

    def learn(self, lesson: Lesson, folder: Path, tell: Tell | None = None) -> Generator:  # noqa: ARG002
        raise BadOrder(
            f"The generator {self.about.name} has learned {self.about.disease} already.",
            hint="Each disease is learned on top of a generator without an adapter.",
        )

    def draw(self, how: Drawing, which: Sequence[int]) -> NDArray[np.uint8]:
        side, prompt = self.about.side, self.about.shape["prompt"]
        wishes = [
            Wish(prompt, seed_of(how.seed, index), how.steps, how.guidance) for index in which
        ]
        return np.stack([draw(self._drawing, wish, rows=side, cols=side) for wish in wishes])

    def mask(self, how: Drawing) -> None:  # noqa: ARG002
        return None

    @cached_property
    def _drawing(self) -> StableDiffusionPipeline:
        with TemporaryDirectory() as folder:
            (Path(folder) / ADAPTER).write_bytes(self.layers)
            return pipeline(_parts(self.about), Path(folder))


def open_base(site: Site, where: str, task: Task) -> Base:  # noqa: ARG001
    """Stable Diffusion by a folder, a hub id, or a recipe (``.toml``) that names one of them.

    Of several processes that were launched together only the first comes back from here; the
    others wait for what it is to learn, learn it with it, and end. Raises NoWeights, BadBundle,
    BadRecipe.
    """
    recipe = recipe_at(where)
    parts = open_weights(recipe.weights)
    if int(os.environ.get("RANK", "0")) > 0:
        _follow(parts)
    about = About(
        kind=KIND,
        name=KIND,
        task=task.name,
        labels=(),
        side=recipe.side or parts.side,
        files={},
        shape={"weights": recipe.weights, "digest": parts.digest},
        made={},
        statement="Stable Diffusion by the weights that are named; RadLens ships none.",
    )
    return Base(about, recipe)


def open_kept(about: About, part: Part) -> Adapted:
    """A generator from its layers; raises DigestMismatch. The weights are opened when it draws."""
    return Adapted(about, about.proven(ADAPTER, part(ADAPTER)))


def _follow(parts: Parts) -> NoReturn:
    with together():
        images, prompt, plan, folder = _said(None)
        adapt(parts, images, [prompt] * len(images), plan, folder=folder)
    raise SystemExit(0)


def _said(what: Any) -> Any:
    """What the first process says, in every one of them."""
    box = [what]
    if distributed.is_initialized():
        distributed.broadcast_object_list(box, src=0)
    return box[0]


def _parts(about: About) -> Parts:
    """The weights that a generator was made from; raises DigestMismatch where they have changed."""
    parts = open_weights(about.shape["weights"])
    if parts.digest != about.shape["digest"]:
        raise DigestMismatch(
            f"The weights at {about.shape['weights']!r} are not those that were learned with.",
            hint="Put those back, or adapt again.",
        )
    return parts
