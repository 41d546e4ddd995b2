"""Where the lesion is to be: learned with masks, drawn by masks, and each image carries its own."""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from safetensors.torch import save as dump

from radlens.domain.dataset import Dataset
from radlens.domain.errors import BadDataset, Corrupted, DigestMismatch
from radlens.domain.ledger import Kind
from radlens.domain.synthesis import Order
from radlens.imaging.decode import decode
from radlens.imaging.encode import png
from radlens.lab.augment import augment
from radlens.lab.dataset import Cases
from radlens.lab.importing import import_folder
from radlens.lab.phantom_folder import phantoms, write
from radlens.lab.synth.about import ABOUT
from radlens.lab.synth.adapter import ADAPTER
from radlens.lab.synth.card import card
from radlens.lab.synth.compact import Compact, network_of
from radlens.lab.synth.export import export, united
from radlens.lab.synth.find import open_generator
from radlens.lab.synth.generate import generate, regenerate
from radlens.lab.synth.generator import Drawing
from radlens.lab.synth.lora import moved as moving
from radlens.lab.synth.lora import read_lora, widened
from radlens.lab.synth.masks import FINEST, KEPT, MASKS, Masks, kept, moved, on_grid
from radlens.lab.synth.network import fresh
from radlens.lab.synth.pictures import Pictures, pictures
from radlens.lab.synth.sample import sampled
from radlens.lab.synth.train import train
from radlens.lab.synth.training import fit
from radlens.ports import Site
from radlens.storage.memory import MemoryBlobs
from tests.builders import TASKS, tiny_site
from tests.lab.synth.tiny_generator import tiny_synth_recipe, write_synth_recipe
from tests.lab.tiny import write_dataset

BRAIN, CHEST = TASKS["brain-tumor"], TASKS["chest-xray"]
HOW = Drawing("glioma", seed=5, guidance=2.0, steps=2)
LESIONS = ("glioma", "meningioma", "pituitary")
TOLD = {"plain": {"synthetic": True}, "network": {"masks": True}}
PLAIN = {"masks": True, "refiner": 0, "refined": 0}


@dataclass(frozen=True)
class Made:
    site: Site
    folder: Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("masks")
    write(phantoms(BRAIN, n=20, seed=1), folder / "data", BRAIN)
    recipe = write_synth_recipe(folder / "told.toml", **TOLD)
    with tiny_site(folder / "home") as site:
        train(site, recipe, data=str(folder / "data"), out=folder / "out", name="told")
        yield Made(site, folder)


def mask_of(site: Site, dataset: Dataset, at: int) -> np.ndarray:
    return decode(site.blobs.get(dataset.images[at].about["mask"])).pixels


def test_a_generator_keeps_outlines_of_the_classes_that_have_lesions_and_nothing_else(made: Made):
    found = load_file(made.folder / "out" / MASKS)
    assert {name: each.shape for name, each in found.items()} == dict.fromkeys(LESIONS, (3, 16, 2))
    assert all(np.unpackbits(mask).any() for each in found.values() for mask in each)
    about = open_generator(made.site, "told").about
    assert about.shape["masks"] == dict.fromkeys(LESIONS, 3)
    assert "3 of glioma, 3 of meningioma, 3 of pituitary" in card(about)


def test_each_image_carries_the_mask_that_it_was_drawn_by_and_is_drawn_again_by_it(made: Made):
    dataset = generate(made.site, Order("meningioma", 10, "told", seed=4, steps=2))
    mask = open_generator(made.site, "told").mask(Drawing("meningioma", 4, 2.0, 2))
    for index, image in enumerate(dataset.images):
        drawn = mask_of(made.site, dataset, index)
        assert drawn.any()
        assert drawn.shape == (image.stored.rows, image.stored.cols)
        assert (drawn == mask(index) * 255).all()
        assert regenerate(made.site, image) == made.site.blobs.get(image.digest)
    assert len({image.about["mask"] for image in dataset.images}) > 5


def test_the_mask_is_what_makes_the_difference(made: Made):
    told = open_generator(made.site, "told")
    other = replace(told, masks=replace(told.masks, flip=1 - told.masks.flip, packed={}))
    assert (told.draw(HOW, [0]) != other.draw(HOW, [0])).any()
    healthy = replace(HOW, label="no_tumor")
    assert (told.draw(healthy, [0]) == other.draw(healthy, [0])).all()


def test_a_class_without_lesions_is_drawn_without_masks(made: Made):
    dataset = generate(made.site, Order("no_tumor", 2, "told", steps=2))
    assert all("mask" not in image.about for image in dataset.images)


def test_masks_go_out_with_an_export_and_come_in_with_an_import(made: Made, tmp_path: Path):
    parts = [generate(made.site, Order(name, 3, "told", steps=2)) for name in BRAIN.names[:2]]
    both = united(dict(zip("ab", parts, strict=True)), BRAIN, name="both", history={})
    (tmp_path / "made.zip").write_bytes(export(made.site, both))
    with zipfile.ZipFile(tmp_path / "made.zip") as opened:
        opened.extractall(tmp_path / "made")
    again = import_folder(made.site, tmp_path / "made", task=BRAIN)
    assert [i.about for i in again.images] == [i.about for i in both.images]
    assert {path.stem for path in (tmp_path / "made" / "masks").iterdir()} == {
        image.about["mask"] for image in both.images
    }


def with_an_adapter(base: Compact, folder: Path) -> Path:
    """The folder of a generator with one disease more, of which it has learned nothing yet."""
    lora = read_lora()
    adapter = dump(moving(widened(network_of(base.about, base.weights), lora, 1)))
    shape = {"rank": lora.rank, "alpha": lora.alpha, "targets": list(lora.targets)}
    about = replace(
        base.about,
        labels=(*base.about.labels, "rare"),
        files={**base.about.files, ADAPTER: sha256(adapter).hexdigest()},
        shape={**base.about.shape, "adapter": shape},
        disease="rare",
    )
    folder.mkdir()
    for name, content in {**base.parts(), ADAPTER: adapter, ABOUT: about.content}.items():
        (folder / name).write_bytes(content)
    return folder


def test_a_new_disease_has_no_masks_and_the_classes_of_before_keep_theirs(
    made: Made, tmp_path: Path
):
    base = open_generator(made.site, "told")
    folder = str(with_an_adapter(base, tmp_path / "rare"))
    adapted = open_generator(made.site, folder)
    assert adapted.parts()[MASKS] == base.parts()[MASKS]
    assert (base.mask(HOW)(1) == adapted.mask(HOW)(1)).all()
    assert (base.draw(HOW, [1]) == adapted.draw(HOW, [1])).all()
    [image] = generate(made.site, Order("rare", 1, folder, steps=2)).images
    assert "mask" not in image.about


def test_masks_that_changed_are_not_opened(made: Made, tmp_path: Path):
    for path in (made.folder / "out").glob("*.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    content = (tmp_path / MASKS).read_bytes()
    (tmp_path / MASKS).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(DigestMismatch, match=MASKS):
        open_generator(made.site, str(tmp_path))
    with pytest.raises(Corrupted, match=MASKS):
        Masks.read(open_generator(made.site, "told").about, b"no masks")


def test_data_without_masks_are_refused_where_the_recipe_wants_some(made: Made, tmp_path: Path):
    write_dataset(tmp_path / "data", BRAIN, {"train": 8, "val": 4, "test": 4})
    recipe = write_synth_recipe(tmp_path / "told.toml", **TOLD)
    before = len(made.site.ledger.items(Kind.GENERATOR))
    recipe.write_text(recipe.read_text().replace("synthetic = true", "synthetic = false"))
    with pytest.raises(BadDataset, match="No training image of data has a mask"):
        train(made.site, recipe, data=str(tmp_path / "data"), out=tmp_path / "out")
    assert len(made.site.ledger.items(Kind.GENERATOR)) == before
    assert not (tmp_path / "out").exists()


def test_the_lesion_is_drawn_where_the_mask_says(tmp_path: Path):
    """The same noise with one mask and with another: bright is what is inside."""
    plan, rng = tiny_synth_recipe(tmp_path, network=PLAIN), np.random.default_rng(1)
    masks = np.zeros((40, 16, 16), bool)
    for mask, (row, col) in zip(masks, rng.integers(0, 11, (40, 2)), strict=True):
        mask[row : row + 5, col : col + 5] = True
    grey = (rng.random(masks.shape) * 0.2 + 0.8 * masks).astype(np.float16)
    data = Pictures(grey, torch.tensor([[1.0, 0.0]] * 40), masks)
    course = replace(plan.course, steps=200, lap=200, batch=16, ema=0.9, drop=0.1)
    network = fresh(plan.network, 1, 1)
    fit(network, data, course, folder=tmp_path, run="r")

    def drawn(mask: np.ndarray | None) -> np.ndarray:
        how = Drawing("", seed=1, guidance=1.0, steps=10)
        return sampled(network, 0, how, range(8), mask if mask is None else lambda _: mask)

    upper, lower = np.zeros((2, 16, 16), bool)
    upper[1:6, 2:7] = lower[10:15, 9:14] = True
    one, other, nowhere = (drawn(mask).astype(int) for mask in (upper, lower, None))
    assert one[:, upper].mean() > other[:, upper].mean() + 100
    assert other[:, lower].mean() > one[:, lower].mean() + 100
    assert one[:, upper].mean() > nowhere[:, upper].mean() + 30


def test_without_a_class_there_is_no_mask_and_a_missing_plane_is_an_empty_one(tmp_path: Path):
    network = fresh(tiny_synth_recipe(tmp_path, network={"masks": True}).network, 2, 1).eval()
    grey, mask = torch.randn(1, 1, 16, 16), torch.ones(1, 1, 16, 16)
    told, empty = torch.cat([grey, mask], 1), torch.cat([grey, 0 * mask], 1)
    level, glioma, nothing = torch.tensor([500]), torch.tensor([0]), torch.tensor([2])
    with torch.inference_mode():
        assert (network(told, level, nothing) == network(empty, level, nothing)).all()
        assert (network(grey, level, glioma) == network(empty, level, glioma)).all()
        assert (network(told, level, glioma) != network(empty, level, glioma)).any()


def test_a_mask_is_moved_as_its_image_is_and_stays_one(tmp_path: Path):
    how = replace(tiny_synth_recipe(tmp_path).augment, brightness=0, contrast=0, gamma=0, noise=0.0)
    masks = torch.zeros(8, 1, 32, 32)
    masks[:, :, 4:12, 3:9] = 1
    both = augment(torch.cat([masks, masks], 1), how, torch.Generator().manual_seed(1))
    assert (both[:, 1] == both[:, 0].round()).all()
    assert (both[:, 1] != masks[:, 0]).any((1, 2)).all()
    noisy = replace(how, noise=0.5, brightness=0.5)
    both = augment(torch.cat([masks, masks], 1), noisy, torch.Generator().manual_seed(1))
    assert {*both[:, 1].unique().tolist()} == {0.0, 1.0}


def test_of_several_findings_a_mask_says_nothing():
    blobs = MemoryBlobs()
    digest = blobs.put(png(np.full((8, 8), 255, np.uint8)))
    truth = np.zeros((3, len(CHEST.labels)), np.float32)
    truth[0, 0] = truth[1, 0] = truth[1, 1] = 1
    cases = Cases(
        files=("a", "b", "c"),
        digests=("a", "b", "c"),
        patients=("",) * 3,
        about=({"mask": digest}, {"mask": digest}, {}),
        grey=np.zeros((3, 8, 8), np.float16),
        truth=truth,
        unit=np.arange(3),
    )
    masks = pictures(cases, CHEST, blobs).masks
    assert masks is not None
    assert masks.any((1, 2)).tolist() == [True, False, False]
    assert pictures(cases, CHEST).masks is None


def test_few_masks_of_a_class_are_kept_on_a_coarse_grid_and_each_once():
    n, side = KEPT + 20, 2 * FINEST
    masks = np.zeros((2 * n, side, side), bool)
    for i, mask in enumerate(masks):
        mask[: 2 + i // 2 * 2, 20:80] = True  # each of them twice
    data = Pictures(np.zeros(masks.shape, np.float16), torch.tensor([[1.0, 0, 0]] * (2 * n)), masks)
    found = kept(data, ("a", "b"))
    assert {name: each.shape for name, each in found.items()} == {"a": (KEPT, FINEST, FINEST // 8)}
    assert len(np.unique(found["a"], axis=0)) == KEPT
    few = Pictures(data.grey[:8], data.classes[:8], masks[:8])
    assert len(kept(few, ("a", "b"))["a"]) == 4


def test_a_moved_mask_keeps_its_shape_and_stays_within_the_image():
    mask = np.zeros((64, 64), bool)
    mask[0:9, 60:64] = mask[0:3, 55:64] = True
    places = set()
    for seed in range(40):
        found = moved(mask, np.random.default_rng(seed))
        rows, cols = (np.flatnonzero(found.any(axis)) for axis in (1, 0))
        assert (found[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1] == mask[0:9, 55:64]).all()
        assert rows[0] <= 4
        assert cols[-1] >= 59
        places.add((rows[0], cols[0]))
    assert len(places) > 10
    assert (on_grid(on_grid(mask, 128), 64) == mask).all()
