"""DenseNet-121 and ResNet-18 with random weights at 224 px, as bundles of the lab's exporter."""

from dataclasses import dataclass
from pathlib import Path

import onnx
import torch
from torch import nn

from radlens.bootstrap import PACKAGE
from radlens.domain.calibration import Calibration
from radlens.domain.finding import OperatingPoint
from radlens.domain.model import InputSpec, Manifest
from radlens.lab.bundles import digests, golden_logits, parts_of, write_bundle
from radlens.lab.export import OPSET, export
from radlens.lab.networks import Net, build
from radlens.storage.card_files import read_tasks

SPEC = InputSpec(224, 224, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), (1.0, 99.0))
TASK = read_tasks(PACKAGE / "tasks")["chest-xray"]


@dataclass(frozen=True)
class Subject:
    """A network in torch and its exported bundle; ``flops`` of one forward pass."""

    network: Net
    bundle: Path
    flops: float


def make(architecture: str, home: Path) -> Subject:
    """Build and export one network into the site ``home`` as the live chest-xray model."""
    labels = len(TASK.labels)
    network = build(architecture, labels, torch.Generator().manual_seed(0))
    _settle(network)
    exported = export(network, SPEC)
    parts = parts_of(exported.network, "# Random weights, for the benchmark\n")
    manifest = Manifest(
        task=TASK.name,
        version=f"{architecture}-random",
        mode=TASK.mode,
        labels=TASK.names,
        architecture=architecture,
        opset=OPSET,
        statement="Random weights: its answers mean nothing.",
        input=SPEC,
        calibration=Calibration.identity(labels),
        operating_points=(OperatingPoint(0.5),) * labels,
        golden=golden_logits(exported.network, SPEC),
        files=digests(parts),
        provenance={},
        metrics={},
    )
    bundle = write_bundle(home / "gallery" / TASK.name, manifest, parts, TASK)
    (home / "radlens.toml").write_text('gallery = "gallery"\n')
    return Subject(network, bundle, _flops(exported.full))


def _settle(network: Net) -> None:
    """Let the norms see some noise, so that activations have an ordinary scale."""
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
    network.train()
    with torch.no_grad():
        network(torch.randn(4, 3, 224, 224, generator=torch.Generator().manual_seed(1)))
    network.eval()


def _flops(network: bytes) -> float:
    """Two for each multiplication of a convolution's or matrix's weights, from the graph itself."""
    model = onnx.shape_inference.infer_shapes(onnx.load_from_string(network))
    weights = {tensor.name: list(tensor.dims) for tensor in model.graph.initializer}
    shapes = {
        value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in [*model.graph.value_info, *model.graph.output]
    }
    total = 0.0
    for node in model.graph.node:
        if node.op_type == "Conv" and node.input[1] in weights:  # the head is no thousandth
            out, kernel = shapes[node.output[0]], weights[node.input[1]]
            total += 2.0 * out[2] * out[3] * kernel[0] * kernel[1] * kernel[2] * kernel[3]
    return total
