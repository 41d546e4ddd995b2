"""What a training step is given: which images, how large, how mixed, with what weight."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from radlens.domain.task import Mode
from radlens.lab.batches import chosen, drawn, grey_images, made, side_in, weights
from radlens.lab.recipe import Synthetic
from tests.lab.tiny import AUGMENT, cases, tiny_recipe

STILL = dict.fromkeys(AUGMENT, 0.0)


def mixed(real: int, synthetic: int):
    one = cases(real + synthetic, 4, mode=Mode.MULTI_CLASS, seed=1)
    about = tuple({"synthetic": "made by a test"} if i >= real else {} for i in range(len(one)))
    return replace(one, about=about)


def test_synthetic_images_are_taken_up_to_their_share_and_real_ones_always(tmp_path: Path):
    both, recipe = mixed(12, 28), tiny_recipe(tmp_path)
    assert len(chosen(both, recipe)) == 40
    for share, expected in ((0.0, 12), (0.25, 16), (0.5, 24), (0.99, 40)):
        some = chosen(both, replace(recipe, synthetic=Synthetic(share=share)))
        assert len(some) == expected
        assert (~made(some)).sum() == 12
        assert made(some).mean() <= share
    one = chosen(both, replace(recipe, synthetic=Synthetic(share=0.5)))
    assert one.files == chosen(both, replace(recipe, synthetic=Synthetic(share=0.5))).files
    other = replace(recipe, synthetic=Synthetic(share=0.5), seed=99)
    assert one.files != chosen(both, other).files, "the seed decides which"


def test_synthetic_images_count_what_the_recipe_says(tmp_path: Path):
    recipe = replace(tiny_recipe(tmp_path), synthetic=Synthetic(weight=0.25))
    assert weights(mixed(2, 3), recipe).tolist() == [1, 1, 0.25, 0.25, 0.25]


def test_images_grow_when_the_recipe_says_and_end_at_its_size(tmp_path: Path):
    recipe = tiny_recipe(tmp_path, size=64, sizes=[[1, 32], [3, 48]])
    assert [side_in(recipe, epoch) for epoch in range(5)] == [64, 32, 32, 48, 48]
    one = cases(4, 4, mode=Mode.MULTI_CLASS, seed=1, side=64)
    images, _, _ = drawn(
        grey_images(one, np.arange(4)),
        torch.from_numpy(one.truth),
        torch.ones(4),
        side=48,
        recipe=recipe,
        by=torch.Generator().manual_seed(0),
    )
    assert images.shape == (4, 1, 48, 48)


def test_mixup_blends_images_what_is_known_of_them_and_leaves_the_unknown_unknown(tmp_path: Path):
    recipe = tiny_recipe(tmp_path, mixup=1.0, augment=STILL)
    one = cases(6, 3, mode=Mode.MULTI_CLASS, seed=1)
    truth = torch.from_numpy(one.truth.copy())
    truth[0, 0] = torch.nan
    before = grey_images(one, np.arange(6))
    images, known, _ = drawn(
        before,
        truth,
        torch.ones(6),
        side=32,
        recipe=recipe,
        by=torch.Generator().manual_seed(1),
    )
    assert known.isnan().any()
    sure = known[~known.isnan().any(1)]
    torch.testing.assert_close(sure.sum(1), torch.ones(len(sure)))
    assert ((sure > 0) & (sure < 1)).any()
    # One part for the whole batch, found from a blended truth, must blend the images alike.
    part = float(sure[(sure > 0) & (sure < 1)].max())
    distance = [
        min(
            float((images[i] - torch.lerp(b, a, p)).abs().max())
            for b in before
            for p in (part, 1 - part)
        )
        for i, a in enumerate(before)
    ]
    assert max(distance) < 1e-3
