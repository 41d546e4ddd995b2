"""What a network file may contain, checked before a runtime sees it."""

import onnx
from google.protobuf.message import DecodeError

from radlens.domain.errors import BadBundle
from radlens.domain.model import Manifest

# From the first opset with all that the exporter writes to the newest that was tested.
OPSETS = range(17, 24)
OUTPUTS = ("logits", "evidence")


def check_graph(network: bytes, manifest: Manifest) -> None:
    """Raise BadBundle unless the graph is plain ONNX with the two outputs and no outside parts."""
    try:
        model = onnx.ModelProto.FromString(network)
        onnx.checker.check_model(model)
    except (DecodeError, onnx.checker.ValidationError, ValueError) as error:
        raise BadBundle("The bundle's network is not a valid ONNX graph.") from error
    opsets = {opset.domain or "ai.onnx": opset.version for opset in model.opset_import}
    used = {node.domain or "ai.onnx" for node in model.graph.node}
    if used - {"ai.onnx"} or model.functions:
        raise BadBundle("The bundle's network uses custom operators.")
    if opsets.get("ai.onnx") not in OPSETS or opsets["ai.onnx"] != manifest.opset:
        raise BadBundle(
            f"The bundle's network has opset {opsets.get('ai.onnx')}; its manifest says "
            f"{manifest.opset}, and {OPSETS.start} to {OPSETS.stop - 1} can be run."
        )
    for tensor in model.graph.initializer:
        if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
            raise BadBundle("The bundle's network keeps weights outside of itself.")
    if any(a.g.node or a.graphs for node in model.graph.node for a in node.attribute):
        raise BadBundle("The bundle's network has nested graphs.")
    outputs = {value.name: _dims(value) for value in model.graph.output}
    if tuple(outputs) != OUTPUTS or len(model.graph.input) != 1:
        raise BadBundle(
            "The bundle's network must have one input and logits and evidence as outputs."
        )
    labels = len(manifest.labels)
    if outputs["logits"][1:] != [labels] or outputs["evidence"][1:2] != [labels]:
        raise BadBundle("The bundle's network has not one output for each label.")


def _dims(value: onnx.ValueInfoProto) -> list[int]:
    return [dim.dim_value for dim in value.type.tensor_type.shape.dim]
