"""Versions of models on a site, and what the lab would have put on record of them."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from radlens.domain.audit import Actor
from radlens.domain.calibration import Calibration
from radlens.domain.comparison import Matched
from radlens.domain.ledger import Item, Kind, State
from radlens.domain.registry import Stage, Version
from radlens.engines.bundle import read_parts
from radlens.engines.golden import golden_scan
from radlens.imaging.prepare import prepare
from radlens.ports import Site
from radlens.usecases.register import register
from tests.builders import SPEC, TASKS, signed, tiny_bundle, tiny_network

ME = Actor("ada", "cli")
PARITY = {"parity": {"onnx_with_torch": 3e-6}}
# A chest model that reports everything, where the tiny one reports some.
LABELS = len(TASKS["chest-xray"].labels)
EAGER = {"calibration": Calibration((1.0,) * LABELS, (50.0,) * LABELS, (False,) * LABELS)}


def added(site: Site, folder: Path, task: str, name: str, **changes: object) -> Version:
    """A candidate of its own seed, unless ``changes`` says another; its export has parity."""
    fields = {"seed": 8, "provenance": PARITY} | changes
    bundle = tiny_bundle(folder / "bundles" / name, TASKS[task], version=name, **fields)
    return register(site, lambda: read_parts(bundle), by=ME)


def erring_bundle(folder: Path, task: str, name: str, *, crash: bool = False) -> Path:
    """A bundle whose network gives its golden answer, and no number for any picture.

    With ``crash`` it cannot be run on a picture at all.
    """
    card = TASKS[task]
    network = tiny_network(len(card.labels))
    spread = float((prepare(golden_scan(), SPEC) ** 2).mean())
    values = {"usual": spread, "least": 1e-3, "faint": 1e-30, "many": 1e3}
    for key, value in values.items():
        network.graph.initializer.append(numpy_helper.from_array(np.float32(value), key))
    network.graph.initializer.append(numpy_helper.from_array(np.array([1, 2, 3]), "whole"))
    network.graph.node[-1].output[0] = "plain"
    steps = (
        ("Mul", ["tensor", "tensor"], "square"),
        ("ReduceMean", ["square", "whole"], "spread"),
        ("Sub", ["spread", "usual"], "off"),
        ("Abs", ["off"], "far"),
        ("Sub", ["least", "far"], "room"),  # below zero for whatever is unlike the golden scan
        ("Log", ["room"], "log"),
        ("Mul", ["log", "faint"], "nothing"),
        ("Reshape", ["nothing", "column"], "added"),
        ("Add", ["plain", "added"], "logits"),
    )
    if crash:  # an index that is zero for the golden scan and out of bounds for whatever is not
        index = onnx.helper.make_node("Cast", ["times"], ["index"], to=onnx.TensorProto.INT64)
        times = onnx.helper.make_node("Mul", ["far", "many"], ["times"])
        network.graph.initializer.append(numpy_helper.from_array(np.zeros(1, np.float32), "one"))
        steps = (*steps[:4], ("Gather", ["one", "index"], "nothing"), *steps[-2:])
    column = numpy_helper.from_array(np.array([-1, 1], np.int64), "column")
    network.graph.initializer.append(column)
    nodes = [helper.make_node(op, ins, [out]) for op, ins, out in steps]
    network.graph.node.extend([*nodes[:4], times, index, *nodes[4:]] if crash else nodes)
    bundle = tiny_bundle(folder / "bundles" / name, card, version=name, provenance=PARITY)
    signed(bundle, model=network.SerializeToString())
    return bundle


def measured(
    site: Site,
    version: Version,
    *,
    low: float = -0.01,
    ece: float = 0.04,
    units: int = 60,
    matched: dict[str, Matched] | None = None,
    split: str = "test",
    found: dict[str, int] | None = None,
) -> tuple[Item, Item]:
    """Put an evaluation of a version and its comparison with the live one on record.

    ``found`` is in how many of ten units each of these labels was found.
    """
    [live] = site.registry.versions(task=version.task, stage=Stage.LIVE)

    def subject(of: Version) -> dict[str, Any]:
        words = {"dataset": "held", "dataset_id": "d" * 64, "unit": "patients", "trained_on": 0}
        return {"model_digest": of.digest, "split": split} | words

    def figure(value: float, least: float, most: float) -> dict[str, float]:
        return {"value": value, "low": least, "high": most, "n": 90}

    def of_label(hits: int) -> dict[str, Any]:
        figures = {"sensitivity": hits / 10, "specificity": 0.96, "auroc": 0.9}
        measures = {name: figure(value, 0.6, 1.0) for name, value in figures.items()}
        return {"positives": 10, "negatives": 50, "positive_units": 10, "measures": measures}

    scores = {
        "units": units,
        "whole": {"ece_debiased": figure(ece, 0.0, 0.2)},
        "labels": {label: of_label(hits) for label, hits in (found or {}).items()},
    }
    evaluation = Item(
        site.new_id(),
        Kind.EVALUATION,
        version.version,
        site.clock(),
        State.DONE,
        {"subject": subject(version), "scores": scores},
    )
    body = {
        "first": subject(version),
        "second": subject(live),
        "images": 90,
        "whole": {"mean_auroc": {"difference": figure(0.01, low, 0.05)}},
        "matched": {label: asdict(found) for label, found in (matched or {}).items()},
    }
    name = f"{version.version} against {live.version}"
    paired = Item(
        site.new_id(),
        Kind.COMPARISON,
        name,
        site.clock(),
        State.DONE,
        body,
        parents=(evaluation.id, "d" * 64, version.digest, live.digest),
    )
    site.ledger.put(evaluation)
    site.ledger.put(paired)
    return evaluation, paired
