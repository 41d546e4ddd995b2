"""An assessment says what synthetic images are worth, names the copies, and is on record."""

import json
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image as Picture

from radlens.domain.dataset import Dataset
from radlens.domain.errors import BadDataset, NoSuchItem
from radlens.domain.ledger import Kind
from radlens.lab.synth.assess import CARD, SHEET, Assessed, assess
from radlens.lab.synth.features import EMBEDDINGS
from radlens.ports import Site
from radlens.usecases.datasets import named, register
from radlens.usecases.release import releases
from tests.builders import TASKS, png, tiny_site
from tests.lab.planted import alike, stored
from tests.lab.synth.made import BRAIN, HELD, TRAIN, hidden, made_images, real_images

FRESH, COPIED = 40, (5, 33, 40)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with tiny_site(tmp_path_factory.mktemp("home"), record=False) as opened:
        real_images(opened)
        pixels = [alike(1000 + n) for n in range(FRESH)] + [hidden(seed) for seed in COPIED]
        made_images(opened, pixels, name="made")
        yield opened


@pytest.fixture(scope="module")
def told() -> list[tuple[int, int]]:
    return []


@pytest.fixture(scope="module")
def done(site: Site, told: list[tuple[int, int]]) -> Assessed:
    return assess(site, "made", against="real", seen=lambda *at: told.append(at))


def test_the_copies_are_named_with_what_they_repeat_and_nothing_else_is(site: Site, done: Assessed):
    real, made = named(site, "real"), named(site, "made")
    assert real
    assert made
    found = done.item.body["copies"]
    assert [(c["file"], c["repeats"]) for c in found["found"]] == [
        (made.images[FRESH + n].file, real.images[seed].file) for n, seed in enumerate(COPIED)
    ]
    assert found["rate"]["hits"] == len(COPIED)
    assert found["rate"]["at_most"] > len(COPIED) / (FRESH + len(COPIED))


def test_the_search_finds_planted_copies_and_spares_held_out_images(done: Assessed):
    found = done.item.body["copies"]
    assert found["control"]["planted"] == 10
    assert found["control"]["caught"] >= 9
    assert found["held_out_accused"]["hits"] <= 0.01 * found["held_out_accused"]["n"]


def test_a_version_without_the_copies_is_on_record(site: Site, done: Assessed):
    made = named(site, "made")
    rest = named(site, "made-without-copies")
    assert made
    assert rest
    assert done.item.body["without_copies"] == rest.id
    assert rest.images == made.images[:FRESH]
    assert rest.parents == ("a generation", made.id)


def test_an_assessment_is_an_entry_under_both_datasets_and_plain_json(site: Site, done: Assessed):
    item = site.ledger.get(done.item.id)
    made, real = named(site, "made"), named(site, "real")
    assert made
    assert real
    assert item == done.item
    assert (item.kind, item.parents) == (Kind.ASSESSMENT, (made.id, real.id))
    assert json.loads(json.dumps(dict(item.body), allow_nan=False)) == item.body
    assert {site.blobs.get(digest) for digest in item.files.values()} == {*done.files.values()}


def test_every_figure_is_there_of_the_whole_and_of_each_class(done: Assessed):
    body = done.item.body
    assert body["images"] == {"made": FRESH + len(COPIED), "train": TRAIN, "held_out": HELD}
    assert [*body["classes"]] == [*BRAIN.names]
    names = {"fid", "kid", "precision", "recall", "density", "coverage"}
    for embedding in EMBEDDINGS:
        found = body["whole"]["fidelity"][embedding]
        assert {*found} == names | {f"{name}_real" for name in names} | {"fid_ratio"}
        assert (
            found["fid_ratio"]["low"] <= found["fid_ratio"]["value"] <= found["fid_ratio"]["high"]
        )
    assert {*body["whole"]["diversity"]} == {"ssim", "ssim_real", "ms_ssim", "ms_ssim_real"}
    assert {*body["whole"]["agreement"]} == {*body["judges"]} == {"tiny-1", "held-out classifier"}
    assert {*body["copies"]["membership"]} == {*EMBEDDINGS, "pixels"}


def test_a_class_of_too_few_images_is_not_measurable(done: Assessed):
    glioma = done.item.body["classes"]["glioma"]
    assert glioma["images"]["made"] < 20
    assert glioma["fidelity"] == {name: {} for name in EMBEDDINGS}
    assert glioma["diversity"] == {}


def test_the_card_and_the_sheet_can_be_read(done: Assessed):
    card = done.files[CARD].decode()
    assert "3 of 43 images repeat a training image" in card
    assert done.item.body["copies"]["found"][0]["file"] in card
    sheet = Picture.open(BytesIO(done.files[SHEET]))
    assert sheet.format == "PNG"
    assert min(sheet.size) > 500


def test_progress_never_goes_back_and_ends_at_its_end(done: Assessed, told: list[tuple[int, int]]):
    assert told == sorted(told)
    assert told[-1] == (100, 100)


def test_copies_block_the_release_and_say_why(site: Site, done: Assessed):
    made = named(site, "made")
    assert made
    for each in releases(site, made).values():
        assert not each.released
        assert "3 of its 43 images repeat a training image" in each.sentence


def test_a_generator_that_learned_twenty_images_by_heart_is_caught(site: Site):
    pixels = [hidden(n % 20) for n in range(40)]
    rng = np.random.default_rng(0)
    blurred = [(p * 0.9 + rng.normal(10, 5, p.shape)).clip(0, 255).astype(np.uint8) for p in pixels]
    made = made_images(site, blurred, name="by heart")
    body = assess(site, "by heart", against="real").item.body
    assert body["copies"]["rate"]["hits"] >= 36
    near, apart = body["copies"]["membership"]["pixels"], body["whole"]["fidelity"]["imagenet"]
    assert near["value"] > 0.55
    assert apart["coverage"]["value"] < apart["coverage_real"]["value"]
    assert not any(each.released for each in releases(site, made).values())


def test_held_out_images_that_repeat_a_training_image_are_no_yardstick(site: Site):
    pixels = [alike(seed) for seed in range(TRAIN + 30)]
    pixels[60] = alike(3)[:, ::-1]
    splits = ["train"] * TRAIN + ["test"] * 30
    leaky = stored(site, [png(np.ascontiguousarray(p)) for p in pixels], BRAIN, splits=splits)
    register(site, replace(leaky, name="leaky"))
    made_images(site, [alike(2000 + n) for n in range(20)], name="twenty")
    done = assess(site, "twenty", against="leaky")
    assert done.item.body["repeated"] == [leaky.images[60].file]
    assert done.item.body["images"]["held_out"] == 29
    assert "**1 held-out images show what a training image shows" in done.files[CARD].decode()


@pytest.mark.parametrize(
    ("reference", "against", "error", "words"),
    [
        ("nobody", "real", NoSuchItem, "no dataset 'nobody'"),
        ("made", "nobody", NoSuchItem, "no dataset 'nobody'"),
        ("real", "real", BadDataset, "0 synthetic images in real; at least 20"),
        ("few", "real", BadDataset, "19 synthetic images in few; at least 20"),
        ("chests", "real", BadDataset, "chests is of chest-xray"),
        ("made", "trained", BadDataset, "0 held-out real images in trained"),
        ("made", "made", BadDataset, "0 real training images in made"),
        ("blank", "real", BadDataset, "The image is blank"),
    ],
)
def test_what_cannot_be_assessed_is_refused_and_leaves_nothing(
    site: Site, reference: str, against: str, error: type[Exception], words: str
):
    made_images(site, [alike(n) for n in range(19)], name="few")
    made_images(site, [alike(n) for n in range(20)], name="chests", task=TASKS["chest-xray"])
    plain = np.full((64, 64), 7, np.uint8)
    made_images(site, [*(alike(n) for n in range(20)), plain], name="blank")
    real_images(site, "trained", splits=["train"] * (TRAIN + HELD))
    before = site.ledger.items(Kind.ASSESSMENT), site.ledger.items(Kind.DATASET)
    with pytest.raises(error, match=words):
        assess(site, reference, against=against)
    assert (site.ledger.items(Kind.ASSESSMENT), site.ledger.items(Kind.DATASET)) == before


def test_the_same_seed_measures_the_same(site: Site, done: Assessed):
    assert assess(site, "made", against="real").item.body == done.item.body


def test_images_of_a_class_that_the_live_model_never_heard_of_are_assessed(site: Site):
    def widened(name: str, last: int) -> Dataset:
        dataset = named(site, name)
        assert dataset
        images = tuple(
            replace(i, truth=(0.0, 0.0, 0.0, 0.0, 1.0) if n < last else (*i.truth, 0.0))
            for n, i in enumerate(dataset.images)
        )
        wide = replace(dataset, name=f"{name}-wide", labels=(*BRAIN.names, "new"), images=images)
        register(site, wide)
        return wide

    item = assess(site, widened("made", FRESH).id, against=widened("real", 8).id).item
    live, outside = item.body["judges"]
    new = item.body["classes"]["new"]
    assert new["images"] == {"made": FRESH, "train": 8, "held_out": 0}
    assert new["agreement"][live]["made"]["value"] == 0
    assert new["agreement"][outside]["made"]["value"] == 0
