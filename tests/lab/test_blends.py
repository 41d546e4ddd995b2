"""A blend is of many and of nobody, and the samples that ship are read by the models that ship."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from radlens.bootstrap import GALLERY, open_site
from radlens.domain.gate import Verdict
from radlens.engines.bundle import read_bundle
from radlens.engines.runtime import OnnxEngine
from radlens.imaging.decode import decode
from radlens.lab.blends import COUNT, STRONGEST, blends, heads, sharpened
from radlens.lab.samples import NOBODY, assessed, repeated
from radlens.settings import Settings
from tests.builders import TASKS, png
from tests.lab.planted import alike, stored

SAMPLES = sorted((GALLERY / "samples").iterdir())
TASK = {"brain": "brain-tumor", "chest": "chest-xray", "neuro": "neuro-rare"}


def crowd(n: int = 80, side: int = 32) -> np.ndarray:
    """Discs of about one size in about one place, with a little noise, (n, side, side)."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[0:side, 0:side]
    row, col = rng.normal(side / 2, 0.5, (2, n, 1, 1))
    disc = 0.2 + 0.6 * (np.hypot(y - row, x - col) < side / 4)
    return np.clip(disc + rng.normal(0, 0.02, disc.shape), 0, 1).astype(np.float32)


def blend(images: np.ndarray, unit: np.ndarray, *, seed: int) -> np.ndarray:
    [made] = blends(images, unit, [seed])
    return made


def test_one_seed_makes_one_blend_and_it_looks_like_the_crowd():
    images = crowd()
    one = blend(images, np.arange(80), seed=1)
    np.testing.assert_array_equal(one, blend(images, np.arange(80), seed=1))
    assert (one != blend(images, np.arange(80), seed=2)).any()
    assert np.abs(one - images.mean(0)).mean() < 0.1


def test_what_a_quarter_of_the_images_show_alone_is_not_in_the_blend():
    images = crowd(COUNT)
    images[: COUNT // 4 - 1, :6, :6] = 1.0
    marked = blend(images, np.arange(COUNT), seed=1)
    assert images[: COUNT // 4 - 1, :6, :6].min() == 1.0
    assert marked[:6, :6].max() < 0.5
    assert images.mean(0)[:6, :6].min() > marked[:6, :6].max() - 0.1


def test_many_images_of_one_patient_count_once():
    images = crowd(60)
    images[:30] = images[0]
    images[:30, 2:6, 2:6] = 1.0
    unit = np.r_[np.zeros(30, int), np.arange(1, 31)]
    assert blend(images, unit, seed=1)[2:6, 2:6].max() < 0.6


def test_sharpening_gives_back_the_power_of_the_set_and_no_more_than_its_bound():
    images = crowd(40)
    mean = images.mean(0).astype(np.float64)
    sharp = sharpened(mean, images)
    assert sharp.mean() == pytest.approx(mean.mean())

    def fine(image: np.ndarray) -> float:
        return float((np.abs(np.fft.fft2(image)) ** 2)[4:-4, 4:-4].sum())

    assert fine(mean) < fine(sharp) <= fine(mean) * STRONGEST**2 * 1.001


def test_heads_are_brought_to_one_box_and_images_without_one_are_left_out():
    y, x = np.mgrid[0:128, 0:128]
    stack = np.stack(
        [
            0.7 * (((y - 50) / 40) ** 2 + ((x - 60) / 30) ** 2 < 1),
            0.7 * (((y - 70) / 50) ** 2 + ((x - 64) / 45) ** 2 < 1),
            np.zeros((128, 128)),
        ]
    ).astype(np.float32)
    found, which = heads(stack)
    assert which.tolist() == [0, 1]
    assert np.abs(found[0] - found[1]).mean() < 0.03


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_says_that_it_is_synthetic_and_its_task_has_a_live_model_that_reads_it(
    path: Path, tmp_path: Path
):
    assert Image.open(path).text == {"Description": NOBODY.format(count=COUNT)}
    name = TASK[path.stem.partition("-")[0]]
    scan = decode(path.read_bytes())
    assert (scan.rows, scan.cols) == (320, 320)
    engine = OnnxEngine(read_bundle(GALLERY / name, TASKS[name]), workers=1, cache=tmp_path)
    assert assessed(engine, scan).verdict is not Verdict.REFUSED


def test_a_visitor_finds_a_sample():
    assert {"brain"} <= {path.stem.partition("-")[0] for path in SAMPLES}


def test_a_blend_that_nearly_repeats_an_image_is_found_out(tmp_path: Path):
    with open_site(Settings(home=tmp_path / "home"), record=False) as site:
        pixels = [alike(seed) for seed in range(12)]
        uploads = [png(each) for each in pixels]
        dataset = stored(site, uploads, TASKS["brain-tumor"], splits=["train"] * 12)
        lighter = np.clip(pixels[3] * 0.9 + 12, 0, 255).astype(np.uint8)
        assert repeated(site.blobs, dataset, png(lighter)) == [dataset.images[3].file]
        assert repeated(site.blobs, dataset, png(alike(99))) == []
