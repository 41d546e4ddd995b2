"""An old file of weights -> a bundle, with nothing claimed that was not measured."""

from hashlib import sha256
from pathlib import Path

import torch

from radlens.domain.calibration import Calibration
from radlens.domain.finding import OperatingPoint
from radlens.domain.model import InputSpec, Manifest
from radlens.domain.task import Mode, Task
from radlens.lab.bundles import digests, golden_logits, parts_of, write_bundle
from radlens.lab.card import converted_card
from radlens.lab.export import OPSET, export
from radlens.lab.networks import build
from radlens.lab.recipe import IMAGENET
from radlens.lab.record import environment
from radlens.lab.weights import load_strictly, read_weights

SIDE = 224
STATEMENT = "Converted from an older file of weights; nothing about it has been measured here."


def convert(path: Path, *, arch: str, task: Task, out: Path) -> Path:
    """Convert a state dict and give the bundle's folder, ``out`` itself.

    Raises BadBundle where the file holds more than tensors, or not the weights of this
    architecture with one output for each label of the card; BadRecipe for an unknown ``arch``.
    """
    network = build(arch, len(task.labels), torch.Generator().manual_seed(0))
    load_strictly(network, read_weights(path))
    spec = InputSpec(SIDE, SIDE, *IMAGENET, contrast=None)
    exported = export(network, spec)
    source = sha256(path.read_bytes()).hexdigest()
    provenance = {
        "converted_from": {"file": path.name, "sha256": source},
        "parity": vars(exported.parity),
        "environment": environment(),
    }
    card = converted_card(task, arch, STATEMENT, provenance)
    parts = parts_of(exported.network, card)
    threshold = None if task.mode is Mode.MULTI_CLASS else 0.5
    labels = len(task.labels)
    manifest = Manifest(
        task=task.name,
        version=f"{arch}-converted-{source[:8]}",
        mode=task.mode,
        labels=task.names,
        architecture=arch,
        opset=OPSET,
        statement=STATEMENT,
        input=spec,
        calibration=Calibration.identity(labels),
        operating_points=(OperatingPoint(threshold),) * labels,
        golden=golden_logits(exported.network, spec),
        files=digests(parts),
        provenance=provenance,
        metrics={},
    )
    return write_bundle(out, manifest, parts, task)
