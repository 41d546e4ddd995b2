"""Phantoms are seeded, their masks are where the findings are, and their folders can be read."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from scipy.ndimage import binary_dilation

from radlens.cli.app import app
from radlens.domain.errors import BadDataset
from radlens.lab.lesions_drawn import CHEST, TUMOURS, head_frame, painted
from radlens.lab.manifest import list_folder
from radlens.lab.phantom_folder import phantoms, write
from radlens.lab.phantoms import brain, chest, noisy, straight
from tests.builders import TASKS


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("name", ["chest-xray", "brain-tumor"])
def test_one_seed_draws_one_set_and_every_image_differs(name):
    def drawn(seed: int) -> list[bytes]:
        return [m.pixels.tobytes() for m in phantoms(TASKS[name], n=3, seed=seed)]

    assert drawn(1) == drawn(1)
    assert len({*drawn(1), *drawn(2)}) == 6


@pytest.mark.parametrize("name", [*CHEST, *TUMOURS])
def test_a_finding_is_drawn_where_its_mask_is(name):
    frame = straight(128, 128)
    find, draw = (CHEST[name], chest) if name in CHEST else (TUMOURS[name], brain)
    plain = noisy(draw(rng(), frame), rng())
    for seed in range(5):
        done = painted(plain, find(frame, rng(seed)), shadows=name in CHEST)
        changed = np.abs(done.pixels - plain) > 0.1
        assert done.mask.any() == changed.any() == (name != "no_tumor")
        assert not (changed & ~binary_dilation(done.mask, iterations=14)).any()


def test_shadows_only_brighten_where_they_are_bright():
    plain = np.full((40, 40), 0.9)
    plain[:20] = 0.1
    weight = np.ones_like(plain)
    assert (painted(plain, [(weight, 0.5)], shadows=True).pixels[25:] == plain[25:]).all()
    assert painted(plain, [(weight, 0.5)], shadows=False).pixels[30, 20] < 0.6


def test_a_head_is_framed_as_the_phantom_is():
    pixels = np.zeros((200, 240))
    pixels[20:148, 40:168] = noisy(brain(rng(), straight(128, 128)), rng())
    frame = head_frame(pixels)
    assert frame is not None
    home = straight(128, 128)
    assert abs(frame.y[84, 104] - home.y[64, 64]) < 0.05
    assert abs(frame.x[84, 140] - home.x[64, 100]) < 0.06
    assert head_frame(np.zeros((50, 50))) is None


@pytest.mark.parametrize("name", ["chest-xray", "brain-tumor"])
def test_a_folder_of_phantoms_is_a_dataset_with_masks_in_three_splits(name, tmp_path: Path):
    task = TASKS[name]
    write(phantoms(task, n=20, seed=1), tmp_path / "set", task)
    rows = list_folder(tmp_path / "set", task).rows
    assert {row.split for row in rows} == {"train", "val", "test"}
    assert all(row.about["synthetic"] == "phantom" for row in rows)
    for row in rows:
        assert row.mask is not None
        truth = dict(zip(task.labels, row.truth, strict=True))
        found = any(value == 1 and label.abnormal for label, value in truth.items())
        assert np.asarray(Image.open(row.mask)).any() == found
    with pytest.raises(BadDataset, match="holds a dataset already"):
        write(phantoms(task, n=1, seed=1), tmp_path / "set", task)


def test_the_command_draws_and_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RADLENS_HOME", str(tmp_path / "home"))
    words = ["data", "phantom", "--task", "brain-tumor", "-n", "4", "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert len([*(tmp_path / "out" / "images").iterdir()]) == 4
    words[3] = "neuro-rare"
    refused = CliRunner().invoke(app, words)
    assert refused.exit_code == 2
    assert "Add --base" in refused.output
