"""A refiner: changes nothing at first, puts back the texture that drawing loses, goes on alike."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from radlens.domain.errors import BadRecipe
from radlens.lab.checkpoint import save_weights
from radlens.lab.progress import silent
from radlens.lab.synth.network import Denoiser, fresh
from radlens.lab.synth.pictures import Pictures
from radlens.lab.synth.recipe import Refinement, SynthRecipe
from radlens.lab.synth.refiner import Refiner
from radlens.lab.synth.refining import AGAIN, refine
from tests.lab.synth.tiny_generator import left_and_right, tiny_synth_recipe


def plan_of(folder: Path, **changes: object) -> tuple[SynthRecipe, Refinement]:
    plan = tiny_synth_recipe(folder)
    return plan, replace(plan.refine, **changes)


def run(folder: Path, data: Pictures, seen=silent, **changes: object) -> Denoiser:
    plan, how = plan_of(folder, **changes)
    network = fresh(plan.network, 2, seed=3)
    refine(network, data, how, seed=3, folder=folder, run="r", seen=seen)
    return network


def high(images: torch.Tensor) -> float:
    """How much neighbours differ."""
    return float((images[..., 1:] - images[..., :-1]).abs().mean())


def test_before_it_has_learned_it_changes_nothing_and_a_later_disease_is_no_class():
    torch.manual_seed(1)
    refiner, images = Refiner(3, conditions=2), torch.rand(2, 1, 16, 16) * 2 - 1
    noise, none = torch.randn(2, 1, 16, 16), torch.full((2,), 2)
    with torch.inference_mode():
        assert torch.equal(refiner(images, noise, none), images)
        refiner.last.weight.fill_(0.1)
        assert torch.equal(refiner(images, noise, none), refiner(images, noise, none + 1))
        assert not torch.equal(refiner(images, noise, none), refiner(images, noise, none - 1))


def test_texture_that_real_images_have_and_drawn_ones_lost_is_put_back(tmp_path: Path):
    grey = np.full((8, 16, 16), 0.5) + np.where(np.arange(16) % 2, 0.15, -0.15)
    classes = torch.tensor([[1.0, 0.0, 0.0]]).expand(8, 3)
    smooth = torch.full((8, 1, 16, 16), 128, dtype=torch.uint8)
    save_weights(tmp_path / AGAIN, {"images": smooth})
    texture = {"steps": 150, "lap": 50, "batch": 8, "critic": 8, "lr": 2e-3, "critic_lr": 2e-3}
    network = run(tmp_path, Pictures(grey.astype(np.float16), classes), **texture, ema=0.9)
    flat = torch.zeros(4, 1, 16, 16)
    with torch.inference_mode():
        refined = network.refiner(flat, torch.randn_like(flat), torch.zeros(4, dtype=torch.long))
    assert high(flat) == 0
    assert high(refined) > 0.2  # of the real ones 0.6
    assert abs(float(refined.mean())) < 0.1


def test_one_that_was_stopped_ends_with_the_same_weights(tmp_path: Path):
    def stop(done: int, of: int) -> None:
        if (done, of) == (3, 4):
            raise KeyboardInterrupt

    data, (whole, halted) = left_and_right(12), (tmp_path / "whole", tmp_path / "halted")
    expected = run(whole, data).refiner.state_dict()
    with pytest.raises(KeyboardInterrupt):
        run(halted, data, stop)
    found = run(halted, data).refiner.state_dict()
    for name, value in expected.items():
        assert torch.equal(found[name], value), name


@pytest.mark.parametrize(
    ("changes", "entry"),
    [
        ({"network": {"refiner": 4}}, "network.refiner"),
        ({"refine": {"patch": 12}}, "refine.patch"),
        ({"refine": {"again": 9}}, "refine.again"),
        ({"refine": {"guidance": 0.5}}, "refine.guidance"),
    ],
)
def test_an_impossible_recipe_is_refused(tmp_path: Path, changes: dict, entry: str):
    with pytest.raises(BadRecipe, match=entry):
        tiny_synth_recipe(tmp_path, **changes)


def test_a_loss_that_is_no_number_ends_it(tmp_path: Path):
    with pytest.raises(BadRecipe, match="not a number"):
        run(tmp_path, left_and_right(12), steps=40, lap=40, lr=1e30)
