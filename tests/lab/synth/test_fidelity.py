"""Distances between sets of images are what independent implementations find."""

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import KernelInceptionDistance

from radlens.lab.synth.fidelity import (
    LEAST,
    Sample,
    components,
    distances,
    fidelity,
    frechet,
    kernel,
    neighbourhoods,
)


class Itself(torch.nn.Module):
    """An extractor for the oracle: what it is given are features already."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.num_features = channels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1)


def cloud(n: int, channels: int = 12, *, seed: int, shift: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mix = np.random.default_rng(99).normal(size=(channels, channels)) / np.sqrt(channels)
    return rng.normal(size=(n, channels)) @ mix + shift + 1


def sample(n: int, **how: float) -> Sample:
    return Sample(cloud(n, **how), np.arange(n))


def told(oracle: torch.nn.Module, a: np.ndarray, b: np.ndarray) -> float:
    for x, real in ((a, False), (b, True)):
        oracle.update(torch.from_numpy(x)[:, None, None], real=real)
    found = oracle.compute()
    return float(found[0] if isinstance(found, tuple) else found)


def weights(n: int) -> np.ndarray:
    return np.ones((1, n))


def test_the_frechet_distance_is_that_of_torchmetrics():
    a, b = cloud(150, seed=1, shift=0.3), cloud(120, seed=2)
    oracle = FrechetInceptionDistance(
        feature=Itself(12), input_img_size=(1, 1, 12), normalize=True
    ).set_dtype(torch.float64)
    [found] = frechet(a, b, weights(150), weights(120))
    assert found == pytest.approx(told(oracle, a, b), rel=1e-6)


@pytest.mark.filterwarnings("ignore:Metric .Kernel Inception Distance. will save")
def test_the_kernel_distance_is_that_of_torchmetrics():
    a, b = cloud(100, seed=1, shift=0.3), cloud(100, seed=2)
    oracle = KernelInceptionDistance(
        feature=Itself(12), subsets=1, subset_size=100, normalize=True
    ).set_dtype(torch.float64)
    [found] = kernel(a, b, weights(100), weights(100))
    assert found == pytest.approx(told(oracle, a, b), rel=1e-5)


def test_a_weight_counts_like_the_image_twice():
    a, b = cloud(60, seed=1), cloud(60, seed=2, shift=0.2)
    twice = np.concatenate([a, a[:20]])
    weight = np.ones((1, 60))
    weight[0, :20] = 2
    [drawn] = frechet(a, b, weight, weights(60))
    [plain] = frechet(twice, b, weights(80), weights(60))
    assert drawn == pytest.approx(plain)


def test_an_image_that_was_drawn_twice_is_not_compared_with_itself():
    rng = np.random.default_rng(0)
    a, b = cloud(200, seed=1), cloud(200, seed=2)
    drawn = rng.multinomial(200, np.full(200, 1 / 200), size=300).astype(float)
    [point] = kernel(a, b, weights(200), weights(200))
    again = kernel(a, b, drawn, np.ones((300, 200)))
    assert again.mean() == pytest.approx(point, abs=0.3 * again.std())


def test_precision_recall_density_and_coverage_are_those_of_plain_loops():
    x, real, k = cloud(40, seed=1, shift=0.3), cloud(50, seed=2), 5

    def radius(points: np.ndarray) -> np.ndarray:
        return NearestNeighbors(n_neighbors=k + 1).fit(points).kneighbors(points)[0][:, k]

    of_real, of_x = radius(real), radius(x)
    near = [[np.linalg.norm(a - b) for b in real] for a in x]
    expected = {
        "precision": [any(d < r for d, r in zip(row, of_real, strict=True)) for row in near],
        "density": [sum(d < r for d, r in zip(row, of_real, strict=True)) / k for row in near],
        "recall": [any(near[i][j] < of_x[i] for i in range(40)) for j in range(50)],
        "coverage": [min(near[i][j] for i in range(40)) < of_real[j] for j in range(50)],
    }
    for name, values in neighbourhoods(x, real, k).items():
        assert values == pytest.approx(np.array(expected[name], float)), name


def test_distances_are_those_of_plain_loops():
    a, b = cloud(5, seed=1), cloud(7, seed=2)
    expected = [[np.linalg.norm(x - y) for y in b] for x in a]
    assert distances(a, b) == pytest.approx(np.array(expected))


def test_components_keep_most_of_what_varies():
    x = cloud(300, seed=3)
    axes, scale = components(x, 4)
    assert axes.T @ axes == pytest.approx(np.eye(4), abs=1e-9)
    assert np.linalg.norm(x / scale) ** 2 / x.size == pytest.approx(1)
    kept = np.linalg.svd(x - x.mean(0), compute_uv=False)[:4]
    assert np.linalg.norm((x - x.mean(0)) @ axes) == pytest.approx(np.linalg.norm(kept))


def test_images_like_the_training_images_are_about_as_near_as_those():
    found = fidelity(sample(200, seed=1), sample(400, seed=2), sample(300, seed=3), seed=1)
    ratio = found["fid_ratio"]
    assert ratio is not None
    assert ratio.low < 1 < ratio.high
    assert ratio.n == 200, "with as many training images"
    assert found["kid"].low < 0 < found["kid"].high
    for name in ("precision", "recall", "density", "coverage"):
        made, real = found[name], found[f"{name}_real"]
        assert made is not None
        assert real is not None
        assert made.low <= real.high
        assert real.low <= made.high


def test_images_that_are_elsewhere_are_farther_than_training_images():
    found = fidelity(
        sample(200, seed=1, shift=0.7), sample(400, seed=2), sample(300, seed=3), seed=1
    )
    assert found["fid_ratio"].low > 3
    assert found["kid"].low > found["kid_real"].high
    assert found["precision"].high < found["precision_real"].low


def test_a_generator_that_repeats_itself_is_precise_and_covers_little():
    few = Sample(np.tile(cloud(4, seed=1), (50, 1)), np.arange(200))
    found = fidelity(few, sample(400, seed=2), sample(300, seed=3), seed=1)
    assert found["coverage"].high < found["coverage_real"].low


def test_an_interval_is_wider_where_images_are_of_few_units():
    made, train = sample(200, seed=1), sample(400, seed=2)
    alone = sample(300, seed=3)
    together = Sample(np.repeat(cloud(30, seed=3), 10, axis=0), np.repeat(np.arange(30), 10))

    def width(held_out: Sample) -> float:
        found = fidelity(made, train, held_out, seed=1)["kid"]
        assert found is not None
        return found.high - found.low

    assert width(together) > 2 * width(alone)


def test_too_few_images_say_nothing():
    many = sample(100, seed=1)
    assert fidelity(sample(LEAST - 1, seed=2), many, many, seed=1) == {}
    assert fidelity(many, many, sample(LEAST - 1, seed=2), seed=1) == {}
    assert fidelity(sample(LEAST, seed=2), many, many, seed=1)
