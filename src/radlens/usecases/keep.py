"""A reading becomes a record, or nothing at all."""

from io import BytesIO

import numpy as np

from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.prediction import ImageRef, Once, Prediction, Reading, fingerprint
from radlens.domain.pseudonym import Pseudonyms
from radlens.imaging.encode import encode_png
from radlens.ports import Site

MOST = 1000  # earlier predictions of one image to look through


def keep(
    site: Site,
    reading: Reading,
    *,
    by: Actor,
    once: Once | None = None,
    whose: Pseudonyms | None = None,
) -> Prediction:
    """Put a reading on record: objects first, then one transaction with the audit entry inside."""
    scan = reading.scan
    image, evidence = (site.blobs.put(content) for content in objects(reading))
    prediction = Prediction(
        id=site.new_id(),
        time=site.clock(),
        by=by,
        model=reading.model,
        image=ImageRef.of(scan, image),
        evidence=evidence,
        findings=reading.findings,
        prediction_set=reading.prediction_set,
        assessment=reading.assessment,
        alike=reading.alike,
        whose=whose,
    )
    kept = site.records.add(prediction, _act(prediction), once)
    if any(earlier.erased for earlier in site.records.history(limit=MOST, image=image)):
        # An erasure of this very image may have come between the objects and the record.
        for content in objects(reading):
            site.blobs.put(content)
    return kept


def objects(reading: Reading) -> tuple[bytes, bytes]:
    """What is kept of a reading as objects: the image as PNG, the evidence in NumPy's format."""
    stream = BytesIO()
    np.save(stream, reading.evidence, allow_pickle=False)
    return encode_png(reading.scan), stream.getvalue()


def _act(prediction: Prediction) -> Act:
    whose = {"whose": prediction.whose.commitment} if prediction.whose else {}
    return Act(
        time=prediction.time,
        by=prediction.by,
        verb=Verb.PREDICT,
        subject=prediction.id,
        detail={
            "task": prediction.model.task,
            "model": prediction.model.digest,
            "image": prediction.image.digest,
            "evidence": prediction.evidence,
            "findings": {f.label: f.probability for f in prediction.findings},
            "record": fingerprint(prediction),
            **whose,
        },
    )
