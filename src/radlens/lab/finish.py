"""Trained network -> what will be served, measured as it will be served, and its papers."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radlens.domain.bundle import NETWORK
from radlens.domain.calibration import Calibration, probabilities
from radlens.domain.errors import BadBundle
from radlens.domain.finding import OperatingPoint
from radlens.domain.gate import Gate
from radlens.domain.model import InputSpec, Manifest
from radlens.domain.run import Run
from radlens.domain.task import Mode, Task
from radlens.domain.uncertainty import Uncertainty
from radlens.lab.answers import Answers
from radlens.lab.batches import as_input, grey_images
from radlens.lab.bundles import digests, golden_logits, parts_of, write_bundle
from radlens.lab.calibrate import calibrate
from radlens.lab.card import trained_card
from radlens.lab.checkpoint import CURVE, WEIGHTS, write
from radlens.lab.dataset import Cases
from radlens.lab.evaluate import evaluate
from radlens.lab.explain import explanation
from radlens.lab.export import OPSET, Exported, export, run
from radlens.lab.gate import gate_of
from radlens.lab.known import exposed, recalled, remembered
from radlens.lab.networks import Net
from radlens.lab.operating import claims, operating_points, with_measured, with_tiers
from radlens.lab.recipe import Recipe
from radlens.lab.record import code, environment, facts
from radlens.lab.splits import Splits
from radlens.lab.training import validation_score
from radlens.lab.uncertainty import LEVELS, fit_sets, with_coverage
from radlens.lab.watch import fit_watch, parted
from radlens.ports import Blobs

RECORD = "record.json"
# What the score on held-out images may lose by storing weights in 16 bits.
MOST_LOST = 0.002
# Entries of the record that have a field of their own in the manifest.
IN_MANIFEST = {
    "task",
    "architecture",
    "statement",
    "calibration",
    "operating_points",
    "uncertainty",
    "gate",
    "metrics",
}


@dataclass(frozen=True, eq=False)
class Judged:
    """What was fitted on validation, and what was then measured on test."""

    calibration: Calibration
    points: tuple[OperatingPoint, ...]
    uncertainty: Uncertainty
    metrics: Mapping[str, Any]
    half_precision: Mapping[str, Any]
    gate: Gate | None = None
    known: bytes = b""


@dataclass(frozen=True, eq=False)
class Trained:
    """A network whose training is over, by which recipe, and the entry that tells of it."""

    network: Net
    plan: Recipe
    entry: Run


def finish(
    trained: Trained, *, task: Task, splits: Splits, blobs: Blobs, out: Path
) -> dict[str, Any]:
    """Export, calibrate, evaluate; give the record of it all, ``out/record.json``.

    The bundle is ``out/<task>``. Raises BadBundle where the export disagrees with itself.
    """
    network, plan, entry = trained.network, trained.plan, trained.entry
    fitted = splits.train.grey[parted(splits.train.unit)[0]]
    exported = export(network, plan.input, fit_watch(network, fitted, plan.input))
    which = remembered(splits.train, most=plan.known_cases, seed=plan.seed)
    if len(which):
        exported = replace(exported, network=exposed(exported.network))
    judged = judge(exported, splits, plan=plan, task=task, remember=which)
    maps = explanation(
        exported.network, splits.test, plan.input, task=task, blobs=blobs, seed=plan.seed
    )
    judged = replace(judged, metrics={**judged.metrics, "explanation": maps.plain()})
    gate = gate_of(exported.network, splits, plan.input)
    judged = replace(judged, gate=gate)
    record = {
        "task": task.name,
        "architecture": plan.architecture,
        "statement": plan.statement.format(
            train=len(splits.train), val=len(splits.val), test=len(splits.test)
        ),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "recipe": plan.text,
        "seed": plan.seed,
        "run": entry.id,
        "code": dict(entry.code),
        "environment": dict(entry.environment),
        "finished_by": {"code": code(), "environment": environment()},
        "dataset": facts(splits, task),
        "curve": [dict(row) for row in entry.curve],
        "weights": entry.weights,
        "parity": asdict(exported.parity),
        "half_precision": judged.half_precision,
        "calibration": asdict(judged.calibration),
        "operating_points": [asdict(point) for point in judged.points],
        "threshold_rule": str(plan.operating_points),
        "uncertainty": asdict(judged.uncertainty),
        "gate": asdict(gate),
        "metrics": judged.metrics,
    }
    card = trained_card(task, record)
    parts = parts_of(exported.network, card, judged.known)
    manifest = _manifest(record, judged, parts, plan=plan, task=task)
    write_bundle(out / task.name, manifest, parts, task)
    files = {"curve": CURVE, "weights": WEIGHTS, "bundle": task.name}
    whole = record | {"version": manifest.version, "digests": dict(manifest.files), "files": files}
    write(out / RECORD, json.dumps(whole, indent=1, sort_keys=True).encode())
    return whole


def judge(
    exported: Exported,
    splits: Splits,
    *,
    plan: Recipe,
    task: Task,
    remember: NDArray[np.int64],
) -> Judged:
    """Fit on validation, measure on test, both with the very bytes that will be served.

    ``remember`` (n,) are the training images that the bundle is to remember, perhaps none.
    """
    val, test = splits.val, splits.test
    on_val = run(exported.network, tensor(val, plan.input)).logits
    answer = run(exported.network, tensor(test, plan.input))
    on_test, known = answer.logits, b""
    calibration = calibrate(on_val, val.truth, task.mode)
    p_val = probabilities(on_val, task.mode, calibration)
    points = operating_points(
        p_val, val.truth, task.mode, unit=val.unit, rule=plan.operating_points, seed=plan.seed
    )
    level = plan.coverage or LEVELS[task.mode]
    sets = fit_sets(p_val, val.truth, unit=val.unit, level=level)
    p = probabilities(on_test, task.mode, calibration)
    answers = Answers(p, test.truth, claims(points, p), test.unit, task.names, task.mode)
    metrics: dict[str, Any] = dict(evaluate(answers, seed=plan.seed).compact())
    if answer.features is not None:
        known, metrics["known_cases"] = recalled(
            exported.network,
            splits.train.take(remember),
            plan.input,
            features=answer.features,
            answers=answers,
        )
    truth = np.concatenate([val.truth, test.truth])
    full = [run(exported.full, tensor(cases, plan.input)).logits for cases in (val, test)]
    half = half_precision(np.concatenate(full), np.concatenate([on_val, on_test]), truth, task.mode)
    return Judged(
        calibration,
        with_tiers(with_measured(points, p, test.truth), p, test.truth, calibration.fitted),
        with_coverage(sets, p, test.truth, claimed=claims(points, p)),
        metrics,
        half,
        known=known,
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
    parts: Mapping[str, bytes],
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
        golden=golden_logits(parts[NETWORK], plan.input),
        files=digests(parts),
        provenance={name: value for name, value in record.items() if name not in IN_MANIFEST},
        metrics=judged.metrics,
        uncertainty=judged.uncertainty,
        gate=judged.gate,
    )
