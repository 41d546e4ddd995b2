"""Predictions to report on, made of nothing but domain values."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import radlens
from radlens.domain.audit import Actor
from radlens.domain.finding import Finding, OperatingPoint, Tier, TierRecord, findings
from radlens.domain.gate import MEANINGS, Assessment, Verdict
from radlens.domain.metrics import Confusion, Proportion
from radlens.domain.model import ModelRef
from radlens.domain.prediction import ImageRef, Prediction
from radlens.domain.scan import Scan, Window
from radlens.domain.task import Mode, Task
from radlens.domain.uncertainty import Uncertainty, prediction_set

CARDS = Path(radlens.__file__).parent / "tasks"
MEASURED = Confusion(46, 4, 10, 140)
TIERS = (
    TierRecord(Tier.HIGH, Proportion(46, 50)),
    TierRecord(Tier.MODERATE, Proportion(70, 110), labels=4),
)
ROWS, COLS, GRID = 320, 384, 8


def card(name: str) -> Task:
    """A task card as it ships."""
    return Task.from_toml((CARDS / f"{name}.toml").read_text("utf-8"))


def a_scan() -> Scan:
    """A soft grey slope with a bright disc, no two rows alike."""
    rows, cols = np.mgrid[:ROWS, :COLS]
    disc = np.hypot(rows - ROWS / 2, cols - COLS / 2) < 90
    pixels = 40 + 80 * rows / ROWS + 90 * disc
    return Scan(pixels.astype(np.uint8), Window(0, 255), "png", modality="DX")


def some_evidence(labels: int, hot: dict[int, tuple[int, int]]) -> NDArray[np.float32]:
    """Maps without positive evidence, but for one hot cell (row, col) in each named map."""
    maps = np.full((labels, GRID, GRID), -0.5, np.float32)
    for index, (row, col) in hot.items():
        maps[index, row, col] = 3.0 + index
    return maps


def found(
    task: Task, probabilities: list[float], *, threshold: float | None, calibrated: bool = True
) -> tuple[Finding, ...]:
    """Findings with one operating point for all; every second one was measured."""
    point = OperatingPoint(threshold if task.mode is Mode.MULTI_LABEL else None, tiers=TIERS)
    points = [
        replace(point, measured=MEASURED if i % 2 == 0 else None) for i in range(len(task.names))
    ]
    return findings(
        np.array(probabilities),
        labels=task.names,
        mode=task.mode,
        points=tuple(points),
        calibrated=(calibrated,) * len(task.names),
    )


def a_prediction(task: Task, answers: tuple[Finding, ...]) -> Prediction:
    """On record since a fixed moment."""
    return Prediction(
        id="01JDEMO00000000000000000RL",
        time=datetime(2026, 3, 4, 9, 30, 15, tzinfo=UTC),
        by=Actor("reader", "page"),
        model=ModelRef(task.name, "2026.03", "a1" * 32, "Trained on a small public sample."),
        image=ImageRef(
            "b2" * 32, ROWS, COLS, Window(0, 255), "png", task.modalities[0], None, 1, 1
        ),
        evidence="c3" * 32,
        findings=answers,
        prediction_set=prediction_set(answers, some_uncertainty(len(answers))),
        assessment=Assessment(Verdict.ASSESSABLE),
    )


def some_uncertainty(labels: int) -> Uncertainty:
    """Labels are kept from 6 % on; the last of them always, since its cases were too few."""
    return Uncertainty(
        level=0.9,
        thresholds=(*(0.06,) * (labels - 1), None),
        cases=(*(40,) * (labels - 1), 5),
        measured=(Proportion(37, 40),) * labels,
        whole=Proportion(330, 346),
    )


def chest() -> tuple[Prediction, Task, NDArray[np.float32]]:
    """Two of thirteen findings reported, the more probable of them hot at the lower left."""
    task = card("chest-xray")
    values = [0.31, 0.12, 0.22, 0.05, 0.84, 0.0004, 0.02, 0.4, 0.11, 0.63, 0.09, 0.3, 0.07]
    prediction = a_prediction(task, found(task, values, threshold=0.5))
    return prediction, task, some_evidence(13, {4: (6, 1), 9: (1, 6), 0: (3, 3)})


def chest_below() -> tuple[Prediction, Task, NDArray[np.float32]]:
    """None of thirteen reaches its operating point."""
    prediction, task, evidence = chest()
    values = [0.31, 0.12, 0.22, 0.05, 0.44, 0.0004, 0.02, 0.4, 0.11, 0.13, 0.09, 0.3, 0.07]
    answers = found(task, values, threshold=0.5, calibrated=False)
    kept = prediction_set(answers, some_uncertainty(13))
    return replace(prediction, findings=answers, prediction_set=kept), task, evidence


def brain() -> tuple[Prediction, Task, NDArray[np.float32]]:
    """One of four classes is the answer."""
    task = card("brain-tumor")
    prediction = a_prediction(task, found(task, [0.07, 0.86, 0.04, 0.03], threshold=None))
    image = replace(prediction.image, source="dicom", frame=3, frames=12)
    doubt = Assessment(Verdict.DOUBTFUL, (MEANINGS["unlike"],))
    return replace(prediction, image=image, assessment=doubt), task, some_evidence(4, {1: (2, 5)})


def brain_without_evidence() -> tuple[Prediction, Task, NDArray[np.float32]]:
    """The answer is the class for none of the tumours, and no map speaks for it."""
    prediction, task, _ = brain()
    answers = found(task, [0.2, 0.1, 0.1, 0.6], threshold=None)
    # As in a record that was written before anything was known of what cannot be ruled out.
    before = replace(prediction, findings=answers, prediction_set=None, assessment=None)
    return before, task, some_evidence(4, {})
