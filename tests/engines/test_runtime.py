"""The optimised graph is kept, and a damaged cache is made again rather than believed."""

from pathlib import Path

import pytest

from radlens.domain.errors import BadBundle, NoLiveModel, UnknownTask
from radlens.engines.bundle import read_bundle
from radlens.engines.live import LiveModels
from radlens.engines.runtime import OnnxEngine
from tests.builders import TASKS, tiny_bundle

TASK = TASKS["brain-tumor"]


def test_a_damaged_cache_is_made_again(tmp_path: Path) -> None:
    bundle = read_bundle(tiny_bundle(tmp_path / "bundle", TASK), TASK)
    OnnxEngine(bundle, workers=1, cache=tmp_path)
    [cached] = tmp_path.glob("*.onnx")
    whole = cached.read_bytes()
    cached.write_bytes(whole[:-10])
    OnnxEngine(bundle, workers=1, cache=tmp_path)
    assert len(cached.read_bytes()) == len(whole)


def test_a_cache_that_cannot_be_written_does_not_stop_serving(tmp_path: Path) -> None:
    bundle = read_bundle(tiny_bundle(tmp_path / "bundle", TASK), TASK)
    (tmp_path / "cache").write_text("a file where a folder should be")
    OnnxEngine(bundle, workers=1, cache=tmp_path / "cache")


def live(*shelves: Path, cache: Path) -> LiveModels:
    return LiveModels(TASKS, shelves, workers=1, cache=cache)


def test_the_sites_own_bundle_comes_before_the_gallery(tmp_path: Path) -> None:
    tiny_bundle(tmp_path / "site" / TASK.name, TASK, version="own")
    tiny_bundle(tmp_path / "gallery" / TASK.name, TASK, version="shipped")
    models = live(tmp_path / "site", tmp_path / "gallery", cache=tmp_path / "cache")
    assert models.current(TASK.name).ref.version == "own"


def test_a_task_without_a_bundle_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoLiveModel) as caught:
        live(tmp_path, cache=tmp_path).current("neuro-rare")
    assert "radlens train" in caught.value.hint


def test_an_unknown_task_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownTask) as caught:
        live(tmp_path, cache=tmp_path).current("knee")
    assert "chest-xray" in caught.value.hint


def test_a_broken_bundle_of_the_site_does_not_fall_back_to_another_model(tmp_path: Path) -> None:
    folder = tiny_bundle(tmp_path / "site" / TASK.name, TASK)
    (folder / "card.md").unlink()
    tiny_bundle(tmp_path / "gallery" / TASK.name, TASK)
    with pytest.raises(BadBundle):
        live(tmp_path / "site", tmp_path / "gallery", cache=tmp_path / "c").current(TASK.name)
