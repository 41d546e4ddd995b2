"""Stable Diffusion as any generator: learns a disease, is kept in few bytes, draws it again."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from radlens.domain.errors import BadOrder, BadRecipe, DigestMismatch, NoWeights, TooLarge
from radlens.lab.checkpoint import CURVE
from radlens.lab.synth.about import About
from radlens.lab.synth.generator import Drawing, Generator
from radlens.lab.synth.stable import open_base, open_kept
from radlens.lab.synth.stable_adapter import ADAPTER
from tests.lab.synth.tiny_lesson import LESSON, TASK
from tests.lab.synth.tiny_stable import SIDE, tiny_weights

ROOT = Path(__file__).parents[3]
HOW = Drawing("bright_spot", seed=7, guidance=3.0, steps=2)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("stable")
    tiny_weights(folder / "weights")
    plan = "[plan]\nrank = 2\nsteps = 2\nwarmup = 0\nlr = 0.01\n"
    (folder / "recipe.toml").write_text(f'weights = "weights"\nside = 24\n{plan}')
    return str(folder / "recipe.toml")


@pytest.fixture(scope="module")
def adapted(recipe: str, tmp_path_factory: pytest.TempPathFactory) -> Generator:
    return open_base(None, recipe, TASK).learn(LESSON, tmp_path_factory.mktemp("learned"))


def again(generator: Generator, parts: Mapping[str, bytes]) -> Generator:
    return open_kept(About.read(generator.about.content), parts.__getitem__)


def test_what_it_learned_is_drawn_again_from_the_record_and_a_few_bytes(adapted: Generator):
    images = adapted.draw(HOW, [0, 1])
    assert (images.shape, images.dtype) == ((2, 24, 24), np.uint8)
    assert not np.array_equal(images[0], images[1])
    kept = again(adapted, adapted.parts())
    assert kept.about == adapted.about
    assert np.array_equal(kept.draw(HOW, [1]), images[1:])
    assert not np.array_equal(kept.draw(replace(HOW, seed=8), [1]), images[1:])


def test_of_two_processes_one_puts_on_record_what_both_learned(recipe: str, tmp_path: Path):
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    script = ["-m", "tests.lab.synth.tiny_lesson", recipe, str(tmp_path)]
    done = subprocess.run([*launch, *script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == ["on", "record"]
    [*_, last] = (tmp_path / CURVE).read_text().splitlines()
    assert json.loads(last)["images"] == 2 * 2 * 4


def test_the_record_says_what_was_learned_from_what_and_how_it_was_told(
    adapted: Generator, recipe: str
):
    about, base = adapted.about, open_base(None, recipe, TASK).about
    assert (about.labels, about.disease, about.side) == (("bright_spot",), "bright_spot", 24)
    assert about.shape["prompt"] == "brain MR image, bright spot, in the middle"
    assert about.shape["not_read"] == ""
    assert about.base == base.digest
    assert (about.made["images"], about.made["seed"], about.made["record"]) == (5, 3, "r1")
    assert about.made["figures"]["images_seen"] == 2 * 4


def test_the_end_of_a_prompt_that_is_not_read_is_on_record(recipe: str, tmp_path: Path):
    words = replace(LESSON, prompt="spot " * 90)
    about = open_base(None, recipe, TASK).learn(words, tmp_path).about
    assert set(about.shape["not_read"].split()) == {"spot"}
    with pytest.raises(TooLarge):
        open_base(None, recipe, TASK).learn(replace(LESSON, prompt="x" * 501), tmp_path)


def test_only_what_was_learned_is_drawn_and_nothing_is_learned_on_top(
    adapted: Generator, recipe: str, tmp_path: Path
):
    with pytest.raises(BadOrder, match="before it has learned"):
        open_base(None, recipe, TASK).draw(HOW, [0])
    with pytest.raises(BadOrder, match="learned bright_spot already"):
        adapted.learn(replace(LESSON, disease="other"), tmp_path)


def test_weights_or_layers_that_have_changed_since_draw_nothing(adapted: Generator, tmp_path: Path):
    with pytest.raises(DigestMismatch):
        again(adapted, {ADAPTER: adapted.parts()[ADAPTER] + b" "})
    weights = tiny_weights(tmp_path / "weights")
    moved = replace(adapted.about, shape={**adapted.about.shape, "weights": str(weights)})
    assert len(open_kept(moved, adapted.parts().__getitem__).draw(HOW, [0])) == 1
    path = weights / "unet" / "diffusion_pytorch_model.safetensors"
    save_file({name: value * 1.01 for name, value in load_file(path).items()}, path)
    with pytest.raises(DigestMismatch, match="not those that were learned with"):
        open_kept(moved, adapted.parts().__getitem__).draw(HOW, [0])


def test_a_folder_is_enough_and_images_are_kept_in_the_size_of_the_classifiers(recipe: str):
    weights = Path(recipe).parent / "weights"
    assert open_base(None, str(weights), TASK).about.side == 192


def test_a_recipe_or_place_that_is_none_is_refused(tmp_path: Path):
    with pytest.raises(NoWeights, match="none were named"):
        open_base(None, "", TASK)
    recipe = tmp_path / "recipe.toml"
    for text in ("side = 24\n", 'weights = "w"\nside = 5\n', 'weights = "w"\n[plan]\nepochs = 2\n'):
        recipe.write_text(text)
        with pytest.raises(BadRecipe):
            open_base(None, str(recipe), TASK)
    recipe.write_text('weights = "w"\nside = 0\n')
    with pytest.raises(NoWeights, match="'w'"):
        open_base(None, str(recipe), TASK)
    tiny_weights(tmp_path / "w")
    assert open_base(None, str(recipe), TASK).about.side == SIDE
