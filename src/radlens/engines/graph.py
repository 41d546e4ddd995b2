"""What a network file may contain, checked before a runtime sees it."""

from collections.abc import Iterator

import onnx
from google.protobuf.message import DecodeError

from radlens.domain.errors import BadBundle
from radlens.domain.model import Manifest

# From the first opset with all that the exporter writes to the newest that was tested.
OPSETS = range(17, 24)


def check_graph(network: bytes, manifest: Manifest, *, channels: int | None = None) -> None:
    """Raise BadBundle unless this is plain ONNX, whole in itself, with its outputs.

    ``channels`` is how many features its known cases have, if it has any.
    """
    try:
        model = onnx.ModelProto.FromString(network)
    except DecodeError as error:
        raise BadBundle("The bundle's network is not an ONNX file.") from error
    _check_operators(model, manifest.opset)
    if any(tensor.external_data or tensor.data_location for tensor in _tensors(model.graph)):
        raise BadBundle("The bundle's network keeps weights outside of itself.")
    _check_outputs(model.graph, manifest, channels)
    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, ValueError) as error:
        raise BadBundle("The bundle's network is not a valid ONNX graph.") from error


def _check_operators(model: onnx.ModelProto, expected: int) -> None:
    opsets = {opset.domain: opset.version for opset in model.opset_import}
    opset = opsets.get("")
    if opset not in OPSETS or opset != expected:
        raise BadBundle(
            f"The bundle's network has opset {opset}; its manifest says {expected}, "
            f"and {OPSETS.start} to {OPSETS.stop - 1} can be run."
        )
    if any(node.domain for node in model.graph.node) or model.functions:
        raise BadBundle("The bundle's network uses custom operators.")
    attributes = [attribute for node in model.graph.node for attribute in node.attribute]
    if any(attribute.HasField("g") or attribute.graphs for attribute in attributes):
        raise BadBundle("The bundle's network has nested graphs.")


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """Every stored tensor: initialisers, sparse ones, and constants inside nodes."""
    sparse = list(graph.sparse_initializer)
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            sparse += [attribute.sparse_tensor, *attribute.sparse_tensors]
    for tensor in sparse:
        yield from (tensor.values, tensor.indices)


def _check_outputs(graph: onnx.GraphProto, manifest: Manifest, channels: int | None) -> None:
    dims = {
        value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in graph.output
    }
    labels, gate = len(manifest.labels), manifest.gate
    if list(dims) != manifest.outputs or [value.name for value in graph.input] != ["tensor"]:
        raise BadBundle(
            f"The bundle's network must turn a tensor into {' and '.join(manifest.outputs)}."
        )
    if dims["logits"][1:] != [labels] or dims["evidence"][1:2] != [labels]:
        raise BadBundle("The bundle's network has not one output for each label.")
    if gate and dims["signals"][1:] != [len(gate.signals)]:
        raise BadBundle("The bundle's network has not one output for each signal of its gate.")
    if channels and dims["features"][1:] != [channels]:
        raise BadBundle("The bundle's network has not the features of its known cases.")
