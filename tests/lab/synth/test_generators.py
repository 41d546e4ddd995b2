"""From a dataset to a generator, and from a generator back to a dataset."""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from radlens.domain.errors import (
    BadDataset,
    BadOrder,
    BadRecipe,
    Cancelled,
    Corrupted,
    DigestMismatch,
    NoSuchItem,
)
from radlens.domain.ledger import Kind, State
from radlens.lab.importing import import_folder
from radlens.lab.synth.card import card as generator_card
from radlens.lab.synth.compact import Compact
from radlens.lab.synth.export import export
from radlens.lab.synth.find import open_generator
from radlens.lab.synth.generate import Order, generate, regenerate
from radlens.lab.synth.train import train
from tests.lab.synth.taught import BRAIN, HOW, Taught, images_of, taught, unpacked
from tests.lab.synth.tiny_generator import write_synth_recipe
from tests.lab.tiny import write_dataset, write_manifest


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Taught]:
    with taught(tmp_path_factory.mktemp("made")) as opened:
        yield opened


def test_a_trained_generator_is_on_record_with_files_that_prove_themselves(made: Taught):
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


def test_a_generator_that_was_refined_in_a_former_way_is_not_drawn_with(
    made: Taught, tmp_path: Path
):
    about = json.loads((made.folder / "out" / "generator.json").read_text())
    del about["shape"]["network"]["refined"]
    (tmp_path / "generator.json").write_text(json.dumps(about))
    weights = (made.folder / "out" / "weights.safetensors").read_bytes()
    (tmp_path / "weights.safetensors").write_bytes(weights)
    with pytest.raises(Corrupted, match="refined in a way that is no more") as refused:
        open_generator(made.site, str(tmp_path))
    assert "--from" in refused.value.hint


def test_a_training_may_begin_with_another_generator_that_lacks_the_last_layers(
    made: Taught, tmp_path: Path
):
    data = str(made.folder / "data")
    before = write_synth_recipe(
        tmp_path / "before.toml", network={"fine": 0, "refiner": 0, "refined": 0}
    )
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


def test_a_training_does_not_begin_with_a_generator_of_other_layers(made: Taught, tmp_path: Path):
    recipe = write_synth_recipe(tmp_path / "r.toml", network={"widths": [8, 24]})
    with pytest.raises(BadRecipe, match="The generator tiny does not fit the recipe"):
        train(made.site, recipe, data=str(made.folder / "data"), out=tmp_path / "out", start="tiny")
    assert not (tmp_path / "out").exists()


def test_a_generator_of_the_time_before_the_last_layers_is_still_opened(
    made: Taught, tmp_path: Path
):
    recipe = write_synth_recipe(tmp_path / "old.toml", network={"fine": 0})
    train(made.site, recipe, data=str(made.folder / "data"), out=tmp_path / "out", name="old")
    about = json.loads((tmp_path / "out" / "generator.json").read_text())
    del about["shape"]["network"]["fine"]
    (tmp_path / "out" / "generator.json").write_text(json.dumps(about))
    old = open_generator(made.site, str(tmp_path / "out"))
    assert (old.draw(HOW, [0]) == open_generator(made.site, "old").draw(HOW, [0])).all()


def test_weights_that_changed_are_not_opened(made: Taught, tmp_path: Path):
    for name in ("generator.json", "weights.safetensors"):
        (tmp_path / name).write_bytes((made.folder / "out" / name).read_bytes())
    content = bytearray((tmp_path / "weights.safetensors").read_bytes())
    content[-1] ^= 1
    (tmp_path / "weights.safetensors").write_bytes(content)
    with pytest.raises(DigestMismatch):
        open_generator(made.site, str(tmp_path))


def test_synthetic_images_are_learned_from_only_where_the_recipe_says_so(
    made: Taught, tmp_path: Path
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


def test_every_image_can_be_drawn_again_from_its_record_bit_for_bit(made: Taught):
    dataset = generate(made.site, Order("meningioma", 10, "tiny", seed=4, steps=3))
    stored = images_of(made.site, dataset)
    assert len({*stored}) == 10
    for index in (0, 7, 9):
        assert regenerate(made.site, dataset.images[index]) == stored[index]
    with pytest.raises(NoSuchItem, match="does not say how it was drawn"):
        regenerate(made.site, replace(dataset.images[0], about={}))


def test_an_order_that_was_stopped_goes_on_and_draws_nothing_twice(made: Taught):
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


def test_a_cancelled_order_is_on_record_as_failed_and_makes_no_dataset(made: Taught):
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
def test_an_order_that_cannot_be_drawn_is_refused_with_a_hint(made: Taught, changes: dict):
    with pytest.raises(BadOrder) as refused:
        generate(made.site, replace(Order("glioma", 3, "tiny", steps=2), **changes))
    assert refused.value.hint


def test_nobody_draws_what_nobody_learned(made: Taught):
    with pytest.raises(NoSuchItem, match="No generator draws"):
        generate(made.site, Order("unheard_of", 3))


def test_an_export_is_imported_again_as_what_it_is_even_where_its_manifest_lies(
    made: Taught, tmp_path: Path
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
