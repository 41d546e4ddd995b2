"""Every word of a report, as data: what is said, before how it looks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from radlens.domain.errors import Corrupted
from radlens.domain.finding import Finding, percent, sentence, tier_right
from radlens.domain.heatmap import HeatMap, heatmap
from radlens.domain.prediction import Prediction
from radlens.domain.review import Review
from radlens.domain.task import Code, Label, Mode, Task
from radlens.domain.uncertainty import set_sentences
from radlens.reports.reading import Reading, reading

TERMINOLOGIES = {"http://snomed.info/sct": "SNOMED CT", "http://radlex.org": "RadLex"}
NOT_A_DEVICE = (
    "Not a medical device. A clinician reads the image; this report does not replace that reading."
)


@dataclass(frozen=True)
class Row:
    """One finding in the table; an empty text is printed as a dash.

    ``urgency`` is empty too for a class such as "no tumour": no answer makes waiting safe.
    """

    title: str
    meaning: str
    probability: str
    calibrated: str
    point: str
    reported: str
    tier: str
    advice: str
    urgency: str


@dataclass(frozen=True, eq=False)
class Picture:
    """The one heat map that is drawn, and of what; ``heat`` is None where there is no evidence."""

    heat: HeatMap | None
    caption: str


@dataclass(frozen=True, eq=False)
class Report:
    """A report's texts from top to bottom; pairs are a term and what is said of it."""

    title: str
    disclaimer: str
    facts: tuple[tuple[str, str], ...]
    admission: str
    doubtful: bool
    summary: tuple[str, ...]
    kept: tuple[str, ...]
    statement: str
    reader: Reading
    picture: Picture
    rows: tuple[Row, ...]
    sentences: tuple[tuple[str, str], ...]
    provenance: tuple[tuple[str, str], ...]
    intended_use: str


def report(
    prediction: Prediction,
    *,
    task: Task,
    evidence: NDArray[np.float32],
    said: Sequence[Review] = (),
) -> Report:
    """What is said of a prediction; ``evidence`` has shape (labels, rows, cols).

    ``said`` is what readers said of it, oldest first.

    Raises Corrupted where the evidence has not one map for each finding.
    """
    if len(evidence) != len(prediction.findings):
        raise Corrupted("The stored evidence has not one map for each finding.")
    labelled = [(finding, task.label(finding.label)) for finding in prediction.findings]
    return Report(
        title=task.title,
        disclaimer=("Demonstration. " if task.demonstration else "") + NOT_A_DEVICE,
        facts=_facts(prediction, task),
        admission=prediction.admission,
        doubtful=prediction.doubtful,
        summary=_summary(labelled, task),
        kept=set_sentences(prediction.prediction_set, task) if prediction.prediction_set else (),
        statement=prediction.model.statement,
        reader=reading(said, prediction, task),
        picture=_picture(prediction, task, evidence),
        rows=tuple(_row(*pair, labels=len(labelled)) for pair in labelled),
        sentences=tuple((sentence(*pair), _codes(pair[1].codes)) for pair in labelled),
        provenance=_provenance(prediction),
        intended_use=task.intended_use,
    )


def focus(findings: tuple[Finding, ...]) -> int:
    """The index of the finding that is drawn: the most probable of the reported, else of all."""
    return max(range(len(findings)), key=lambda i: (findings[i].positive, findings[i].probability))


def _facts(prediction: Prediction, task: Task) -> tuple[tuple[str, str], ...]:
    image, by = prediction.image, prediction.by
    zone = prediction.time.tzname() or "zone not recorded"
    modality = image.modality or "not stated in the file"
    if image.modality and image.modality not in task.modalities:
        modality += f" (this task is meant for {', '.join(task.modalities)})"
    facts = [
        ("Time", f"{prediction.time.isoformat(timespec='seconds')} ({zone})"),
        ("Requested by", f"{by.name}, through {by.via}"),
        ("Prediction", prediction.id),
        ("Model", f"{prediction.model.task} {prediction.model.version}"),
        ("Image", f"{image.cols} x {image.rows} pixels, {image.source.upper()}"),
        ("Modality", modality),
    ]
    if image.frames > 1:
        facts.append(("Frame", f"{image.frame} of {image.frames}; the others were not read"))
    return tuple(facts)


def _summary(labelled: list[tuple[Finding, Label]], task: Task) -> tuple[str, ...]:
    reported = "; ".join(_claim(f, label) for f, label in labelled if f.positive)
    missing = [label.title for f, label in labelled if not f.positive and label.abnormal]
    lines = [f"Reported: {reported}."] if reported else [_nothing_reached(labelled, task)]
    if missing:
        lines.append(
            f"Looked for and not reported: {', '.join(missing)}. "
            "That does not rule out any of them. Nothing else was looked for."
        )
    else:
        lines.append("Nothing else was looked for.")
    return tuple(lines)


def _claim(finding: Finding, label: Label) -> str:
    words = [percent(finding.probability)]
    words += [f"tier {finding.tier}, {tier_right(finding)}"] if finding.tier else []
    words += [f"urgency {label.urgency}"] if label.abnormal else []
    return f"{label.title} ({', '.join(words)})"


def _nothing_reached(labelled: list[tuple[Finding, Label]], task: Task) -> str:
    finding, label = max(labelled, key=lambda pair: pair[0].probability)
    largest = f"the largest probability is {percent(finding.probability)}, of {label.title}"
    if task.mode is Mode.MULTI_CLASS:
        return f"No answer is given: {largest}, which does not reach its operating point."
    return f"None of the {len(labelled)} findings reached its operating point; {largest}."


def _picture(prediction: Prediction, task: Task, evidence: NDArray[np.float32]) -> Picture:
    findings, warning = prediction.findings, prediction.model.map_warning
    index = focus(findings)
    finding, heat = findings[index], heatmap(evidence[index])
    title = task.label(finding.label).title
    if heat is None:
        return Picture(None, f"There is no evidence for “{title}” in this image.")
    standing = "reported" if finding.positive else "not reported; the largest probability"
    caption = (
        f"Heat map of the evidence for “{title}” ({standing}, {percent(finding.probability)}). "
        f"Scale: peak evidence {heat.peak:.2f} logits (dark red). "
        "It shows what the network used, not the outline of a lesion."
    )
    return Picture(heat, f"{caption} {warning}".strip())


def _row(finding: Finding, label: Label, *, labels: int) -> Row:
    threshold = finding.operating_point.threshold
    return Row(
        title=label.title,
        meaning=label.meaning,
        probability=percent(finding.probability),
        calibrated="calibrated" if finding.calibrated else "not calibrated",
        point=f"largest of {labels}" if threshold is None else percent(threshold),
        reported="yes" if finding.positive else "no",
        tier=f"{finding.tier}, {tier_right(finding)}" if finding.tier else "",
        advice=finding.tier.advice if finding.tier else "",
        urgency=str(label.urgency) if finding.positive and label.abnormal else "",
    )


def _codes(codes: tuple[Code, ...]) -> str:
    return "; ".join(
        f"{TERMINOLOGIES.get(code.system, code.system)} {code.value} ({code.meaning})"
        for code in codes
    )


def _provenance(prediction: Prediction) -> tuple[tuple[str, str], ...]:
    return (
        ("Model version", prediction.model.version),
        ("Model, SHA-256", prediction.model.digest),
        ("Image, SHA-256", prediction.image.digest),
        ("Evidence, SHA-256", prediction.evidence),
    )
