"""Values <-> rows of text and numbers, the same for every database; exact in both directions."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from radlens.domain.audit import Act, Actor, Entry, Outcome
from radlens.domain.errors import BrokenChain, DigestMismatch, NotAssessable
from radlens.domain.finding import Finding, OperatingPoint, Tier
from radlens.domain.gate import Assessment
from radlens.domain.known import Alike
from radlens.domain.model import ModelRef
from radlens.domain.prediction import Erasure, ImageRef, Prediction
from radlens.domain.pseudonym import Pseudonyms
from radlens.domain.scan import Window
from radlens.domain.uncertainty import PredictionSet

Row = tuple[Any, ...]

PREDICTION = (
    "id, time, actor, via, origin, task, "
    "model_version, model_digest, model_statement, map_warning, "
    "image_digest, image, evidence_digest, findings, prediction_set, assessment, alike"
)
# Beside what was said of the image: nulls where nothing says whose it is, and after an erasure.
WHOSE = "patient, study, salt"
# Beside a prediction, from the table of erasures: nulls where it was not erased.
ERASURE = "erased, erased_by, erased_why"
ENTRY = "seq, time, utc, actor, via, origin, verb, subject, detail, outcome, previous, digest"


def prediction_row(prediction: Prediction) -> Row:
    """The columns PREDICTION; raises NotAssessable where a number is NaN or infinite."""
    model, image = prediction.model, asdict(prediction.image)
    return (
        prediction.id,
        zoned(prediction.time),
        *actor_row(prediction.by),
        model.task,
        model.version,
        model.digest,
        model.statement,
        model.map_warning or None,
        image.pop("digest"),
        finite(image),
        prediction.evidence,
        finite([asdict(finding) for finding in prediction.findings]),
        prediction.prediction_set and finite(asdict(prediction.prediction_set)),
        prediction.assessment and finite(asdict(prediction.assessment)),
        prediction.alike and finite(asdict(prediction.alike)),
    )


def whose_row(whose: Pseudonyms | None) -> Row:
    """The columns WHOSE."""
    return (whose.patient, whose.study, whose.salt) if whose else (None, None, None)


def whose_of(row: Sequence[Any]) -> Pseudonyms | None:
    """The pseudonyms of the columns WHOSE; None where there are none at all."""
    return None if set(row) == {None} else Pseudonyms(*row)


def prediction_of(
    row: Sequence[Any],
    whose: Sequence[Any] = (None, None, None),
    erasure: Sequence[Any] = (None, "", ""),
) -> Prediction:
    """The prediction of a row; raises DigestMismatch where the row is not what was written."""
    erased, by, why = erasure
    key, time, actor, via, origin, *model, image, ref, evidence, said, kept, gate, near = row
    try:
        return Prediction(
            id=key,
            time=datetime.fromisoformat(time),
            by=Actor(actor, via, origin),
            model=_model(*model),
            image=_image(image, json.loads(ref)),
            evidence=evidence,
            findings=tuple(map(finding_of, json.loads(said))),
            prediction_set=None if kept is None else PredictionSet.of(json.loads(kept)),
            assessment=None if gate is None else Assessment.of(json.loads(gate)),
            alike=None if near is None else Alike.of(json.loads(near)),
            erased=None if erased is None else Erasure(time_of(erased), by, why),
            whose=whose_of(whose),
        )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise DigestMismatch(f"The record {key} cannot be read as it was written.") from error


def entry_row(entry: Entry) -> Row:
    """The columns ENTRY of an audit entry whose act is ``plain``."""
    act = entry.act
    when = (zoned(act.time), in_utc(act.time))
    what = (act.verb, act.subject, json.dumps(act.detail), act.outcome)
    return (entry.seq, *when, *actor_row(act.by), *what, entry.previous, entry.digest)


def entry_of(row: Sequence[Any]) -> Entry:
    """The audit entry of a row; raises BrokenChain where the row cannot have been written."""
    seq, time, utc, *actor, verb, subject, detail, outcome, previous, digest = row
    try:
        when, more, how = datetime.fromisoformat(time), json.loads(detail), Outcome(outcome)
        sought = in_utc(when)
    except (ValueError, TypeError) as error:
        raise _changed(seq) from error
    if utc not in (sought, time):  # or a search by time would not find the entry
        raise _changed(seq)
    return Entry(seq, Act(when, Actor(*actor), verb, subject, more, how), previous, digest)


def _changed(seq: int) -> BrokenChain:
    return BrokenChain(f"The audit log does not verify at entry {seq}: it was changed.", entry=seq)


def actor_row(actor: Actor) -> Row:
    """The columns actor, via and origin."""
    return (actor.name, actor.via, actor.origin)


def plain(act: Act) -> Act:
    """The act as it will be read back, so that the digest taken now is the digest found later.

    JSON turns tuples into lists and keys into text, which may change their sorted order.
    """
    return replace(act, detail=json.loads(json.dumps(act.detail)))


def _model(task: str, version: str, digest: str, statement: str, warning: str | None) -> ModelRef:
    return ModelRef(task, version, digest, statement, warning or "")


def _image(digest: str, entries: Mapping[str, Any]) -> ImageRef:
    fields = dict(entries)
    window, spacing = Window(**fields.pop("window")), fields.pop("spacing_mm")
    spacing_mm = None if spacing is None else (spacing[0], spacing[1])
    return ImageRef(digest=digest, window=window, spacing_mm=spacing_mm, **fields)


def finding_of(entries: Mapping[str, Any]) -> Finding:
    """The finding that ``asdict`` wrote, of today or of an earlier version."""
    fields = dict(entries)
    tier, point = fields.pop("tier"), fields.pop("operating_point")
    return Finding(
        tier=None if tier is None else Tier(tier),
        operating_point=OperatingPoint.of(point),
        **fields,
    )


def finite(values: object) -> str:
    """The values as JSON; raises NotAssessable where a number is NaN or infinite."""
    try:
        return json.dumps(values, allow_nan=False)
    except ValueError as error:
        raise NotAssessable("A value to be recorded is not a number.") from error


def time_of(text: str) -> datetime:
    """The time that ``zoned`` wrote."""
    return datetime.fromisoformat(text)


def in_utc(time: datetime) -> str:
    """A time to search by: of one length and in one zone, so that its text sorts as time does."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def zoned(time: datetime) -> str:
    """A time as ISO 8601 with its offset, to be read back exactly."""
    if time.utcoffset() is None:
        raise ValueError("A time on record must say its zone.")
    return time.isoformat()
