"""An upload that is not answered leaves no trace but this."""

from hashlib import sha256

from radlens.domain.audit import Act, Actor, Outcome, Verb
from radlens.domain.errors import RadLensError
from radlens.ports import Site


def refuse(
    site: Site, error: RadLensError, *, task: str, by: Actor, upload: bytes | None = None
) -> None:
    """Note why an upload was refused: by its digest, never by its name or anything in it."""
    detail = {"kind": error.kind}
    if task in site.tasks:  # any other word is the caller's own, and could be a name
        detail["task"] = task
    subject = "" if upload is None else sha256(upload).hexdigest()
    site.trail.note(Act(site.clock(), by, Verb.PREDICT, subject, detail, Outcome.REFUSED))
