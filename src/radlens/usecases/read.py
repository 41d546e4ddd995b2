"""Scans -> readings: the one way from an image to findings, for one scan or a thousand."""

from collections.abc import Sequence

from radlens.domain.calibration import probabilities
from radlens.domain.finding import findings
from radlens.domain.prediction import Reading
from radlens.domain.scan import Scan
from radlens.imaging.prepare import prepare
from radlens.ports import Engine


def read(model: Engine, scans: Sequence[Scan]) -> list[Reading]:
    """Read each scan with one model; raises NotAssessable where a scan says nothing."""
    return [_read(model, scan) for scan in scans]


def _read(model: Engine, scan: Scan) -> Reading:
    manifest = model.manifest
    forward = model.forward(prepare(scan, manifest.input)[None])
    answer = findings(
        probabilities(forward.logits[0], manifest.mode, manifest.calibration),
        labels=manifest.labels,
        mode=manifest.mode,
        points=manifest.operating_points,
        calibrated=manifest.calibration.fitted,
    )
    return Reading(scan, model.ref, answer, forward.evidence[0])
