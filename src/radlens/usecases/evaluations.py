"""What is known of a version's worth: read back from its entry, or from its own manifest."""

import json
from collections.abc import Mapping
from typing import Any

from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.errors import NotFound
from radlens.domain.evaluation import (
    COUNTS,
    Evaluation,
    LabelScores,
    Measure,
    Scores,
    Subject,
)
from radlens.domain.ledger import Item
from radlens.domain.model import Manifest
from radlens.domain.registry import Version
from radlens.ports import Site

CARD, PDF = "card.md", "card.pdf"
# What an entry keeps as a file, by its name in the JSON of an evaluation.
APART = {"curves": "curves.json", "risk_coverage": "risk-coverage.json"}


def recorded(site: Site, item: Item) -> Evaluation:
    """The evaluation of an entry with its curves; raises NoSuchObject or DigestMismatch."""
    kept = {part: item.files[name] for part, name in APART.items() if name in item.files}
    drawn = {part: json.loads(site.blobs.get(digest)) for part, digest in kept.items()}
    return Evaluation.from_json({"curves": {}, **item.body, **drawn})


def brought(site: Site, version: Version) -> Evaluation | None:
    """What a version's training measured on its own held-out cases, without curves.

    None where its bundle holds no figures of that kind.
    """
    if not version.loadable:
        return None
    manifest = Manifest.from_json(site.blobs.get(version.digest))
    try:
        scores = _scores(manifest.metrics)
    except (KeyError, TypeError, AttributeError):  # figures of an earlier program, or another's
        return None
    return Evaluation(_subject(manifest, version.digest), scores, {}, (), (), ())


def has_report_pdf(site: Site, item: Item) -> bool:
    """Whether the PDF of an evaluation is there: an erasure of an image that it shows destroys it.

    Raises DigestMismatch.
    """
    try:
        return PDF in item.files and bool(site.blobs.get(item.files[PDF]))
    except NotFound:
        return False


def report_pdf(site: Site, item: Item, *, by: Actor) -> bytes:
    """The card of an evaluation as PDF, once the log tells who takes it: it shows its worst errors.

    Raises NoSuchObject or DigestMismatch.
    """
    content = site.blobs.get(item.files[PDF])
    images = sorted({failure["image"] for failure in item.body["failures"]})
    detail = {"evaluation": item.id, "images": images}
    subject: str = item.body["subject"]["dataset_id"]
    site.trail.note(Act(site.clock(), by, Verb.VIEW_IMAGE, subject, detail))
    return content


def _subject(manifest: Manifest, digest: str) -> Subject:
    data = manifest.provenance.get("dataset")
    known: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
    return Subject(
        task=manifest.task,
        model=manifest.version,
        model_digest=digest,
        statement=manifest.statement,
        dataset=known.get("name", "not stated"),
        dataset_id=known.get("sha256", "not stated"),
        split="test",
        unit="patients or near-duplicate groups",
        seed=manifest.provenance.get("seed", 0),
        trained_on=None,
    )


def _scores(metrics: Mapping[str, Any]) -> Scores:
    """The reverse of ``Scores.compact``; raises what other metrics make it raise."""
    confusion = metrics.get("confusion")
    whole = {k: e for k, e in metrics.items() if isinstance(e, Mapping) and "value" in e}
    return Scores(
        whole={name: Measure.of(entry) for name, entry in whole.items()},
        labels={k: _label(entry, metrics["images"]) for k, entry in metrics["labels"].items()},
        confusion=confusion and tuple(map(tuple, confusion)),
        images=metrics["images"],
        units=metrics["units"],
        resamples=metrics["resamples"],
    )


def _label(entry: Mapping[str, Any], images: int) -> LabelScores:
    measures = {name: e and Measure.of(e) for name, e in entry.items() if name not in COUNTS}
    known = max((found.n for found in measures.values() if found), default=images)
    positives, units = (entry[name] for name in COUNTS)
    return LabelScores(positives, known - positives, images - known, units, measures)
