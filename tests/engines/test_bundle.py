"""A bundle is opened only when every part is what its manifest says."""

import json
from pathlib import Path

import onnx
import pytest
from onnx import helper

from radlens.domain.errors import BadBundle
from radlens.domain.model import KNOWN
from radlens.engines.bundle import read_bundle
from radlens.engines.runtime import OnnxEngine
from tests.builders import (
    TASKS,
    known_content,
    remembering_bundle,
    signed,
    tiny_bundle,
    tiny_network,
)

TASK = TASKS["brain-tumor"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return remembering_bundle(tmp_path / "bundle", TASK)


def opened(folder: Path) -> OnnxEngine:
    return OnnxEngine(read_bundle(folder, TASK), workers=1, cache=folder.parent / "cache")


@pytest.mark.parametrize("part", ["model.onnx", "card.md", KNOWN])
def test_one_changed_byte_in_any_part_is_refused(folder: Path, part: str) -> None:
    raw = bytearray((folder / part).read_bytes())
    raw[len(raw) // 2] ^= 1
    (folder / part).write_bytes(raw)
    with pytest.raises(BadBundle, match=part.replace(".", r"\.")):
        opened(folder)


def test_a_changed_manifest_has_another_digest(folder: Path) -> None:
    before = read_bundle(folder, TASK).ref.digest
    (folder / "manifest.json").write_bytes((folder / "manifest.json").read_bytes() + b"\n")
    assert read_bundle(folder, TASK).ref.digest != before


def test_labels_in_another_order_are_refused(tmp_path: Path) -> None:
    labels = ("meningioma", "glioma", "pituitary", "no_tumor")
    folder = tiny_bundle(tmp_path / "bundle", TASK, labels=labels)
    with pytest.raises(BadBundle, match="in order"):
        opened(folder)


def test_a_bundle_for_another_task_is_refused(folder: Path) -> None:
    with pytest.raises(BadBundle, match="brain-tumor"):
        read_bundle(folder, TASKS["neuro-rare"])


@pytest.mark.parametrize("name", ["model.onnx", "card.md", "manifest.json", KNOWN])
def test_a_missing_part_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(BadBundle, match=f"missing or foreign|{KNOWN}"):
        opened(folder)


def test_a_foreign_part_such_as_a_pickle_is_refused(folder: Path) -> None:
    (folder / "weights.pth").write_bytes(b"\x80\x04.")
    with pytest.raises(BadBundle, match=r"weights\.pth"):
        opened(folder)


def test_known_cases_that_the_manifest_does_not_tell_of_are_refused(tmp_path: Path) -> None:
    folder = tiny_bundle(tmp_path / "bundle", TASK)
    (folder / KNOWN).write_bytes(known_content(4))
    with pytest.raises(BadBundle, match=KNOWN):
        opened(folder)


def test_known_cases_of_other_features_than_the_networks_are_refused(folder: Path) -> None:
    signed(folder, known=known_content(4, channels=9))
    with pytest.raises(BadBundle, match="features of its known cases"):
        opened(folder)


def test_known_cases_beside_a_network_without_features_are_refused(folder: Path) -> None:
    signed(folder, model=tiny_network(4).SerializeToString())
    with pytest.raises(BadBundle, match="logits and evidence and features"):
        opened(folder)


def external(model: onnx.ModelProto) -> onnx.ModelProto:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../secret.bin"
    return model


def external_in_a_constant(model: onnx.ModelProto) -> onnx.ModelProto:
    head = next(t for t in model.graph.initializer if t.name == "head")
    constant = helper.make_node("Constant", [], ["head"], value=head)
    model.graph.initializer.remove(head)
    tensor = constant.attribute[0].t
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "secret.bin"
    model.graph.node.insert(0, constant)
    return model


def custom_operator(model: onnx.ModelProto) -> onnx.ModelProto:
    model.graph.node[1].domain = "evil"
    model.opset_import.append(helper.make_opsetid("evil", 1))
    return model


def one_output(model: onnx.ModelProto) -> onnx.ModelProto:
    del model.graph.output[1]
    return model


def wrong_opset(model: onnx.ModelProto) -> onnx.ModelProto:
    model.opset_import[0].version = 12
    return model


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (external, "outside of itself"),
        (external_in_a_constant, "outside of itself"),
        (custom_operator, "custom operators"),
        (one_output, "into logits and evidence"),
        (wrong_opset, "opset 12"),
    ],
)
def test_a_graph_with_anything_but_plain_onnx_is_refused(folder: Path, change, words) -> None:
    signed(folder, model=change(tiny_network(4)).SerializeToString())
    with pytest.raises(BadBundle, match=words):
        opened(folder)


def test_an_opset_that_the_manifest_does_not_name_is_refused(folder: Path) -> None:
    signed(folder, model=tiny_network(4, opset=19).SerializeToString())
    with pytest.raises(BadBundle, match="opset 19"):
        opened(folder)


def test_a_network_with_too_few_outputs_is_refused(folder: Path) -> None:
    signed(folder, model=tiny_network(3, features=True).SerializeToString())
    with pytest.raises(BadBundle, match="one output for each label"):
        opened(folder)


def test_bytes_that_are_no_network_are_refused(folder: Path) -> None:
    signed(folder, model=b"not a network")
    with pytest.raises(BadBundle):
        opened(folder)


def test_a_model_that_does_not_give_its_golden_answer_is_refused(folder: Path) -> None:
    signed(folder, model=tiny_network(4, seed=8, features=True).SerializeToString())
    with pytest.raises(BadBundle, match="golden answer"):
        opened(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"golden": ["NaN"] * 4},
        {"golden": [0.0]},
        {"labels": 3},
        {"unknown": 1},
        {"format": "radlens-bundle/99"},
        {"mode": "both"},
        {"input": {"rows": 64}},
    ],
)
def test_a_misshapen_manifest_is_refused(folder: Path, change: dict[str, object]) -> None:
    manifest = json.loads((folder / "manifest.json").read_text()) | change
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BadBundle):
        opened(folder)


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"{", b'{"format": NaN}', b"\xff\xfe"])
def test_bytes_that_are_no_manifest_are_refused(folder: Path, raw: bytes) -> None:
    (folder / "manifest.json").write_bytes(raw)
    with pytest.raises(BadBundle):
        opened(folder)
