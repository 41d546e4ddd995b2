"""Read the audit log; that it was read stands in it as well."""

from collections.abc import Iterator
from typing import Any

from radlens.domain.audit import Act, Actor, Entry, Verb, Wanted
from radlens.ports import Site


def consult(
    site: Site, wanted: Wanted, *, limit: int, by: Actor | None, before: int | None = None
) -> list[Entry]:
    """The entries that are asked for, newest first; ``before`` is the place to go on from.

    ``by`` is None where the log told of the look before, as when a page runs again.
    """
    found = site.trail.search(wanted, limit=limit, before=before)
    if by:
        site.trail.note(Act(site.clock(), by, Verb.VIEW_AUDIT, "audit", _asked(wanted)))
    return found


def export(site: Site, wanted: Wanted, *, form: str, by: Actor) -> Iterator[Entry]:
    """The entries that are asked for, oldest first, of all that there are at this moment.

    That they leave is on record before the first of them does.
    """
    detail = _asked(wanted) | {"form": form}
    own = site.trail.note(Act(site.clock(), by, Verb.EXPORT_AUDIT, "audit", detail))
    return _until(site, wanted, own.seq)


def _until(site: Site, wanted: Wanted, last: int) -> Iterator[Entry]:
    for entry in site.trail.entries():
        if entry.seq >= last:
            return
        if wanted.fits(entry.act):
            yield entry


def _asked(wanted: Wanted) -> dict[str, Any]:
    """What was asked for; not which subject or actor, where somebody may type anything."""
    words = {"verb": wanted.verb if wanted.verb in set(Verb) else None, "outcome": wanted.outcome}
    times = {"since": wanted.since, "until": wanted.until}
    free = [name for name in ("actor", "subject") if getattr(wanted, name) is not None]
    return (
        {name: word for name, word in words.items() if word}
        | {name: time.isoformat() for name, time in times.items() if time}
        | ({"by": free} if free else {})
    )
