"""Teaching a denoiser: repeatable, resumable, stopped by nonsense, and learning what is shown."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from radlens.domain.errors import BadRecipe
from radlens.lab.record import weights_digest
from radlens.lab.synth.generator import Drawing
from radlens.lab.synth.network import fresh
from radlens.lab.synth.recipe import read_synth_recipe
from radlens.lab.synth.sample import sampled
from radlens.lab.synth.training import fit
from tests.lab.synth.tiny_generator import (
    left_and_right,
    tiny_synth_recipe,
    with_course,
    write_synth_recipe,
)

ROOT = Path(__file__).parents[3]


def taught(folder: Path, **changes: object) -> str:
    plan = with_course(tiny_synth_recipe(folder), **changes)
    network = fresh(plan.network, 2, plan.seed)
    fit(
        network,
        left_and_right(8),
        plan.course,
        how=plan.augment,
        folder=folder,
        run="r",
        held_out=left_and_right(6),
    )
    return weights_digest(network.state_dict())


OPTIONS = {
    "plain": {},
    "mixed precision": {"precision": "bf16"},
    "never without class": {"drop": 0.0},
    "another seed": {"seed": 4},
    "no average": {"ema": 0.0},
    "more of the low levels": {"lean": 2.0},
}


@pytest.mark.parametrize("changes", OPTIONS.values(), ids=OPTIONS)
def test_the_same_seed_gives_the_same_weights(tmp_path: Path, changes: dict):
    assert taught(tmp_path / "a", **changes) == taught(tmp_path / "b", **changes)


def test_every_option_changes_what_is_learned(tmp_path: Path):
    ends = {name: taught(tmp_path / name, **changes) for name, changes in OPTIONS.items()}
    assert len({*ends.values()}) == len(OPTIONS)


@pytest.mark.parametrize("step", [3, 4])
def test_a_training_that_was_killed_ends_with_the_same_weights(tmp_path: Path, step: int):
    """In the middle of a lap, and between the last step of one and its checkpoint."""
    plan = tiny_synth_recipe(tmp_path / "whole")
    whole = fresh(plan.network, 2, plan.seed)
    pictures = left_and_right(8)
    fit(whole, pictures, plan.course, how=plan.augment, folder=tmp_path / "whole", run="r")
    killed = tmp_path / "killed"
    killed.mkdir()
    words = [sys.executable, "-m", "tests.lab.synth.tiny_generator", str(killed), str(step)]
    with subprocess.Popen(
        words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "now\n"
        child.kill()
    again = fresh(plan.network, 2, plan.seed)
    heard: list[int] = []
    fit(
        again,
        pictures,
        plan.course,
        how=plan.augment,
        folder=killed,
        run="r",
        tell=lambda at, _: heard.append(at.step),
    )
    assert weights_digest(again.state_dict()) == weights_digest(whole.state_dict())
    assert heard[0] == 3  # the first lap of two steps is not repeated


def test_a_folder_of_another_run_is_not_gone_on_with(tmp_path: Path):
    plan = tiny_synth_recipe(tmp_path)
    taught(tmp_path)
    with pytest.raises(BadRecipe, match="another recipe or other data"):
        fit(
            fresh(plan.network, 2, 1),
            left_and_right(8),
            plan.course,
            folder=tmp_path,
            run="another",
        )


def test_a_loss_that_is_not_a_number_stops_it_and_leaves_no_checkpoint(tmp_path: Path):
    plan = tiny_synth_recipe(tmp_path)
    pictures = left_and_right(8)
    pictures.grey[0, 0, 0] = np.nan
    with pytest.raises(BadRecipe, match="not a number in step"):
        fit(fresh(plan.network, 2, 1), pictures, plan.course, folder=tmp_path, run="r")
    assert not (tmp_path / "checkpoint.safetensors").exists()


def test_it_draws_the_class_that_it_is_asked_for(tmp_path: Path):
    plan = tiny_synth_recipe(tmp_path)
    course = replace(plan.course, steps=150, lap=150, batch=16, ema=0.9)
    network = fresh(plan.network, 2, 1)
    fit(network, left_and_right(40), course, folder=tmp_path, run="r")
    how = Drawing("", seed=1, guidance=1.0, steps=10)
    left, right = (sampled(network, number, how, range(4)).astype(int) for number in (0, 1))
    assert left[:, :, :8].mean() > left[:, :, 8:].mean() + 100
    assert right[:, :, :8].mean() < right[:, :, 8:].mean() - 100


def test_an_image_comes_out_the_same_whatever_is_drawn_beside_it(tmp_path: Path):
    network = fresh(tiny_synth_recipe(tmp_path).network, 2, 1).eval()
    how = Drawing("", seed=1, guidance=2.0, steps=3)
    many = sampled(network, 0, how, range(11))
    assert (sampled(network, 0, how, [9])[0] == many[9]).all()
    assert (sampled(network, 0, how, [10, 2]) == many[[10, 2]]).all()
    others = [sampled(network, 0, replace(how, seed=2), [9]), sampled(network, 1, how, [9])]
    assert all((other[0] != many[9]).any() for other in others)
    assert (many[0] != many[1]).any()


def test_the_last_layers_change_nothing_until_they_have_learned(tmp_path: Path):
    plan = tiny_synth_recipe(tmp_path)
    network = fresh(plan.network, 2, 1)
    folded = fresh(replace(plan.network, fine=0), 2, 2)
    missing = folded.load_state_dict(network.state_dict(), strict=False).unexpected_keys
    assert missing
    assert all(name.startswith("fine.") for name in missing)
    asked = (torch.randn(2, 1, 16, 16), torch.tensor([900, 10]), torch.tensor([0, 1]))
    with torch.inference_mode():
        assert (network(*asked) == folded(*asked)).all()
    fit(network, left_and_right(8), plan.course, folder=tmp_path, run="r")
    folded.load_state_dict(network.state_dict(), strict=False)
    with torch.inference_mode():
        assert (network(*asked) != folded(*asked)).any()


def test_guidance_of_one_is_the_class_alone(tmp_path: Path):
    network = fresh(tiny_synth_recipe(tmp_path).network, 2, 1).eval()
    one = sampled(network, 0, Drawing("", 1, 1.0, 3), [0]).astype(int)
    nearly = sampled(network, 0, Drawing("", 1, 1.0001, 3), [0]).astype(int)
    assert np.abs(one - nearly).max() <= 1


WRONG = {
    "a side that does not halve": {"network": {"side": 18}},
    "groups that do not divide": {"network": {"groups": 3}},
    "a head that does not divide": {"network": {"head": 5}},
    "no widths": {"network": {"widths": []}},
    "a negative number of last channels": {"network": {"fine": -1}},
    "less than no steps": {"course": {"steps": -1}},
    "no step for a disease": {"adapt": {"steps": 0}},
    "fewer of the low levels": {"course": {"lean": 0.5}},
    "another precision": {"course": {"precision": "fp8"}},
    "learning from test": {"plain": {"train_splits": ["test"]}},
    "an unknown entry": {"plain": {"colour": 1}},
    "a place that nobody fills": {"plain": {"statement": "{val}"}},
}


@pytest.mark.parametrize("tables", WRONG.values(), ids=WRONG)
def test_an_impossible_recipe_is_refused(tmp_path: Path, tables: dict):
    with pytest.raises(BadRecipe):
        tiny_synth_recipe(tmp_path, **tables)


def test_the_shipped_recipes_can_be_read():
    folder = ROOT / "src" / "radlens" / "lab" / "recipes" / "synth"
    names = [path for path in folder.glob("*.toml") if path.stem != "adapt"]
    assert len(names) >= 2
    for path in names:
        plan = read_synth_recipe(path)
        network = fresh(plan.network, 4, 1)
        assert 5e6 < sum(p.numel() for p in network.parameters()) < 10e6


def test_fresh_weights_leave_the_chance_of_others_alone(tmp_path: Path):
    plan = read_synth_recipe(write_synth_recipe(tmp_path / "r.toml"))
    state = torch.get_rng_state()
    fresh(plan.network, 2, 1)
    assert (torch.get_rng_state() == state).all()
