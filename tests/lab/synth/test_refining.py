"""A refiner: changes nothing at first, gives what one look leaves open, goes on alike."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from radlens.domain.errors import BadRecipe
from radlens.lab.progress import silent
from radlens.lab.synth.generator import Drawing
from radlens.lab.synth.masks import on_grid
from radlens.lab.synth.network import Denoiser, fresh
from radlens.lab.synth.pictures import Pictures
from radlens.lab.synth.recipe import Refinement, Shape, SynthRecipe
from radlens.lab.synth.refiner import Refiner
from radlens.lab.synth.refining import refine
from radlens.lab.synth.sample import LAST, enlarged, looked, sampled
from radlens.lab.synth.schedule import noisy
from tests.lab.synth.tiny_generator import NETWORK, left_and_right, tiny_synth_recipe

REFINED = NETWORK | {"widths": tuple(NETWORK["widths"])}
PLAIN = REFINED | {"refiner": 0, "refined": 0}


def plan_of(folder: Path, **changes: object) -> tuple[SynthRecipe, Refinement]:
    plan = tiny_synth_recipe(folder)
    return plan, replace(plan.refine, **changes)


def run(folder: Path, data: Pictures, seen=silent, **changes: object) -> Denoiser:
    plan, how = plan_of(folder, **changes)
    network = fresh(plan.network, 2, seed=3)
    real = np.stack([on_grid(image, plan.network.drawn) for image in data.grey])
    refine(network, data, real, how, seed=3, folder=folder, run="r", seen=seen)
    return network


def looks(network: Denoiser, images: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """What the network takes images (n, 1, side, side) for, when some noise is in them."""
    levels = torch.full((len(images),), LAST)
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(5))
    return enlarged(looked(network, noisy(images, noise, levels), levels, classes), network.drawn)


def apart(images: torch.Tensor, real: torch.Tensor) -> float:
    """How far the mean image is from the real one, by columns."""
    return float((images.mean((0, 1, 2)) - real.mean((0, 1, 2))).abs().mean())


def test_before_it_has_learned_it_changes_nothing_and_a_later_disease_is_no_class():
    torch.manual_seed(1)
    refiner, images = Refiner(3, conditions=2), torch.rand(2, 1, 16, 16) * 2 - 1
    noise, none = torch.randn(2, 1, 16, 16), torch.full((2,), 2)
    with torch.inference_mode():
        assert torch.equal(refiner(images, noise, none), images)
        refiner.last.weight.fill_(0.1)
        assert torch.equal(refiner(images, noise, none), refiner(images, noise, none + 1))
        assert not torch.equal(refiner(images, noise, none), refiner(images, noise, none - 1))


def test_what_one_look_leaves_open_gets_the_texture_of_real_images(tmp_path: Path):
    fine = np.full((8, 24, 24), 0.5) + np.where(np.arange(24) % 2, 0.15, -0.15)
    coarse = np.full((8, 16, 16), 0.5, np.float16)
    plan, how = plan_of(
        tmp_path, steps=100, lap=50, batch=8, critic=8, lr=5e-3, critic_lr=2e-3, ema=0.9
    )
    network = fresh(plan.network, 2, seed=3)
    data = Pictures(coarse, torch.tensor([[1.0, 0.0, 0.0]]).expand(8, 3))
    refine(network, data, fine.astype(np.float16), how, seed=3, folder=tmp_path, run="r")
    none = torch.zeros(8, dtype=torch.long)
    with torch.inference_mode():
        before = looks(network, 2 * torch.from_numpy(coarse).float()[:, None] - 1, none)
        after = network.refiner(before, torch.randn_like(before), none)
    real = torch.from_numpy(2 * fine - 1)[:, None]
    assert after.shape == (8, 1, 24, 24)
    assert apart(after, real) < apart(before, real) / 2


def test_no_more_of_a_refined_image_is_drawn_than_its_refiner_needs():
    plain, refined = (fresh(Shape(**entries), 2, seed=3) for entries in (PLAIN, REFINED))
    refined.load_state_dict(plain.state_dict(), strict=False)
    levels: list[list[int]] = [[], []]
    for network, asked in zip((plain, refined), levels, strict=True):
        network.unet.register_forward_pre_hook(lambda _, at, to=asked: to.append(int(at[1][0])))
        images = sampled(network, 0, Drawing("left", 1, 1.0, 10), [0])
        assert images.shape == (1, network.drawn, network.drawn)
    whole, short = levels
    assert short == whole[: len(short)]
    assert short[-1] <= LAST < short[-2]
    assert whole[-1] < short[-1]


@pytest.mark.parametrize("steps", [1, 2])
def test_a_drawing_of_so_few_steps_that_none_is_a_low_one_is_refined_too(steps: int):
    network = fresh(Shape(**REFINED), 2, seed=3)
    images = sampled(network, 0, Drawing("left", 1, 1.0, steps), [0])
    assert images.shape == (1, network.drawn, network.drawn)


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
        ({"network": {"refined": 0}}, "network.refined"),
        ({"network": {"refined": 8}}, "network.refined"),
        ({"refine": {"patch": 12}}, "refine.patch"),
        ({"refine": {"patch": 32}}, "refine.patch"),
        ({"refine": {"likeness": -1.0}}, "refine.likeness"),
    ],
)
def test_an_impossible_recipe_is_refused(tmp_path: Path, changes: dict, entry: str):
    with pytest.raises(BadRecipe, match=entry):
        tiny_synth_recipe(tmp_path, **changes)


def test_a_loss_that_is_no_number_ends_it(tmp_path: Path):
    with pytest.raises(BadRecipe, match="not a number"):
        run(tmp_path, left_and_right(12), steps=40, lap=40, lr=1e30)
