"""Trained network -> what will be served, measured as it will be served, and its papers."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radlens.domain.calibration import Calibration, probabilities
from radlens.domain.errors import BadBundle
from radlens.domain.finding import OperatingPoint
from radlens.domain.model import InputSpec, Manifest
from radlens.domain.task import Mode, Task
from radlens.lab.bundles import digests, golden_logits, write_bundle
from radlens.lab.calibrate import calibrate, operating_points, with_measured
from radlens.lab.card import trained_card
from radlens.lab.checkpoint import CURVE, save_weights
from radlens.lab.dataset import Cases
from radlens.lab.evaluate import evaluate
from radlens.lab.export import OPSET, Exported, export, run
from radlens.lab.networks import Net
from radlens.lab.recipe import Recipe
from radlens.lab.record import code, environment, facts, weights_digest
from radlens.lab.splits import Dataset
from radlens.lab.training import as_input, grey_images, validation_score

RECORD, WEIGHTS = "record.json", "weights.safetensors"
# What the score on held-out images may lose by storing weights in 16 bits.
MOST_LOST = 0.002
# Entries of the record that have a field of their own in the manifest.
IN_MANIFEST = {"task", "architecture", "statement", "calibration", "operating_points", "metrics"}


@dataclass(frozen=True, eq=False)
class Judged:
    """What was fitted on validation, and what was then measured on test."""

    calibration: Calibration
    points: tuple[OperatingPoint, ...]
    metrics: Mapping[str, Any]
    half_precision: Mapping[str, Any]


def finish(
    network: Net,
    curve: list[dict[str, float]],
    *,
    plan: Recipe,
    task: Task,
    dataset: Dataset,
    out: Path,
) -> Path:
    """Export, calibrate, evaluate; write ``out/record.json`` and the bundle ``out/<task>``."""
    weights = weights_digest(network.state_dict())
    save_weights(out / WEIGHTS, network.state_dict())
    exported = export(network, plan.input)
    judged = judge(exported, dataset, plan=plan, task=task)
    record = {
        "task": task.name,
        "architecture": plan.architecture,
        "statement": plan.statement.format(
            train=len(dataset.train), val=len(dataset.val), test=len(dataset.test)
        ),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "recipe": plan.text,
        "seed": plan.seed,
        "code": code(),
        "environment": environment(),
        "dataset": facts(dataset, task),
        "curve": curve,
        "weights": weights,
        "parity": asdict(exported.parity),
        "half_precision": judged.half_precision,
        "calibration": asdict(judged.calibration),
        "operating_points": [asdict(point) for point in judged.points],
        "metrics": judged.metrics,
    }
    card = trained_card(task, record)
    manifest = _manifest(record, judged, exported.network, card, plan=plan, task=task)
    bundle = write_bundle(out / task.name, manifest, exported.network, card, task)
    files = {"curve": CURVE, "weights": WEIGHTS, "bundle": task.name}
    whole = record | {"version": manifest.version, "digests": dict(manifest.files), "files": files}
    part = out / f"{RECORD}.part"
    part.write_text(json.dumps(whole, indent=1, sort_keys=True))
    part.replace(out / RECORD)
    return bundle


def judge(exported: Exported, dataset: Dataset, *, plan: Recipe, task: Task) -> Judged:
    """Fit on validation, measure on test, both with the very bytes that will be served."""
    val, test = dataset.val, dataset.test
    on_val = run(exported.network, tensor(val, plan.input)).logits
    on_test = run(exported.network, tensor(test, plan.input)).logits
    calibration = calibrate(on_val, val.truth, task.mode)
    points = operating_points(probabilities(on_val, task.mode, calibration), val.truth, task.mode)
    p = probabilities(on_test, task.mode, calibration)
    metrics = evaluate(
        p, test.truth, unit=test.unit, labels=task.names, mode=task.mode, seed=plan.seed
    )
    truth = np.concatenate([val.truth, test.truth])
    full = [run(exported.full, tensor(cases, plan.input)).logits for cases in (val, test)]
    half = half_precision(np.concatenate(full), np.concatenate([on_val, on_test]), truth, task.mode)
    return Judged(
        calibration,
        with_measured(points, p, test.truth),
        metrics,
        half,
    )


def tensor(cases: Cases, spec: InputSpec) -> NDArray[np.float32]:
    """All cases as the network wants them, (n, 3, rows, cols)."""
    images = grey_images(cases, np.arange(len(cases)))
    values: NDArray[np.float32] = as_input(images, spec).contiguous().numpy()
    return values


def half_precision(
    full: NDArray[np.float32], half: NDArray[np.float32], truth: NDArray[np.float32], mode: Mode
) -> dict[str, Any]:
    """The score of held-out logits (n, labels) from weights in 32 and in 16 bits.

    Validation and test together: nothing is chosen here, and one borderline image of a small
    split alone would exceed the bound. Raises BadBundle where 16 bits lose MOST_LOST or more.
    """
    scores = [validation_score(logits, truth, mode) for logits in (full, half)]
    lost = scores[0] - scores[1]
    if not lost < MOST_LOST:
        raise BadBundle(
            f"Storing weights in 16 bits loses {lost:.4f} of the score on held-out images."
        )
    name = "balanced_accuracy" if mode is Mode.MULTI_CLASS else "mean_auroc"
    return {
        "metric": name,
        "images": len(truth),
        "full": scores[0],
        "half": scores[1],
        "lost": lost,
    }


def _manifest(
    record: Mapping[str, Any],
    judged: Judged,
    network: bytes,
    card: str,
    *,
    plan: Recipe,
    task: Task,
) -> Manifest:
    return Manifest(
        task=task.name,
        version=f"{plan.architecture}-{record['weights'][:8]}",
        mode=task.mode,
        labels=task.names,
        architecture=plan.architecture,
        opset=OPSET,
        statement=record["statement"],
        input=plan.input,
        calibration=judged.calibration,
        operating_points=judged.points,
        golden=golden_logits(network, plan.input),
        files=digests(network, card),
        provenance={name: value for name, value in record.items() if name not in IN_MANIFEST},
        metrics=judged.metrics,
    )
