"""What is on record, the newest first."""

from hashlib import sha256
from pathlib import Path

from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.prediction import Prediction
from radlens.imaging.decode import decode
from radlens.imaging.encode import encode_png
from radlens.ports import Site
from radlens.usecases.batch import contents


def history(
    site: Site,
    *,
    limit: int,
    by: Actor | None,
    before: str | None = None,
    file: Path | None = None,
) -> list[Prediction]:
    """The newest predictions; of one image where a ``file`` is given, found by its content.

    The log tells who looked (``by``); None where it told so before, as when a page runs again.
    """
    image = None
    if file:
        scan = decode(contents(file, site.bounds.upload_bytes), site.bounds)
        image = sha256(encode_png(scan)).hexdigest()
    found = site.records.history(limit=limit, before=before, image=image)
    if by:
        detail = {"count": len(found)} | ({"image": image} if image else {})
        site.trail.note(Act(site.clock(), by, Verb.VIEW, "history", detail))
    return found
