"""What travels with the weights: labels, preprocessing, calibration, digests, golden answer."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radlens.domain.calibration import Calibration
from radlens.domain.errors import BadBundle
from radlens.domain.finding import OperatingPoint
from radlens.domain.gate import Gate
from radlens.domain.task import Mode, Task
from radlens.domain.uncertainty import Uncertainty

FORMAT = "radlens-bundle/1"
# The part that may be missing: training images, by the features that the network gives of them.
KNOWN = "known-cases.safetensors"


@dataclass(frozen=True)
class ModelRef:
    """Which model gave an answer; ``digest`` is the SHA-256 of its manifest, and so of it all.

    ``statement`` has to be shown beside every result, for instance "trained on simulations";
    ``map_warning`` beside every heat map, unless it is empty.
    """

    task: str
    version: str
    digest: str
    statement: str
    map_warning: str = ""


@dataclass(frozen=True)
class InputSpec:
    """How a Scan becomes the network's input; see ``imaging.prepare``.

    ``contrast`` holds two percentiles that are mapped to 0 and 1 before ``mean`` and ``std``
    are applied; None keeps the scale of the scan's window.
    """

    rows: int
    cols: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    contrast: tuple[float, float] | None


@dataclass(frozen=True)
class Manifest:
    """``manifest.json`` of a bundle. ``files`` maps each other part to its SHA-256.

    ``golden`` holds the logits that the network must give for the golden scan
    (``engines.golden``); ``provenance`` says what it was trained on, by what, and when;
    ``metrics`` holds what was measured on the held-out split. ``uncertainty`` and ``gate``
    are None in bundles that were written before they were fitted.
    """

    task: str
    version: str
    mode: Mode
    labels: tuple[str, ...]
    architecture: str
    opset: int
    statement: str
    input: InputSpec
    calibration: Calibration
    operating_points: tuple[OperatingPoint, ...]
    golden: tuple[float, ...]
    files: Mapping[str, str]
    provenance: Mapping[str, Any]
    metrics: Mapping[str, Any]
    uncertainty: Uncertainty | None = None
    gate: Gate | None = None

    @property
    def outputs(self) -> list[str]:
        """What the network gives, by the names and in the order of ``Forward``."""
        more = {"signals": self.gate is not None, "features": KNOWN in self.files}
        return ["logits", "evidence", *(name for name, there in more.items() if there)]

    def to_json(self) -> bytes:
        """Canonical bytes: sorted keys, so that equal manifests have equal digests."""
        return (json.dumps({"format": FORMAT} | asdict(self), indent=1, sort_keys=True)).encode()

    @staticmethod
    def from_json(raw: bytes) -> "Manifest":
        """Read a manifest; raises BadBundle where anything is missing, unknown or misshapen."""
        try:
            entries = json.loads(raw)
            if entries.pop("format") != FORMAT:
                raise BadBundle("The bundle was written in a format that this version cannot read.")
            spec = entries.pop("input")
            calibration = entries.pop("calibration")
            uncertainty = entries.pop("uncertainty", None)
            gate = entries.pop("gate", None)
            manifest = Manifest(
                mode=Mode(entries.pop("mode")),
                labels=tuple(entries.pop("labels")),
                input=InputSpec(**{k: _frozen(v) for k, v in spec.items()}),
                calibration=Calibration(**{k: _frozen(v) for k, v in calibration.items()}),
                operating_points=tuple(map(OperatingPoint.of, entries.pop("operating_points"))),
                uncertainty=None if uncertainty is None else Uncertainty.of(uncertainty),
                gate=None if gate is None else Gate.of(gate),
                golden=tuple(entries.pop("golden")),
                **entries,
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadBundle(f"The bundle's manifest cannot be read: {error}.") from error
        manifest._check()
        return manifest

    def _check(self) -> None:
        per_label = (
            self.golden,
            self.operating_points,
            self.calibration.slope,
            self.calibration.intercept,
            self.calibration.fitted,
            *((self.uncertainty.thresholds, self.uncertainty.measured) if self.uncertainty else ()),
        )
        if any(len(values) != len(self.labels) for values in per_label):
            raise BadBundle("The bundle's manifest has not one entry for each label.")
        thresholds = (p.threshold for p in self.operating_points if p.threshold is not None)
        numbers = (*self.golden, *self.calibration.slope, *self.calibration.intercept, *thresholds)
        if not np.isfinite(np.array([*numbers, *self.input.mean, *self.input.std], float)).all():
            raise BadBundle("The bundle's manifest holds values that are not numbers.")
        if min(self.input.std) <= 0 or min(self.input.rows, self.input.cols) < 1:
            raise BadBundle("The bundle's input size and scale must be above zero.")

    def must_match(self, task: Task) -> None:
        """Raise BadBundle unless labels (in order) and mode are those of an edition of the card."""
        if self.task != task.name:
            raise BadBundle(f"The bundle is for the task {self.task}, not for {task.name}.")
        if not task.knows(self.labels) or self.mode is not task.mode:
            raise BadBundle(f"The bundle's labels are not those of the card {task.name}, in order.")


@dataclass(frozen=True, eq=False)
class Forward:
    """One pass through the network: ``evidence.mean(rows, cols) + bias == logits``.

    ``logits`` has shape (n, labels), ``evidence`` (n, labels, rows, cols); ``signals`` of the
    input gate (n, k), None where the bundle has no gate; ``features`` (n, channels), from which the
    logits come, None where it remembers no training images; all float32.
    """

    logits: NDArray[np.float32]
    evidence: NDArray[np.float32]
    signals: NDArray[np.float32] | None = None
    features: NDArray[np.float32] | None = None


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
