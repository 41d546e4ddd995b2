"""An answer, before and after it is on record."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from radlens.domain.audit import Actor
from radlens.domain.finding import Finding
from radlens.domain.model import ModelRef
from radlens.domain.scan import Scan, Source, Window


@dataclass(frozen=True, eq=False)
class Reading:
    """What one model says of one scan; ``evidence`` has shape (labels, rows, cols)."""

    scan: Scan
    model: ModelRef
    findings: tuple[Finding, ...]
    evidence: NDArray[np.float32]


@dataclass(frozen=True)
class ImageRef:
    """The stored, de-identified image: ``digest`` is the SHA-256 of its PNG bytes.

    The other fields are the Scan's, which a PNG cannot carry.
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


@dataclass(frozen=True)
class Prediction:
    """A reading on record. ``evidence`` is the SHA-256 of its stored maps."""

    id: str
    time: datetime
    by: Actor
    model: ModelRef
    image: ImageRef
    evidence: str
    findings: tuple[Finding, ...]


def fingerprint(prediction: Prediction) -> str:
    """SHA-256 over every field, for the audit log: an edited record no longer fits its entry."""
    canonical = json.dumps(asdict(prediction), sort_keys=True, default=datetime.isoformat)
    return sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True)
class Once:
    """A promise that a repeated request is one prediction: the key, and what was asked with it."""

    key: str
    request: str
