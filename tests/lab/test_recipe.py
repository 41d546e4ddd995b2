"""Recipes: nothing unknown, nothing impossible, what is left out is plain."""

from dataclasses import fields
from pathlib import Path

import pytest

import radlens.lab
from radlens.domain.errors import BadRecipe
from radlens.lab.augment import Augmentation
from radlens.lab.recipe import Loss, Recipe, Synthetic, read_recipe
from tests.builders import TASKS
from tests.lab.tiny import write_recipe

RECIPES = sorted((Path(radlens.lab.__file__).parent / "recipes").glob("*.toml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_of_the_package_can_be_read_and_names_a_task(path: Path):
    recipe = read_recipe(path)
    assert recipe.task in TASKS
    assert (
        "ot for clinical use" in recipe.statement or "not evaluated on patients" in recipe.statement
    )
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
        ({"augment": {"rotate_deg": float("inf")}}, "rotate_deg cannot be inf"),
        ({"lr": -1.0}, r"lr cannot be -1\.0"),
        ({"epochs": 0}, "epochs cannot be 0"),
        ({"architecture": "vgg"}, "architecture cannot be 'vgg'"),
        ({"train_splits": ["train", "test"]}, "train_splits cannot be"),
        ({"contrast": [99.0, 1.0]}, "contrast cannot be"),
        ({"statement": "made of {secrets}"}, "unknown place"),
        ({"loss": {"gamma": 2.0}}, r"unknown entry: loss\.gamma"),
        ({"loss": {"focal_gamma": -1.0}}, "loss cannot be"),
        ({"loss": 2}, "loss must be a table"),
        ({"synthetic": {"share": 1.5}}, "synthetic cannot be"),
        ({"precision": "fp8"}, "precision cannot be 'fp8'"),
        ({"keep": "first"}, "keep cannot be"),
        ({"sizes": [[0, 64], [0, 96]]}, "sizes cannot be"),
        ({"sizes": [[4, 16]]}, "sizes cannot be"),
        ({"sizes": [64]}, "sizes cannot be 64"),
        ({"mixup": -0.1}, "mixup cannot be"),
    ],
)
def test_a_recipe_that_cannot_be_meant_is_refused(tmp_path: Path, changes: dict, says: str):
    read_recipe(write_recipe(tmp_path / "good.toml"))
    with pytest.raises(BadRecipe, match=says):
        read_recipe(write_recipe(tmp_path / "bad.toml", **changes))


def test_what_may_be_left_out_is_the_plain_thing(tmp_path: Path):
    recipe = read_recipe(write_recipe(tmp_path / "recipe.toml"))
    assert (recipe.keep, recipe.precision, recipe.sizes, recipe.mixup) == ("best", "fp32", (), 0)
    assert (recipe.loss, recipe.synthetic) == (Loss(0.0, 0.0), Synthetic(1.0, 1.0))


def test_every_entry_of_a_recipe_is_explained():
    for shape in (Recipe, Loss, Synthetic, Augmentation):
        for field in fields(shape):
            obvious = {"task", "architecture", "size", "epochs", "batch", "seed", "text"}
            obvious |= {"weight_decay", "warmup", "label_smoothing"}
            obvious |= {"augment", "loss", "synthetic", "operating_points"}  # tables, below
            assert field.name in obvious or f"``{field.name}``" in shape.__doc__, field.name


def test_a_file_that_is_not_toml_is_refused(tmp_path: Path):
    (tmp_path / "x.toml").write_text("= =")
    with pytest.raises(BadRecipe, match=r"x\.toml cannot be read"):
        read_recipe(tmp_path / "x.toml")
