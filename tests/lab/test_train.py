"""From a folder of images and a recipe to a bundle that serving accepts."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import onnx
import pytest
import torch
from safetensors.torch import load_file

from radlens.bootstrap import open_site
from radlens.domain.errors import BadBundle, BadRecipe, NoSuchItem
from radlens.domain.job import PutBack
from radlens.domain.ledger import Kind, State
from radlens.domain.metrics import proportion_of
from radlens.domain.model import KNOWN, Manifest
from radlens.domain.run import Run, differences
from radlens.domain.task import Mode
from radlens.engines.bundle import read_bundle
from radlens.lab.again import finish_again, reproduce
from radlens.lab.checkpoint import save_weights
from radlens.lab.logbook import Logbook, find_run, read_run
from radlens.lab.markdown import said
from radlens.lab.networks import build
from radlens.lab.recipe import read_recipe
from radlens.lab.record import weights_digest
from radlens.lab.remember import remember
from radlens.lab.start import start_from
from radlens.lab.train import train
from radlens.ports import Site
from radlens.settings import Settings
from tests.architecture.typed import content, regenerated
from tests.builders import TASKS, signed
from tests.lab.tiny import tiny_data, write_dataset, write_recipe

TASK = TASKS["brain-tumor"]


@dataclass(frozen=True)
class Done:
    """A finished run: its folder, site and entry."""

    folder: Path
    site: Site
    entry: Run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    """One short run, made once: the export is the slow part."""
    folder = tmp_path_factory.mktemp("run")
    write_dataset(folder / "data", TASK, {"train": 24, "val": 12, "test": 12})
    recipe = write_recipe(folder / "recipe.toml", epochs=2)
    with open_site(Settings(home=folder / "home", workers=1, gallery="gallery")) as site:
        entry = train(site, recipe, data=str(folder / "data"), out=folder / "out")
        assert entry
        yield Done(folder, site, entry)


def test_the_bundle_is_one_that_serving_opens_and_the_card_holds_its_figures(run: Done):
    bundle = read_bundle(run.folder / "out" / "brain-tumor", TASK)
    manifest = bundle.manifest
    assert manifest.statement == "Made for tests from 24 images."
    assert said(manifest.metrics["accuracy"]) in bundle.card
    assert manifest.provenance["recipe"] in bundle.card + "\n"
    assert manifest.provenance["dataset"]["splits"]["test"]["images"] == 12
    assert manifest.metrics["accuracy"]["n"] == 12
    counted = [
        p.measured.true_positive + p.measured.false_negative for p in manifest.operating_points
    ]
    assert counted == [3] * 4


def test_the_record_says_what_would_be_needed_to_repeat_the_run(run: Done):
    record = json.loads((run.folder / "out" / "record.json").read_text())
    manifest = read_bundle(run.folder / "out" / "brain-tumor", TASK).manifest
    assert record["metrics"] == manifest.metrics
    assert record["digests"] == manifest.files
    assert record["version"] == manifest.version
    assert {"recipe", "dataset", "code", "environment", "seed", "curve", "weights"} <= record.keys()
    assert str(run.folder) not in json.dumps(record), "a record must not hold paths of this machine"
    curve = (run.folder / "out" / record["files"]["curve"]).read_text().splitlines()
    assert [json.loads(line) for line in curve] == record["curve"]


def test_the_bundle_of_a_run_remembers_training_images_and_what_that_is_worth(run: Done):
    bundle = read_bundle(run.folder / "out" / TASK.name, TASK)
    assert bundle.known is not None
    worth = bundle.manifest.metrics["known_cases"]
    assert worth["remembered"] == len(bundle.known.features)
    assert bundle.known.right == proportion_of(worth["right"])
    assert (
        sum(worth[name]["n"] for name in ("right", "wrong") if worth[name])
        == (bundle.manifest.metrics["images"])
    ), "one class is claimed for each test image"
    assert "## Known cases" in bundle.card
    assert KNOWN in run.entry.files


def forgetful(bundle: Path, folder: Path) -> Path:
    """The bundle as it would be if it remembered nothing."""
    shutil.copytree(bundle, folder)
    model = onnx.load(folder / "model.onnx")
    del model.graph.output[-1]
    (folder / KNOWN).unlink()
    manifest = Manifest.from_json((folder / "manifest.json").read_bytes())
    metrics = {name: found for name, found in manifest.metrics.items() if name != "known_cases"}
    files = {name: digest for name, digest in manifest.files.items() if name != KNOWN}
    older = replace(manifest, metrics=metrics, files=files)
    (folder / "manifest.json").write_bytes(older.to_json())
    signed(folder, model=model.SerializeToString(deterministic=True))
    return folder


def test_a_finished_bundle_can_be_made_to_remember_what_training_would_have_let_it(
    run: Done, tmp_path: Path
):
    whole = run.folder / "out" / TASK.name
    older = forgetful(whole, tmp_path / "older")
    assert read_bundle(older, TASK).known is None
    made = remember(run.site, older, run.entry.dataset)
    for name in (KNOWN, "model.onnx"):
        assert (older / name).read_bytes() == (whole / name).read_bytes()
    first = read_bundle(whole, TASK).manifest
    assert made.manifest.metrics == first.metrics
    assert (made.manifest.golden, made.manifest.version) == (first.golden, first.version)
    assert content(regenerated(older / "manifest.json", TASK)) == content(made.card)
    with pytest.raises(BadBundle, match="has known cases"):
        remember(run.site, older, run.entry.dataset)


def test_a_bundle_is_not_made_to_remember_other_data(run: Done, tmp_path: Path):
    older = forgetful(run.folder / "out" / TASK.name, tmp_path / "older")
    write_dataset(tmp_path / "data", TASK, {"train": 24, "val": 12, "test": 16})
    with pytest.raises(BadBundle, match="not trained on"):
        remember(run.site, older, str(tmp_path / "data"))


def test_the_entry_of_a_run_holds_recipe_code_data_curve_metrics_and_what_came_out(run: Done):
    entry = Run.of(run.site.ledger.get(run.entry.id))
    assert entry == run.entry
    assert entry.state is State.DONE
    assert entry.recipe == (run.folder / "out" / "recipe.toml").read_text()
    assert run.site.ledger.get(entry.dataset).kind is Kind.DATASET
    assert len(entry.code["sources"]) == 64
    assert entry.environment["torch"] == torch.__version__
    assert [row["epoch"] for row in entry.curve] == [0, 1]
    assert entry.progress["step"] == entry.progress["steps"] == 6
    assert entry.progress["images_per_s"] > 0
    assert entry.progress["left_s"] == 0
    assert entry.progress["memory_bytes"] > 10_000_000
    bundle = run.folder / "out" / TASK.name
    assert entry.metrics == read_bundle(bundle, TASK).manifest.metrics
    for name, digest in entry.files.items():
        of_bundle = bundle / name
        path = of_bundle if of_bundle.exists() else run.folder / "out" / name
        assert run.site.blobs.get(digest) == path.read_bytes()
    assert {"curve.jsonl", "weights.safetensors", "model.onnx", "card.md"} <= entry.files.keys()
    assert weights_digest(load_file(run.folder / "out" / "weights.safetensors")) == entry.weights


def test_the_folder_of_a_run_holds_its_entry(run: Done):
    assert read_run(run.folder / "out", Run) == run.entry
    assert find_run(run.site, str(run.folder / "out")) == run.entry
    assert find_run(run.site, run.entry.id[:8]) == run.entry
    assert find_run(run.site, "recipe").name == "recipe"
    with pytest.raises(NoSuchItem, match="no entry"):
        find_run(run.site, "nothing")
    with pytest.raises(NoSuchItem, match="not a run"):
        find_run(run.site, run.entry.dataset)


def test_a_run_can_be_reproduced_bit_for_bit(run: Done):
    first, repeat = reproduce(run.site, run.entry.id)
    assert first == run.entry
    assert repeat.weights == first.weights
    assert repeat.reproduces == first.id
    assert repeat.parents == (first.id,)
    assert repeat.state is State.DONE
    assert differences(first, repeat) == {}


def test_a_run_that_cannot_be_repeated_exactly_is_not_called_the_same(run: Done):
    other = replace(run.entry, id="f" * 32, weights="0" * 64)
    run.site.ledger.put(other.item())
    first, repeat = reproduce(run.site, other.id)
    assert repeat.weights != first.weights


@pytest.mark.parametrize("from_folder", [True, False])
def test_a_run_can_be_finished_again_from_its_stored_weights(
    run: Done, tmp_path: Path, *, from_folder: bool
):
    out = tmp_path / "again"
    if from_folder:
        shutil.copytree(run.folder / "out", out)
        shutil.rmtree(out / TASK.name)
    reference = str(out) if from_folder else run.entry.id
    again = finish_again(run.site, reference, out=None if from_folder else out)
    old, new = (read_bundle(f / TASK.name, TASK).manifest for f in (run.folder / "out", out))
    assert again.parents == (run.entry.id,)
    assert again.weights == run.entry.weights
    assert (new.metrics, new.golden, new.version) == (old.metrics, old.golden, old.version)
    assert new.provenance["code"] == run.entry.code, "what trained"
    assert new.provenance["finished_by"]["code"] == again.finished_by["code"], "what finished"


def test_finishing_refuses_weights_that_are_not_the_runs(run: Done, tmp_path: Path):
    out = tmp_path / "out"
    shutil.copytree(run.folder / "out", out)
    weights = load_file(out / "weights.safetensors")
    weights["fc.bias"][0] += 1
    save_weights(out / "weights.safetensors", weights)
    with pytest.raises(BadRecipe, match="not those"):
        finish_again(run.site, str(out))


def test_a_run_on_record_is_a_start_for_the_next_and_its_parent(run: Done):
    folder = run.folder / "next"
    recipe = write_recipe(run.folder / "next.toml", start=f"run:{run.entry.id[:10]}", epochs=1)
    plan, task = read_recipe(recipe), TASK
    network, cases = build("small-cnn", 4, torch.Generator().manual_seed(9)), tiny_data().train
    start = start_from(network, plan, folder=folder, site=run.site, cases=cases)
    assert start.parents == (run.entry.id,)
    assert weights_digest(network.state_dict()) == run.entry.weights
    assert task.mode is Mode.MULTI_CLASS


def test_a_failed_run_says_why_and_its_successor_goes_on_under_a_new_id(run: Done, tmp_path: Path):
    recipe = write_recipe(tmp_path / "steep.toml", lr=9.0, head_lr=9.0, warmup=0.0, epochs=40)
    plan = read_recipe(recipe)
    book = Logbook.open(run.site, tmp_path, plan, name="steep", dataset=run.entry.dataset, kind=Run)
    with pytest.raises(BadRecipe, match="boom"), book.failing():
        raise BadRecipe("boom")
    failed = Run.of(run.site.ledger.get(book.run.id))
    assert failed.state is State.FAILED
    assert "boom" in failed.error
    again = Logbook.open(
        run.site, tmp_path, plan, name="steep", dataset=run.entry.dataset, kind=Run
    )
    assert again.run.id != failed.id
    assert again.run.parents == (failed.id,)


def test_a_run_that_was_stopped_goes_on_under_its_own_id(run: Done, tmp_path: Path):
    plan = read_recipe(run.folder / "recipe.toml")
    book = Logbook.open(run.site, tmp_path, plan, name="x", dataset=run.entry.dataset, kind=Run)
    with pytest.raises(PutBack), book.failing():
        raise PutBack
    again = Logbook.open(run.site, tmp_path, plan, name="x", dataset=run.entry.dataset, kind=Run)
    assert again.run == book.run
    assert again.run.state is State.RUNNING
    with pytest.raises(BadRecipe, match="another recipe or other data"):
        Logbook.open(run.site, tmp_path, plan, name="x", dataset="another", kind=Run)


def test_an_unknown_task_is_refused_before_anything_is_read(run: Done, tmp_path: Path):
    recipe = write_recipe(tmp_path / "recipe.toml", task="knee")
    with pytest.raises(BadRecipe, match="knee"):
        train(run.site, recipe, data=str(tmp_path), out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_card_is_what_the_manifest_makes_of_itself(run: Done):
    bundle = run.folder / "out" / TASK.name
    again = regenerated(bundle / "manifest.json", TASK)
    assert again
    assert content(again) == content((bundle / "card.md").read_text())
