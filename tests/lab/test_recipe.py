"""Recipes: nothing unknown, nothing impossible, nothing left to a default."""

from pathlib import Path

import pytest
import torch

import radlens.lab
from radlens.domain.errors import BadRecipe
from radlens.lab.networks import build
from radlens.lab.recipe import read_recipe
from radlens.lab.weights import start_from
from tests.builders import TASKS
from tests.lab.tiny import write_recipe

RECIPES = sorted((Path(radlens.lab.__file__).parent / "recipes").glob("*.toml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_of_the_package_can_be_read_and_names_a_task(path: Path):
    recipe = read_recipe(path)
    assert recipe.task in TASKS
    assert "Not for clinical use" in recipe.statement
    if recipe.task == "chest-xray":
        assert recipe.augment.flip_lr == 0, "a mirrored chest has its heart on the wrong side"


def test_the_gallery_and_the_older_architectures_have_recipes():
    names = {path.stem for path in RECIPES}
    assert {"chest-xray", "brain-tumor", "chest-xray-densenet121", "neuro-rare-resnet18"} <= names


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"learning_rate": 0.1}, "unknown entry: learning_rate"),
        ({"augment": {"zoom": 0.1}}, r"unknown entry: augment\.zoom"),
        ({"seed": None}, "no entry seed"),
        ({"augment": {"noise": None}}, r"no entry augment\.noise"),
        ({"lr": "fast"}, "lr cannot be 'fast'"),
        ({"lr": -1.0}, r"lr cannot be -1\.0"),
        ({"epochs": 0}, "epochs cannot be 0"),
        ({"architecture": "vgg"}, "architecture cannot be 'vgg'"),
        ({"train_splits": ["train", "test"]}, "train_splits cannot be"),
        ({"contrast": [99.0, 1.0]}, "contrast cannot be"),
        ({"statement": "made of {secrets}"}, "unknown place"),
    ],
)
def test_a_recipe_that_cannot_be_meant_is_refused(tmp_path: Path, changes: dict, says: str):
    read_recipe(write_recipe(tmp_path / "good.toml"))
    with pytest.raises(BadRecipe, match=says):
        read_recipe(write_recipe(tmp_path / "bad.toml", **changes))


def test_a_file_that_is_not_toml_is_refused(tmp_path: Path):
    (tmp_path / "x.toml").write_text("= =")
    with pytest.raises(BadRecipe, match=r"x\.toml cannot be read"):
        read_recipe(tmp_path / "x.toml")


def test_imagenet_fills_all_but_the_head_of_efficientnet_and_is_refused_elsewhere(tmp_path: Path):
    def fresh(architecture: str):
        return build(architecture, 4, torch.Generator().manual_seed(0))

    network, before = fresh("efficientnet-lite0"), fresh("efficientnet-lite0").state_dict()
    start_from(network, "imagenet", "efficientnet-lite0", tmp_path)
    after = network.state_dict()
    assert not torch.equal(after["_conv_stem.weight"], before["_conv_stem.weight"])
    assert torch.equal(after["_fc.weight"], before["_fc.weight"])
    with pytest.raises(BadRecipe, match="no ImageNet weights at hand for resnet18"):
        start_from(fresh("resnet18"), "imagenet", "resnet18", tmp_path)
    with pytest.raises(BadRecipe, match="cannot be read"):
        start_from(fresh("resnet18"), "none.safetensors", "resnet18", tmp_path)
