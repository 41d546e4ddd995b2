"""Predictions and acts to put on record, without a model."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from radlens.domain.audit import Act, Actor
from radlens.domain.finding import Finding, OperatingPoint, Tier, TierRecord
from radlens.domain.gate import Assessment, Verdict
from radlens.domain.known import Alike, KnownCase
from radlens.domain.metrics import Confusion, Interval, Proportion
from radlens.domain.model import ModelRef
from radlens.domain.prediction import ImageRef, Prediction
from radlens.domain.scan import Window
from radlens.domain.uncertainty import Member, PredictionSet

NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
BY = Actor("a radiographer", "cli")
POINT = OperatingPoint(
    0.4, Confusion(9, 1, 2, 30), Interval(0.3, 0.6), (TierRecord(Tier.HIGH, Proportion(9, 9), 13),)
)
FINDINGS = (
    Finding("Mass", 0.1, False, None, False, OperatingPoint(0.5)),  # noqa: FBT003
    Finding("Edema", 0.83, True, Tier.HIGH, True, POINT),  # noqa: FBT003
)
DOUBT = Assessment(Verdict.DOUBTFUL, ("It is unlike the others.",))
ALIKE = Alike(
    (KnownCase(("Mass", "Edema"), 0.91), KnownCase((), 0.5)), 40, Proportion(48, 50), None
)
KEPT = PredictionSet(0.9, (Member("Edema", always=False, measured=Proportion(7, 8)),), None)


def a_prediction(key: str, *, image: str = "b" * 64, **changes: Any) -> Prediction:
    """A prediction with the id ``key`` of the image with that digest."""
    model = ModelRef("chest-xray", "1.0", "a" * 64, "Trained for tests.")
    seen = ImageRef(image, 1024, 768, Window(0.0, 4095.0), "dicom", "DX", (0.143, 0.143), 1, 1)
    prediction = Prediction(key, NOON, BY, model, seen, "c" * 64, FINDINGS, KEPT, DOUBT, ALIKE)
    return replace(prediction, **changes)


def an_act(prediction: Prediction, **detail: Any) -> Act:
    """The act of making that prediction."""
    return Act(prediction.time, prediction.by, "predict", prediction.id, detail)
