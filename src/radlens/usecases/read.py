"""Scans -> readings: the one way from an image to findings, for one scan or a thousand."""

from collections.abc import Sequence

from radlens.domain.calibration import probabilities
from radlens.domain.errors import NotThisTask
from radlens.domain.finding import findings
from radlens.domain.gate import Assessment, Gate, Verdict, united
from radlens.domain.model import Forward
from radlens.domain.prediction import Reading
from radlens.domain.scan import Scan
from radlens.domain.task import Task
from radlens.domain.uncertainty import prediction_set
from radlens.imaging.checks import check
from radlens.imaging.prepare import prepare
from radlens.model_ports import Engine


def read(model: Engine, scans: Sequence[Scan], task: Task) -> list[Reading]:
    """Read each scan with one model; raises NotAssessable where a scan says nothing.

    Raises NotThisTask where a scan is none that the model may read.
    """
    return [_read(model, scan, task) for scan in scans]


def _read(model: Engine, scan: Scan, task: Task) -> Reading:
    manifest = model.manifest
    tensor = prepare(scan, manifest.input)[None]
    plain = check(scan, task)
    admitted(plain, task)
    forward = model.forward(tensor)
    assessment = gated(plain, manifest.gate, forward)
    if assessment:
        admitted(assessment, task)
    answer = findings(
        probabilities(forward.logits[0], manifest.mode, manifest.calibration),
        labels=manifest.labels,
        mode=manifest.mode,
        points=manifest.operating_points,
        calibrated=manifest.calibration.fitted,
    )
    kept = prediction_set(answer, manifest.uncertainty)
    alike = None
    if model.known and forward.features is not None:
        alike = model.known.alike(forward.features[0])
    return Reading(scan, model.ref, answer, forward.evidence[0], kept, assessment, alike)


def gated(plain: Assessment, gate: Gate | None, forward: Forward) -> Assessment | None:
    """The verdict on one scan from its plain checks and its one pass through the network.

    Without a gate only what the plain checks hold against it is said: to pass them is not enough
    to call an image assessable, so the answer is None then.
    """
    if gate is None or forward.signals is None:
        return None if plain.verdict is Verdict.ASSESSABLE else plain
    return united([plain, gate.assess(forward.signals[0].tolist())])


def admitted(assessment: Assessment, task: Task) -> None:
    """Raise NotThisTask for a refused image."""
    if assessment.verdict is Verdict.REFUSED:
        meant = " or ".join(task.modalities)
        raise NotThisTask(
            f"The image is not read for the task {task.name}. {' '.join(assessment.reasons)}",
            hint=f"Send an image that is meant for it ({meant}), grey, upright and not inverted.",
        )
