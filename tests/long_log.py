"""A log as a busy site has it after months, made in seconds: one transaction, no model runs."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from random import Random

import numpy as np

from radlens.bootstrap import GALLERY
from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.calibration import probabilities
from radlens.domain.finding import findings
from radlens.domain.model import Manifest
from radlens.domain.prediction import Prediction, fingerprint
from radlens.domain.uncertainty import prediction_set
from radlens.storage import statements
from radlens.storage.sqlite import SqliteDatabase
from tests.storage.samples import NOON, a_prediction

TASK = "chest-xray"
READER = Actor("ada", "page", "127.0.0.1")


def fill(home: Path, count: int, *, each: int = 1, seed: int = 0) -> None:
    """Add ``count`` entries to the log of a site in a folder.

    Every ``each``-th is a prediction, recorded as the shipped chest model would have answered;
    those between are looks at it.
    """
    made = answers(seed)
    prediction = next(made)
    with closing(SqliteDatabase(home / "radlens.sqlite")) as database, database.writing() as sql:
        for number in range(count):
            time = NOON + timedelta(seconds=number)
            if number % each == 0:
                prediction = replace(next(made), time=time)
                statements.record(sql, prediction, _made(prediction), None)
            else:
                seen = Act(time, READER, Verb.VIEW, prediction.id, {"task": TASK})
                statements.append(sql, seen)


def answers(seed: int) -> Iterator[Prediction]:
    """Predictions of random logits with everything that the shipped model says beside them."""
    manifest, rng = _manifest(), np.random.default_rng(seed)
    ids = Random(seed)  # noqa: S311
    while True:
        logits = rng.normal(-1, 2, len(manifest.labels)).astype(np.float32)
        found = findings(
            probabilities(logits, manifest.mode, manifest.calibration),
            labels=manifest.labels,
            mode=manifest.mode,
            points=manifest.operating_points,
            calibrated=manifest.calibration.fitted,
        )
        bare = a_prediction(f"{ids.getrandbits(128):032x}", image=f"{ids.getrandbits(256):064x}")
        yield replace(
            bare, findings=found, prediction_set=prediction_set(found, manifest.uncertainty)
        )


@cache
def _manifest() -> Manifest:
    content = (GALLERY / TASK / "manifest.json").read_bytes()
    return Manifest.from_json(content)


def _made(prediction: Prediction) -> Act:
    detail = {
        "task": TASK,
        "image": prediction.image.digest,
        "findings": {finding.label: finding.probability for finding in prediction.findings},
        "record": fingerprint(prediction),
    }
    return Act(prediction.time, prediction.by, Verb.PREDICT, prediction.id, detail)
