"""From a few images to a generator that draws a new disease, and what it draws."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
import torch
from PIL import Image as Picture
from safetensors.torch import load_file

from radlens.domain.dataset import Dataset
from radlens.domain.errors import (
    BadDataset,
    BadOrder,
    BadRecipe,
    Cancelled,
    Conflict,
    Corrupted,
    NoSuchItem,
    NotThisTask,
    UnreadableImage,
)
from radlens.domain.generator import GeneratorRun
from radlens.domain.job import PutBack
from radlens.domain.ledger import Kind, State
from radlens.imaging.encode import made_in, restore
from radlens.lab.checkpoint import CHECKPOINT
from radlens.lab.checkpoint import State as Reached
from radlens.lab.subject import scan_of
from radlens.lab.synth.adapt import Adaptation, adapt
from radlens.lab.synth.adapter import Adapted
from radlens.lab.synth.compact import Compact
from radlens.lab.synth.export import combined, export
from radlens.lab.synth.find import find_for, open_generator
from radlens.lab.synth.generate import Order, generate
from radlens.lab.synth.generator import Lesson
from radlens.lab.synth.images import few as few_images
from radlens.lab.synth.lora import read_lora, switch
from radlens.lab.synth.provenance import Provenance
from radlens.lab.synth.train import train
from radlens.usecases.datasets import dataset_of, found, register
from tests.builders import picture, png
from tests.lab.synth.taught import BRAIN, HOW, Taught, few, images_of, taught, unpacked
from tests.lab.synth.tiny_generator import ADAPT, write_synth_recipe


@dataclass(frozen=True)
class Made(Taught):
    """Also an adapted generator, ``rare``."""

    adapted: GeneratorRun


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("made")
    with taught(folder) as at:
        wish = Adaptation("rare", few(folder / "few"), "brain-tumor", "a ring", "tiny", seed=2)
        adapted = adapt(at.site, wish, out=folder / "rare")
        yield Made(at.site, folder, at.trained, adapted)


def test_an_adapted_generator_draws_the_classes_of_its_base_exactly_as_before(made: Made):
    base, adapted = open_generator(made.site, "tiny"), open_generator(made.site, "rare")
    assert adapted.about.base == base.about.digest
    assert adapted.about.labels == (*BRAIN.names, "rare")
    assert (base.draw(HOW, range(4)) == adapted.draw(HOW, range(4))).all()
    rare = adapted.draw(replace(HOW, label="rare"), range(4))
    assert (rare != adapted.draw(HOW, range(4))).any()
    assert (rare == open_generator(made.site, "rare").draw(replace(HOW, label="rare"), [2])[0])[
        2
    ].all()


def test_with_its_matrices_off_the_network_is_the_base_bit_for_bit(made: Made):
    base, adapted = open_generator(made.site, "tiny"), open_generator(made.site, "rare")
    assert isinstance(base, Compact)
    assert isinstance(adapted, Adapted)
    x = torch.randn(2, 1, 16, 16)
    asked = (x, torch.tensor([900, 10]), torch.tensor([0, 3]))
    with torch.inference_mode():
        switch(adapted.network, on=False)
        assert (base.network(*asked) == adapted.network(*asked)).all()
        switch(adapted.network, on=True)
        assert (base.network(*asked) != adapted.network(*asked)).any()


def test_an_adaptation_is_on_record_with_its_images_and_what_it_came_from(made: Made):
    run = made.adapted
    assert (run.state, run.disease, run.prompt, run.images) == (State.DONE, "rare", "a ring", 6)
    assert run.parents == (run.dataset, made.trained.version)
    dataset = dataset_of(made.site, made.site.ledger.get(run.dataset))
    assert dataset.labels == (*BRAIN.names, "rare")
    assert [image.truth[-1] for image in dataset.images] == [1.0] * 6
    assert set(run.files) > {"weights.safetensors", "adapter.safetensors", "generator.json"}


def test_a_generator_may_bring_along_the_course_by_which_a_disease_is_learned(
    made: Made, tmp_path: Path
):
    base, about = open_generator(made.site, "tiny"), open_generator(made.site, "rare").about
    assert about.made["course"] == ADAPT | {"seed": 2, "lean": 1.0}
    assert about.made["figures"]["images_seen"] == ADAPT["steps"] * ADAPT["batch"]
    shape = {name: value for name, value in base.about.shape.items() if name != "adapt"}
    plain = replace(base, about=replace(base.about, shape=shape))
    scans = tuple(
        scan_of(made.site.blobs, i) for i in found(made.site, made.adapted.dataset).images
    )
    heard: list[int] = []

    def stop(at: Reached, of: int) -> None:
        heard.append(of)
        raise PutBack

    with pytest.raises(PutBack):
        plain.learn(Lesson("rare", "", scans, BRAIN, 1), tmp_path, stop)
    assert heard == [read_lora().course.steps]
    odd = replace(base, about=replace(base.about, shape=shape | {"adapt": {"steps": "many"}}))
    with pytest.raises(Corrupted, match="The course of the generator tiny does not fit"):
        odd.learn(Lesson("rare", "", scans, BRAIN, 1), tmp_path, stop)


def test_the_same_images_and_seed_teach_the_same_and_what_is_done_is_not_learned_again(
    made: Made, tmp_path: Path
):
    wish = Adaptation("rare", made.folder / "few", "brain-tumor", "a ring", "tiny", seed=2)
    heard: list[tuple[int, int]] = []
    (tmp_path / "out").mkdir()
    checkpoint = made.folder / "rare" / "checkpoint.safetensors"
    (tmp_path / "out" / checkpoint.name).write_bytes(checkpoint.read_bytes())
    again = adapt(made.site, wish, out=tmp_path / "out", seen=lambda *at: heard.append(at))
    assert again.files["adapter.safetensors"] == made.adapted.files["adapter.safetensors"]
    assert heard == []


def test_a_training_does_not_begin_with_a_generator_of_other_classes(made: Made, tmp_path: Path):
    recipe = write_synth_recipe(tmp_path / "r.toml", network={"widths": [8, 24]})
    with pytest.raises(BadRecipe, match="The generator rare does not fit the recipe"):
        train(made.site, recipe, data=str(made.folder / "data"), out=tmp_path / "out", start="rare")
    assert not (tmp_path / "out").exists()


REFUSED = {
    "too few": (BadDataset, "from 4 images", {"n": 4}),
    "a name with blanks": (BadOrder, "cannot be called", {"disease": "ring lesion"}),
    "a class that it draws": (Conflict, "draws 'glioma' already", {"disease": "glioma"}),
    "a long prompt": (BadOrder, "10,000 characters", {"prompt": "x" * 10_000}),
    "no such generator": (NoSuchItem, "nobody", {"generator": "nobody"}),
    "another task's": (BadOrder, "is for brain-tumor", {"task": "chest-xray"}),
    "no such task": (BadRecipe, "no task card", {"task": "knee"}),
}


@pytest.mark.parametrize(("error", "words", "changes"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_learned_is_refused_and_leaves_nothing(
    made: Made, tmp_path: Path, error: type[Exception], words: str, changes: dict
):
    before = len(made.site.ledger.items(Kind.GENERATOR)), len(made.site.ledger.items(Kind.DATASET))
    images = few(tmp_path / "images", changes.pop("n", 6), first=700)
    wish = replace(Adaptation("other", images, "brain-tumor", "", "tiny"), **changes)
    with pytest.raises(error, match=words):
        adapt(made.site, wish, out=tmp_path / "out")
    after = len(made.site.ledger.items(Kind.GENERATOR)), len(made.site.ledger.items(Kind.DATASET))
    assert after == before
    assert not (tmp_path / "out").exists()


def spoiled(folder: Path, how: str) -> Path:
    few(folder, 6, first=800)
    if how == "copies":
        for i in range(6):
            (folder / f"{i}.png").write_bytes(png(picture(seed=1, rows=64, cols=64)))
    elif how == "colour":
        rng = np.random.default_rng(1)
        (folder / "1.png").write_bytes(png(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)))
    elif how == "text":
        (folder / "notes.txt").write_text("no image")
    return folder


@pytest.mark.parametrize(
    ("how", "error", "words"),
    [
        ("copies", BadDataset, "show only 1 pictures"),
        ("colour", NotThisTask, "1 of 6 images are refused, first 1.png"),
        ("text", UnreadableImage, "notes.txt"),
    ],
)
def test_images_that_cannot_teach_are_refused(
    made: Made, tmp_path: Path, how: str, error: type[Exception], words: str
):
    images = spoiled(tmp_path / "images", how)
    with pytest.raises(error, match=words):
        adapt(made.site, Adaptation("o", images, "brain-tumor", "", "tiny"), out=tmp_path / "out")


def split_few(made: Made, tmp_path: Path, splits: tuple[str, ...]) -> Dataset:
    """Images of "apart" on record, in these splits."""
    shown = few_images(made.site, few(tmp_path / "few", len(splits)), disease="apart", task=BRAIN)
    images = tuple(replace(i, split=s) for i, s in zip(shown.images, splits, strict=True))
    dataset = replace(shown, name="apart-images", images=images)
    register(made.site, dataset)
    return dataset


def test_of_a_dataset_on_record_the_training_images_of_the_disease_are_learned_and_no_others(
    made: Made, tmp_path: Path
):
    dataset = split_few(made, tmp_path, ("train", "val", "train", "test", "train", "val"))
    wish = Adaptation("apart", "apart-images", "brain-tumor", "", "tiny")
    out, lap, first = tmp_path / "out", ADAPT["lap"], {}

    def seen(done: int, of: int) -> None:
        if done == lap and (out / CHECKPOINT).exists():
            first.update(load_file(out / CHECKPOINT))

    run = adapt(made.site, wish, out=out, seen=seen)
    assert (run.dataset, run.images) == (dataset.id, 3)
    scans = [restore(made.site.blobs.get(i.digest), i.stored) for i in dataset.images[::2]]
    lesson = Lesson("apart", "", tuple(scans), BRAIN, 1)
    base = open_generator(made.site, "tiny")

    def stop(at: Reached, of: int) -> None:
        if (tmp_path / CHECKPOINT).exists():
            raise PutBack

    # What is learned from these scans is the same after a lap, and a folder of other scans or
    # another seed would be refused: so it is the same at the end.
    with pytest.raises(PutBack):
        base.learn(lesson, tmp_path, stop)
    again = load_file(tmp_path / CHECKPOINT)
    assert first.keys() == again.keys()
    assert all(torch.equal(first[name], again[name]) for name in first)
    heard: list[int] = []
    ended = base.learn(lesson, out, lambda at, _: heard.append(at.step))
    assert heard == []
    assert (
        made.site.blobs.get(run.files["adapter.safetensors"])
        == ended.parts()["adapter.safetensors"]
    )


@pytest.mark.parametrize(
    ("splits", "disease", "words"),
    [
        (("train",) * 6, "other", "has 0 real images of other"),
        (("train",) * 4, "apart", "has 4 real images of apart"),
        (("val", "test") * 3, "apart", "is in train"),
    ],
)
def test_a_dataset_that_shows_too_little_of_a_disease_teaches_nothing(
    made: Made, tmp_path: Path, splits: tuple[str, ...], disease: str, words: str
):
    whole = split_few(made, tmp_path, (*splits, "val", "val"))
    dataset = replace(whole, images=whole.images[: len(splits)])
    register(made.site, dataset)
    wish = Adaptation(disease, dataset.id, "brain-tumor", "", "tiny")
    with pytest.raises(BadDataset, match=words):
        adapt(made.site, wish, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_synthetic_images_teach_no_disease(made: Made, tmp_path: Path):
    images = few(tmp_path / "images", 5, first=900)
    dataset = generate(made.site, Order("glioma", 1, "tiny", steps=2))
    (images / "made.png").write_bytes(images_of(made.site, dataset)[0])
    with pytest.raises(BadDataset, match=r"made.png is a synthetic image"):
        adapt(made.site, Adaptation("o", images, "brain-tumor", "", "tiny"), out=tmp_path / "out")


def test_a_cancelled_adaptation_is_on_record_as_failed(made: Made, tmp_path: Path):
    def cancel(done: int, of: int) -> None:
        raise Cancelled("It was cancelled.")

    wish = Adaptation("gone", few(tmp_path / "few", first=600), "brain-tumor", "", "tiny")
    with pytest.raises(Cancelled):
        adapt(made.site, wish, out=tmp_path / "out", seen=cancel)
    [item] = made.site.ledger.items(Kind.GENERATOR, name="gone")
    assert item.state is State.FAILED
    with pytest.raises(NoSuchItem):
        find_for(made.site, "gone")


def test_an_order_becomes_a_dataset_whose_images_say_what_they_are(made: Made):
    dataset = generate(made.site, Order("rare", 11, seed=3, steps=3, name="rare-made"))
    assert dataset.name == made.site.ledger.get(dataset.id).name == "rare-made"
    assert dataset.simulated
    assert dataset.splits == ("train",)
    assert dataset.labels == (*BRAIN.names, "rare")
    about = open_generator(made.site, "rare").about
    assert dataset.history["generator"] == about.name
    for index, (image, content) in enumerate(
        zip(dataset.images, images_of(made.site, dataset), strict=True)
    ):
        origin = Provenance(about.digest, "rare", 3, index, 2.0, 3)
        assert image.about["provenance"] == origin.text == made_in(content)
        assert Provenance.read(image.about["provenance"]) == origin
        assert Picture.open(io.BytesIO(content)).text == {
            "Synthetic image of no patient": origin.text
        }
        assert image.truth == (0.0, 0.0, 0.0, 0.0, 1.0)
        assert restore(content, image.stored).pixels.shape == (24, 24)


def test_a_combined_export_keeps_the_real_images_apart_from_the_synthetic_ones(
    made: Made, tmp_path: Path
):
    real = dataset_of(made.site, made.site.ledger.get(made.trained.dataset))
    drawn = generate(made.site, Order("rare", 3, steps=2))
    both = combined(drawn, real, BRAIN)
    assert both.labels == (*BRAIN.names, "rare")
    assert both.images[0].truth == (1.0, 0.0, 0.0, 0.0, 0.0)
    assert sum(image.synthetic for image in both.images) == 3
    assert {image.split for image in both.images if image.synthetic} == {"train"}
    register(made.site, both)
    (tmp_path / "both.zip").write_bytes(export(made.site, both, dicom=True))
    folder = unpacked(tmp_path / "both.zip", tmp_path / "unpacked")
    assert len([*(folder / "images").iterdir()]) == len(both.images)
    files = [pydicom.dcmread(path) for path in (folder / "dicom").iterdir()]
    assert len(files) == 3
    for file in files:
        assert [*file.ImageType] == ["DERIVED", "SECONDARY", "OTHER"]
        assert file.ConversionType == "SYN"
        assert "SYNTHETIC" in file.SeriesDescription
        assert Provenance.read(file.ImageComments).label == "rare"
    with pytest.raises(BadOrder, match="is of chest-xray, and"):
        combined(replace(drawn, task="chest-xray"), real, BRAIN)
