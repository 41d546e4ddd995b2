"""One picture is known again; pictures that only look alike are not."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Picture

from radlens.bootstrap import open_site
from radlens.domain.task import Task
from radlens.imaging.decode import decode
from radlens.lab.alignment import agreement
from radlens.lab.duplicates import grouped, groups, near_pairs
from radlens.lab.looks import fingerprint, look
from radlens.ports import Site
from radlens.settings import Settings
from tests.builders import TASKS, picture, png
from tests.lab.planted import WAYS, alike, stored

BRAIN: Task = TASKS["brain-tumor"]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with open_site(Settings(home=tmp_path / "home", gallery="gallery"), record=False) as opened:
        yield opened


def test_every_planted_copy_is_found_and_no_picture_is_taken_for_another():
    originals = [alike(seed) for seed in range(90)]
    uploads = [png(pixels) for pixels in originals]
    planted = {(n, 90 + n): WAYS[n % 4](originals[n]) for n in range(45)}
    scans = [decode(upload) for upload in [*uploads, *planted.values()]]
    found = {*near_pairs(look(scans, len(scans)))}
    assert planted.keys() - found == set()
    assert found - planted.keys() == set()


def test_agreement_is_blind_to_light_and_crop_and_is_the_same_both_ways():
    pixels = picture(3, 96, 96)

    def copy(of: np.ndarray) -> np.ndarray:
        return np.asarray(Picture.fromarray(of).resize((64, 64), Picture.Resampling.BILINEAR)) / 255

    copies = np.stack([copy(pixels), copy((pixels * 0.8 + 20).astype(np.uint8)),
                       copy(pixels[6:90, 6:90]), copy(picture(4, 96, 96))])  # fmt: skip
    tensor = torch.from_numpy(copies).float()
    one, other = torch.tensor([0, 0, 2, 0, 3]), torch.tensor([1, 2, 0, 3, 0])
    found = agreement(tensor, one, other).tolist()
    assert min(found[:3]) > 0.99
    assert max(found[3:]) < 0.8


def test_agreement_without_warping_is_the_correlation():
    noise = np.random.default_rng(0).normal(0.5, 0.1, (2, 64, 64)).clip(0.1, 0.9)
    noise[1] = 0.7 * noise[0] + 0.3 * noise[1]
    expected = np.corrcoef(noise[0].ravel(), noise[1].ravel())[0, 1]
    [found] = agreement(torch.from_numpy(noise).float(), torch.tensor([0]), torch.tensor([1]))
    assert float(found) == pytest.approx(expected, abs=0.02)


def test_a_fingerprint_is_the_difference_hash_of_a_plain_loop():
    copy = np.random.default_rng(1).random((16, 17), np.float32)
    expected = [copy[r, c + 1] - copy[r, c] > 0.01 for r in range(16) for c in range(16)]
    assert np.unpackbits(fingerprint(copy)).tolist() == expected


def test_neighbours_of_neighbours_are_one_group():
    found = groups(6, [(0, 1), (1, 2), (4, 5)])
    assert found[0] == found[1] == found[2]
    assert found[4] == found[5]
    assert len({*found}) == 3


def test_a_group_is_a_patient_or_what_looks_the_same_where_a_patient_is_unknown(site: Site):
    first, second = alike(1), alike(2)
    uploads = [
        png(first),
        WAYS[0](first),
        png(second),
        WAYS[0](second),
        png(alike(3)),
        png(alike(4)),
    ]
    dataset = stored(
        site, uploads, BRAIN, splits=["train"] * 6, patients=["", "P1", "P2", "P3", "P1", ""]
    )
    group = [image.group for image in grouped(site.blobs, dataset).images]
    assert group[0] == group[1] == group[4], "by its look, then by its patient"
    assert group[2] != group[3], "two known patients stay two, however alike"
    assert len({*group}) == 4


def test_where_every_patient_is_known_nothing_is_looked_at(site: Site):
    dataset = stored(site, [png(alike(1))] * 2, BRAIN, splits=["train"] * 2, patients=["P1", "P2"])
    assert grouped(site.blobs, dataset) is dataset


def test_two_images_and_one_image_are_a_dataset_too():
    def of(*seeds: int) -> list[tuple[int, int]]:
        scans = [decode(png(alike(seed))) for seed in seeds]
        return near_pairs(look(scans, len(scans)))

    assert of(1) == []
    assert of(1, 1) == [(0, 1)]
    assert of(1, 2) == []
