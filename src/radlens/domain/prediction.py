"""An answer, before and after it is on record."""

import json
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radlens.domain.audit import Actor
from radlens.domain.finding import Finding
from radlens.domain.gate import UNCHECKED, Assessment, Verdict
from radlens.domain.known import Alike
from radlens.domain.model import ModelRef
from radlens.domain.pseudonym import Pseudonyms
from radlens.domain.scan import Scan, Source, Window
from radlens.domain.uncertainty import PredictionSet


@dataclass(frozen=True, eq=False)
class Reading:
    """What one model says of one scan; ``evidence`` has shape (labels, rows, cols)."""

    scan: Scan
    model: ModelRef
    findings: tuple[Finding, ...]
    evidence: NDArray[np.float32]
    prediction_set: PredictionSet | None = None
    assessment: Assessment | None = None
    alike: Alike | None = None


# How an image is freed of the patient's data. PS3.15 Annex E lists the attributes to remove or
# replace; here none of them is taken along to begin with, but what names patient and study, keyed.
METHOD = "pixels only; of PS3.15 Table E.1-1 at most keyed pseudonyms of patient and study"


@dataclass(frozen=True)
class ImageRef:
    """The stored, de-identified image: ``digest`` is the SHA-256 of its PNG bytes.

    The other fields are the Scan's, which a PNG cannot carry. ``deidentified`` is the method by
    which it was freed of the patient's data; "" in records of earlier versions.
    """

    digest: str
    rows: int
    cols: int
    window: Window
    source: Source
    modality: str | None
    spacing_mm: tuple[float, float] | None
    frame: int
    frames: int
    deidentified: str = ""

    @staticmethod
    def of(scan: Scan, digest: str) -> "ImageRef":
        """What to keep of a scan whose PNG is stored under ``digest``."""
        return ImageRef(
            digest=digest,
            rows=scan.rows,
            cols=scan.cols,
            window=scan.window,
            source=scan.source,
            modality=scan.modality,
            spacing_mm=scan.spacing_mm,
            frame=scan.frame,
            frames=scan.frames,
            deidentified=METHOD,
        )


@dataclass(frozen=True)
class Erasure:
    """When and by whom the image and the evidence of a prediction were destroyed, and why."""

    time: datetime
    by: str
    reason: str


@dataclass(frozen=True)
class Prediction:
    """A reading on record. ``evidence`` is the SHA-256 of its stored maps.

    ``assessment`` is None where nothing checked whether the model may read the image, ``alike``
    where the model remembers no training images. ``erased`` came later where it did, and ``whose``
    is gone then: neither is part of what was said of the image. ``whose`` is None where nothing
    says whose image it is.
    """

    id: str
    time: datetime
    by: Actor
    model: ModelRef
    image: ImageRef
    evidence: str
    findings: tuple[Finding, ...]
    prediction_set: PredictionSet | None = None
    assessment: Assessment | None = None
    alike: Alike | None = None
    erased: Erasure | None = None
    whose: Pseudonyms | None = None

    @property
    def doubtful(self) -> bool:
        """Whether it is in doubt that the model may read this image."""
        return self.assessment is not None and self.assessment.verdict is not Verdict.ASSESSABLE

    @property
    def admission(self) -> str:
        """What stands beside the findings on whether the model may read this image."""
        return self.assessment.sentence if self.assessment else UNCHECKED


# Fields that records of earlier versions do not have: left out where they hold nothing, so that
# those records still fit their audit entries.
ADDED = frozenset(
    {
        "prediction_set",
        "assessment",
        "alike",
        "interval",
        "tiers",
        "map_warning",
        "origin",
        "deidentified",
    }
)


def fingerprint(prediction: Prediction) -> str:
    """SHA-256 over every field, for the audit log: an edited record no longer fits its entry."""
    return sha256(canonical(prediction).encode()).hexdigest()


def canonical(value: Any) -> str:
    """A record, or a part of one, as the text that its digest is taken of."""
    return json.dumps(_plain(value), sort_keys=True, default=datetime.isoformat)


def told(**fields: Any) -> dict[str, Any]:
    """The fields that are part of the text."""
    return {name: part for name, part in fields.items() if part or name not in ADDED}


def _plain(value: Any) -> Any:
    """What ``dataclasses.asdict`` gives, without the copies that make it slow."""
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    kind: Any = type(value)
    if (known := _fields(kind)) is None:
        return value
    return told(**{name: _plain(getattr(value, name)) for name in known})


@cache
def _fields(kind: Any) -> tuple[str, ...] | None:
    names = tuple(field.name for field in fields(kind)) if is_dataclass(kind) else None
    return names and tuple(name for name in names if name not in {"erased", "whose"})


@dataclass(frozen=True)
class Recorded:
    """What verifying needs to know of a prediction on record."""

    id: str
    fingerprint: str
    erased: bool
    whose: Pseudonyms | None = None


@dataclass(frozen=True)
class Once:
    """A promise that a repeated request is one prediction: the key, and what was asked with it."""

    key: str
    request: str
