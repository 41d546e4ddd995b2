"""Old files of weights: read without trust, converted without claims."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from radlens.domain.errors import BadBundle
from radlens.engines.bundle import read_bundle
from radlens.lab.convert import convert
from radlens.lab.export import probes, run
from radlens.lab.networks import build
from radlens.lab.weights import load_strictly, read_pth, read_weights
from tests.builders import TASKS
from tests.lab.tiny import settled


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def made(architecture: str, labels: int, seed: int = 1):
    return build(architecture, labels, torch.Generator().manual_seed(seed)).eval()


def answers_alike(folder: Path, task, network) -> None:
    bundle = read_bundle(folder, task)
    x = probes(bundle.manifest.input)[:2]
    with torch.inference_mode():
        expected = network(x)[0].numpy()
    got = run(bundle.network, x.numpy()).logits
    np.testing.assert_allclose(got, expected, atol=0.02 * np.abs(expected).max())


def test_a_wrapped_and_prefixed_resnet18_gives_the_same_logits_as_in_torch(tmp_path: Path):
    task, network = TASKS["neuro-rare"], settled("resnet18", 5)
    weights = {f"backbone.{key}": value for key, value in network.state_dict().items()}
    torch.save({"epoch": 3, "model_state_dict": weights}, tmp_path / "old.pth")
    folder = convert(tmp_path / "old.pth", arch="resnet18", task=task, out=tmp_path / "bundle")
    answers_alike(folder, task, network)
    manifest = read_bundle(folder, task).manifest
    assert (manifest.input.rows, manifest.input.cols) == (224, 224)
    assert manifest.input.mean == (0.485, 0.456, 0.406)
    assert manifest.input.contrast is None
    assert not any(manifest.calibration.fitted)
    assert {point.threshold for point in manifest.operating_points} == {None}
    assert "nothing about it has been measured" in manifest.statement
    assert not manifest.metrics
    assert manifest.statement in (folder / "card.md").read_text()


def test_a_timm_densenet121_with_old_names_gives_the_same_logits_as_in_torch(tmp_path: Path):
    task, network = TASKS["chest-xray"], settled("densenet121", 13)
    weights = {
        key.replace("norm1", "norm.1").replace("conv2", "conv.2"): value
        for key, value in network.state_dict().items()
        if not key.endswith("num_batches_tracked")
    }
    assert any("denselayer1.norm.1.weight" in key for key in weights)
    torch.save({f"module.model.{key}": v for key, v in weights.items()}, tmp_path / "old.pth")
    folder = convert(tmp_path / "old.pth", arch="densenet121", task=task, out=tmp_path / "bundle")
    answers_alike(folder, task, network)
    points = read_bundle(folder, task).manifest.operating_points
    assert {point.threshold for point in points} == {0.5}


def test_safetensors_are_converted_by_the_same_rules_as_the_pth_of_the_same_weights(tmp_path: Path):
    task, network = TASKS["neuro-rare"], settled("resnet18", 5)
    weights = {f"module.{key}": value for key, value in network.half().state_dict().items()}
    torch.save(weights, tmp_path / "old.pth")
    save_file(weights, tmp_path / "old.safetensors")
    expected, found = (read_weights(tmp_path / f"old.{end}") for end in ("pth", "safetensors"))
    assert expected.keys() == found.keys() == network.state_dict().keys()
    assert all(torch.equal(found[key], expected[key]) for key in found)
    assert {value.dtype for value in found.values()} == {torch.float32, torch.int64}
    folder = convert(
        tmp_path / "old.safetensors", arch="resnet18", task=task, out=tmp_path / "bundle"
    )
    answers_alike(folder, task, network.float())


@pytest.mark.parametrize("kind", ["pickle", "cut", "text", "nothing there"])
def test_what_is_called_safetensors_and_is_none_is_refused(tmp_path: Path, kind: str):
    path, canary = tmp_path / "x.safetensors", tmp_path / "canary"
    if kind == "pickle":
        torch.save({"fc.weight": Trap(canary)}, path)
    elif kind == "cut":
        save_file({"fc.weight": torch.ones(9)}, path)
        path.write_bytes(path.read_bytes()[:-4])
    elif kind == "text":
        path.write_text("no weights")
    with pytest.raises(BadBundle, match=r"x\.safetensors is no file of safetensors"):
        read_weights(path)
    assert not canary.exists()


class Trap:
    """Unpickled as pickle likes it, this makes a folder, and nothing worse."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_pickle_that_runs_code_is_refused_and_does_not_run(tmp_path: Path):
    canary = tmp_path / "canary"
    torch.save({"fc.weight": torch.ones(2), "trap": Trap(canary)}, tmp_path / "evil.pth")
    with pytest.raises(BadBundle, match="more than tensors"):
        convert(
            tmp_path / "evil.pth", arch="resnet18", task=TASKS["neuro-rare"], out=tmp_path / "out"
        )
    assert not canary.exists()
    assert not (tmp_path / "out").exists()
    torch.load(tmp_path / "evil.pth", weights_only=False)
    assert canary.exists(), "the trap was never armed"


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "cannot be read"), (b"not a pickle at all", "refused"), (b"PK\x03\x04cut", "refused")],
)
def test_bytes_that_are_no_weights_are_refused(tmp_path: Path, content: bytes, says: str):
    (tmp_path / "x.pth").write_bytes(content)
    with pytest.raises(BadBundle, match=says):
        read_pth(tmp_path / "x.pth")


def test_a_whole_file_without_a_state_dict_is_refused(tmp_path: Path):
    torch.save([torch.ones(2)], tmp_path / "x.pth")
    with pytest.raises(BadBundle, match="no state dict"):
        read_pth(tmp_path / "x.pth")


def test_weights_for_another_number_of_labels_are_refused_with_both_numbers(tmp_path: Path):
    with pytest.raises(BadBundle, match=r"fc\.weight has shape \(7, 512\).*\(5, 512\)"):
        load_strictly(made("resnet18", 5), made("resnet18", 7).state_dict())


def test_the_first_missing_or_foreign_key_is_named():
    network = made("resnet18", 5)
    weights = network.state_dict()
    del weights["layer1.0.conv1.weight"]
    with pytest.raises(BadBundle, match=r"no entry layer1\.0\.conv1\.weight"):
        load_strictly(network, weights)
    with pytest.raises(BadBundle, match=r"unknown entry layer9\.weight"):
        load_strictly(network, network.state_dict() | {"layer9.weight": torch.ones(1)})
