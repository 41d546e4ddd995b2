"""Augmentation changes images by as much as the recipe says, and by nothing else."""

from dataclasses import replace

import torch
from torch.nn.functional import affine_grid

from radlens.lab.augment import Augmentation, augment, sampling_grid

NOTHING = Augmentation(0, 0, 0, 0, 0, 0, 0, 0, 0)


def images() -> torch.Tensor:
    return torch.rand(6, 1, 24, 24, generator=torch.Generator().manual_seed(0))


def changed(how: Augmentation, seed: int = 1) -> torch.Tensor:
    return augment(images(), how, torch.Generator().manual_seed(seed))


def test_without_any_strength_nothing_changes():
    torch.testing.assert_close(changed(NOTHING), images(), atol=1e-5, rtol=0)


def test_the_same_generator_gives_the_same_images_and_another_others():
    how = replace(NOTHING, rotate_deg=10, noise=0.1, gamma=0.3)
    torch.manual_seed(9)
    first = changed(how)
    torch.manual_seed(8)
    assert torch.equal(first, changed(how))
    assert not torch.equal(first, changed(how, seed=2))


def test_a_certain_flip_mirrors_left_and_right_and_not_up_and_down():
    torch.testing.assert_close(
        changed(replace(NOTHING, flip_lr=1.0)), images().flip(3), atol=1e-5, rtol=0
    )


def test_a_chest_is_never_mirrored_by_rotation_scale_and_shift():
    """A bright left half stays on the left."""
    half = torch.zeros(64, 1, 24, 24)
    half[..., :12] = 1
    how = replace(NOTHING, rotate_deg=15, scale=0.2, shift=0.1)
    out = augment(half, how, torch.Generator().manual_seed(3))
    assert (out[..., :12].mean((1, 2, 3)) > out[..., 12:].mean((1, 2, 3)) + 0.3).all()


def test_values_stay_between_zero_and_one():
    how = Augmentation(20, 0.3, 0.2, 0.5, 0.8, 1.0, 0.5, 0.5, 0.5)
    out = changed(how)
    assert 0 <= out.min() <= out.max() <= 1


def test_the_grid_is_torchs_own_up_to_rounding():
    affine = torch.randn(3, 2, 3, generator=torch.Generator().manual_seed(4))
    for rows, cols in ((5, 8), (24, 24), (1, 3)):
        theirs = affine_grid(affine, [3, 1, rows, cols], align_corners=False)
        torch.testing.assert_close(sampling_grid(affine, rows, cols), theirs, atol=1e-5, rtol=0)
