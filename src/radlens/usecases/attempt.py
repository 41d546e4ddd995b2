"""That somebody tried something with a model and it was not done."""

from collections.abc import Iterator
from contextlib import contextmanager

from radlens.domain.audit import Act, Actor, Outcome, Verb
from radlens.domain.errors import BadInput, Conflict, NotFound, RadLensError, Refused
from radlens.ports import Site


@contextmanager
def attempted(site: Site, verb: Verb, subject: str, *, by: Actor) -> Iterator[None]:
    """Put on record that what is tried here was refused, or that it failed; the error goes on."""
    try:
        yield
    except RadLensError as error:
        known = isinstance(error, (BadInput, Conflict, NotFound, Refused))
        outcome = Outcome.REFUSED if known or verb is Verb.ADD_MODEL else Outcome.FAILED
        detail = {"kind": error.kind, "said": error.message[:500]}
        site.trail.note(Act(site.clock(), by, verb, subject[:200], detail, outcome))
        raise
