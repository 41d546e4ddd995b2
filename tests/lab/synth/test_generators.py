"""From a dataset to a generator, from a few images to a new disease, and back to a dataset."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
import torch
from PIL import Image as Picture

from radlens.domain.dataset import Dataset
from radlens.domain.errors import (
    BadDataset,
    BadOrder,
    BadRecipe,
    Cancelled,
    Conflict,
    DigestMismatch,
    NoSuchItem,
    NotThisTask,
    UnreadableImage,
)
from radlens.domain.generator import GeneratorRun
from radlens.domain.ledger import Kind, State
from radlens.imaging.encode import made_in, restore
from radlens.lab.importing import import_folder
from radlens.lab.synth.adapt import Adaptation, adapt
from radlens.lab.synth.adapter import Adapted
from radlens.lab.synth.card import card as generator_card
from radlens.lab.synth.compact import Compact
from radlens.lab.synth.export import combined, export
from radlens.lab.synth.find import find_for, open_generator
from radlens.lab.synth.generate import Order, generate, regenerate
from radlens.lab.synth.generator import Drawing, Lesson
from radlens.lab.synth.images import few as few_images
from radlens.lab.synth.lora import switch
from radlens.lab.synth.provenance import Provenance
from radlens.lab.synth.train import train
from radlens.ports import Site
from radlens.usecases.datasets import dataset_of, register
from tests.builders import TASKS, picture, png, tiny_site
from tests.lab.synth.tiny_generator import write_synth_recipe
from tests.lab.tiny import write_dataset, write_manifest

BRAIN = TASKS["brain-tumor"]
HOW = Drawing("glioma", seed=5, guidance=2.0, steps=3)


@dataclass(frozen=True)
class Made:
    site: Site
    folder: Path
    trained: GeneratorRun
    adapted: GeneratorRun


def few(folder: Path, n: int = 6, *, first: int = 500) -> Path:
    """A folder of so many images of a disease."""
    folder.mkdir(parents=True)
    for i in range(n):
        (folder / f"{i}.png").write_bytes(png(picture(seed=first + i, rows=64, cols=64)))
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("made")
    write_dataset(folder / "data", BRAIN, {"train": 24, "val": 8, "test": 8})
    recipe = write_synth_recipe(folder / "tiny.toml")
    with tiny_site(folder / "home") as site:
        trained = train(site, recipe, data=str(folder / "data"), out=folder / "out", name="tiny")
        wish = Adaptation("rare", few(folder / "few"), "brain-tumor", "a ring", "tiny", seed=2)
        adapted = adapt(site, wish, out=folder / "rare")
        yield Made(site, folder, trained, adapted)


def images_of(site: Site, dataset: Dataset) -> list[bytes]:
    return [site.blobs.get(image.digest) for image in dataset.images]


def test_a_trained_generator_is_on_record_with_files_that_prove_themselves(made: Made):
    run = made.trained
    assert (run.state, run.labels, run.images) == (State.DONE, BRAIN.names, 24)
    about = open_generator(made.site, "tiny").about
    assert about.digest == run.version
    assert about.made["record"] == run.id
    assert about.made["dataset"] == run.dataset
    for reference in (run.id, run.version, str(made.folder / "out")):
        assert open_generator(made.site, reference).about == about
    weights = made.folder / "out" / "weights.safetensors"
    assert weights.stat().st_size < 2.5 * about.made["parameters"]
    card = (made.folder / "out" / "card.md").read_text()
    assert "Made for tests from 24 images." in card
    assert run.id in card
    assert card == generator_card(about)


def test_a_training_may_begin_with_another_generator_that_lacks_the_last_layers(
    made: Made, tmp_path: Path
):
    data = str(made.folder / "data")
    before = write_synth_recipe(tmp_path / "before.toml", network={"fine": 0, "refiner": 0})
    first = train(made.site, before, data=data, out=tmp_path / "before", name="before")
    recipe = write_synth_recipe(tmp_path / "after.toml", course={"steps": 0})
    with pytest.raises(BadRecipe, match="without steps learns nothing"):
        train(made.site, recipe, data=data, out=tmp_path / "nothing")
    run = train(made.site, recipe, data=data, out=tmp_path / "after", name="after", start="before")
    assert first.version in run.parents
    base, after = open_generator(made.site, "before"), open_generator(made.site, "after")
    assert after.about.made["start"] == {"digest": base.about.digest, "made": base.about.made}
    assert isinstance(base, Compact)
    assert isinstance(after, Compact)
    weights = after.network.state_dict()
    for name, value in base.network.state_dict().items():
        assert torch.equal(weights[name], value), name
    assert after.about.made["refined"]["images_seen"] == 8
    assert weights["refiner.last.bias"].abs().max() > 0
    card = generator_card(after.about)
    assert "- Refined: " in card
    assert "which had seen 24 images in" in card
    assert "layers were left as they were" in card
    assert "Refined" not in generator_card(base.about)


@pytest.mark.parametrize("start", ["rare", "tiny"])
def test_a_training_does_not_begin_with_a_generator_of_other_classes_or_layers(
    made: Made, tmp_path: Path, start: str
):
    recipe = write_synth_recipe(tmp_path / "r.toml", network={"widths": [8, 24]})
    with pytest.raises(BadRecipe, match=f"The generator {start} does not fit the recipe"):
        train(made.site, recipe, data=str(made.folder / "data"), out=tmp_path / "out", start=start)
    assert not (tmp_path / "out").exists()


def test_a_generator_of_the_time_before_the_last_layers_is_still_opened(made: Made, tmp_path: Path):
    recipe = write_synth_recipe(tmp_path / "old.toml", network={"fine": 0})
    train(made.site, recipe, data=str(made.folder / "data"), out=tmp_path / "out", name="old")
    about = json.loads((tmp_path / "out" / "generator.json").read_text())
    del about["shape"]["network"]["fine"]
    (tmp_path / "out" / "generator.json").write_text(json.dumps(about))
    old = open_generator(made.site, str(tmp_path / "out"))
    assert (old.draw(HOW, [0]) == open_generator(made.site, "old").draw(HOW, [0])).all()


def test_weights_that_changed_are_not_opened(made: Made, tmp_path: Path):
    for name in ("generator.json", "weights.safetensors"):
        (tmp_path / name).write_bytes((made.folder / "out" / name).read_bytes())
    content = bytearray((tmp_path / "weights.safetensors").read_bytes())
    content[-1] ^= 1
    (tmp_path / "weights.safetensors").write_bytes(content)
    with pytest.raises(DigestMismatch):
        open_generator(made.site, str(tmp_path))


def test_synthetic_images_are_learned_from_only_where_the_recipe_says_so(
    made: Made, tmp_path: Path
):
    rows = write_dataset(tmp_path / "data", BRAIN, {"train": 24, "val": 8, "test": 8})
    for row in rows:
        row["synthetic"] = "phantom" if row["split"] == "train" else ""
    write_manifest(tmp_path / "data", rows)
    recipe = write_synth_recipe(tmp_path / "tiny.toml")
    with pytest.raises(BadDataset, match="Every image of data in train is synthetic"):
        train(made.site, recipe, data=str(tmp_path / "data"), out=tmp_path / "out")
    recipe = write_synth_recipe(tmp_path / "made.toml", plain={"synthetic": True})
    run = train(made.site, recipe, data=str(tmp_path / "data"), out=tmp_path / "other")
    assert open_generator(made.site, run.id).about.simulated


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
    found = few_images(made.site, few(tmp_path / "few", len(splits)), disease="apart", task=BRAIN)
    images = tuple(replace(i, split=s) for i, s in zip(found.images, splits, strict=True))
    dataset = replace(found, name="apart-images", images=images)
    register(made.site, dataset)
    return dataset


def test_of_a_dataset_on_record_the_training_images_of_the_disease_are_learned_and_no_others(
    made: Made, tmp_path: Path
):
    dataset = split_few(made, tmp_path, ("train", "val", "train", "test", "train", "val"))
    wish = Adaptation("apart", "apart-images", "brain-tumor", "", "tiny")
    run = adapt(made.site, wish, out=tmp_path / "out")
    assert (run.dataset, run.images) == (dataset.id, 3)
    scans = [restore(made.site.blobs.get(i.digest), i.stored) for i in dataset.images[::2]]
    base = open_generator(made.site, "tiny")
    again = base.learn(Lesson("apart", "", tuple(scans), BRAIN, 1), tmp_path)
    assert (
        made.site.blobs.get(run.files["adapter.safetensors"])
        == again.parts()["adapter.safetensors"]
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
        assert restore(content, image.stored).pixels.shape == (16, 16)


def test_every_image_can_be_drawn_again_from_its_record_bit_for_bit(made: Made):
    dataset = generate(made.site, Order("meningioma", 10, "tiny", seed=4, steps=3))
    stored = images_of(made.site, dataset)
    assert len({*stored}) == 10
    for index in (0, 7, 9):
        assert regenerate(made.site, dataset.images[index]) == stored[index]
    with pytest.raises(NoSuchItem, match="does not say how it was drawn"):
        regenerate(made.site, replace(dataset.images[0], about={}))


def test_an_order_that_was_stopped_goes_on_and_draws_nothing_twice(made: Made):
    order = Order("glioma", 45, "tiny", seed=9, steps=2)
    heard: list[int] = []

    def stop(done: int, of: int) -> None:
        heard.append(done)
        if done == 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(made.site, order, seen=stop)
    dataset = generate(made.site, order, seen=lambda done, _: heard.append(done))
    assert heard == [0, 40, 40, 45]
    assert len(dataset.images) == 45
    assert images_of(made.site, dataset)[:40] == [
        regenerate(made.site, image) for image in dataset.images[:40]
    ]


def test_a_cancelled_order_is_on_record_as_failed_and_makes_no_dataset(made: Made):
    def cancel(done: int, of: int) -> None:
        raise Cancelled("It was cancelled.")

    before = made.site.ledger.items(Kind.DATASET)
    with pytest.raises(Cancelled):
        generate(made.site, Order("glioma", 2, "tiny", seed=77, steps=2), seen=cancel)
    assert made.site.ledger.items(Kind.GENERATION)[0].state is State.FAILED
    assert made.site.ledger.items(Kind.DATASET) == before


@pytest.mark.parametrize(
    "changes",
    [
        {"n": 0},
        {"n": 1_000_000},
        {"steps": 0},
        {"seed": -1},
        {"guidance": float("nan")},
        {"disease": "nobody", "generator": "tiny"},
    ],
)
def test_an_order_that_cannot_be_drawn_is_refused_with_a_hint(made: Made, changes: dict):
    with pytest.raises(BadOrder) as refused:
        generate(made.site, replace(Order("glioma", 3, "tiny", steps=2), **changes))
    assert refused.value.hint


def test_nobody_draws_what_nobody_learned(made: Made):
    with pytest.raises(NoSuchItem, match="No generator draws"):
        generate(made.site, Order("unheard_of", 3))


def unpacked(archive: Path, folder: Path) -> Path:
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    return folder


def test_an_export_is_imported_again_as_what_it_is_even_where_its_manifest_lies(
    made: Made, tmp_path: Path
):
    parts = [generate(made.site, Order(name, 3, "tiny", steps=2)) for name in BRAIN.names[:2]]
    dataset = replace(
        parts[0],
        images=tuple(
            replace(image, file=f"{n}-{image.file}")
            for n, d in enumerate(parts)
            for image in d.images
        ),
    )
    (tmp_path / "made.zip").write_bytes(export(made.site, dataset))
    folder = unpacked(tmp_path / "made.zip", tmp_path / "unpacked")
    assert "Simulated" in (folder / "card.md").read_text()
    again = import_folder(made.site, folder, task=BRAIN)
    assert [i.digest for i in again.images] == [i.digest for i in dataset.images]
    assert [i.about for i in again.images] == [i.about for i in dataset.images]
    with (folder / "manifest.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    write_manifest(folder, [row | {"synthetic": "", "provenance": ""} for row in rows])
    lied = import_folder(made.site, folder, task=BRAIN)
    assert all(image.synthetic for image in lied.images)
    assert [i.about["provenance"] for i in lied.images] == [
        i.about["provenance"] for i in dataset.images
    ]


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
