"""The optimised graph is kept, and a damaged cache is made again rather than believed."""

from pathlib import Path

from radlens.engines.bundle import read_bundle
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
