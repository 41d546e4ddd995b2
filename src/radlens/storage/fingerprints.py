"""The fingerprint of a stored prediction, taken of its row: whoever verifies reads thousands."""

import json
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any

from radlens.domain.finding import OperatingPoint
from radlens.domain.prediction import canonical, fingerprint, told
from radlens.storage.rows import prediction_of

# How the text of findings begins, goes on and ends, and where an operating point stands in it.
FIRST, NEXT, LAST = '[{"label": ', '}, {"label": ', "}]"
POINT = ', "operating_point": '
HOLE = '"operating_point": null'


def fingerprint_of(row: Sequence[Any]) -> str:
    """What ``fingerprint`` gives for the prediction of a row; raises DigestMismatch as it does."""
    try:
        return sha256(_canonical(row).encode()).hexdigest()
    except (ValueError, LookupError, TypeError, AttributeError):  # not as it is written today
        return fingerprint(prediction_of(row))


def _canonical(row: Sequence[Any]) -> str:
    key, time, actor, via, origin, *model, image, ref, evidence, said, kept, gate, near = row
    task, version, digest, statement, warning = model
    own, points = _parted(said)
    body = {
        "id": key,
        "time": time,
        "by": told(name=actor, via=via, origin=origin),
        "model": told(
            task=task, version=version, digest=digest, statement=statement, map_warning=warning
        ),
        "image": told(digest=image, **json.loads(ref)),
        "evidence": evidence,
        "findings": [{**fields, "operating_point": None} for fields in json.loads(own)],
    }
    if kept is not None:
        body["prediction_set"] = json.loads(kept)
    if gate is not None:
        body["assessment"] = json.loads(gate)
    if near is not None:
        body["alike"] = json.loads(near)
    first, *others = json.dumps(body, sort_keys=True).split(HOLE)
    filled = (f"{_point(text)}{rest}" for text, rest in zip(points, others, strict=True))
    return "".join([first, *filled])


def _parted(said: str) -> tuple[str, list[str]]:
    """The text of findings without their operating points, and the text of each of those.

    No quote inside a JSON string stands behind a space, so these marks are no part of one; and
    with no brace but theirs between them, the parts mean alone what they mean together.
    """
    if not (said.startswith(FIRST) and said.endswith(LAST)):
        raise ValueError
    pieces = [piece.partition(POINT) for piece in said[len(FIRST) : -len(LAST)].split(NEXT)]
    own = f"{FIRST}{NEXT.join([piece[0] for piece in pieces])}{LAST}"
    if not own.count("{") == own.count("}") == len(pieces):
        raise ValueError
    return own, [piece[2] for piece in pieces]


@lru_cache(maxsize=4096)
def _point(said: str) -> str:
    """What fills a hole; all findings of a label by one model have the same."""
    return f'"operating_point": {canonical(OperatingPoint.of(json.loads(said)))}'
