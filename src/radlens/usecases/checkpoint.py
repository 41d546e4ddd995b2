"""Sign what the audit log says, so that no later hand can say it otherwise."""

import logging
from itertools import islice

from radlens.audit_ports import Seal
from radlens.domain.audit import GENESIS, SYSTEM, Act, Verb, linked
from radlens.domain.checkpoint import Checkpoint, state
from radlens.domain.errors import RadLensError
from radlens.ports import Site

log = logging.getLogger("radlens.audit")


def checkpoint(site: Site, *, every: int) -> list[Checkpoint]:
    """Sign all entries that have no checkpoint yet, at most ``every`` with each signature.

    Checkpoints that the second place lacks are added to it. Raises BrokenChain rather than sign
    entries that do not fit each other.
    """
    if site.seal is None:
        return []
    made = _signed(site, site.seal, every)
    there = set(site.seal.kept())
    lacking = [one for one in site.trail.checkpoints() if one not in there]
    site.seal.keep([one for one in lacking if site.seal.genuine(one)])
    return made


def checkpoint_when_due(site: Site, *, every: int) -> None:
    """Sign once ``every`` entries wait for it; what hinders that is logged, and tried again."""
    try:
        last, sealed = site.trail.ends()
        if site.seal is not None and last - sealed >= every:
            site.seal.keep(_signed(site, site.seal, every))
    except RadLensError as error:
        log.error("No checkpoint of the audit log: %s %s", error.message, error.hint)  # noqa: TRY400


def _signed(site: Site, seal: Seal, every: int) -> list[Checkpoint]:
    sealed = site.trail.ends()[1]
    before = next(iter(site.trail.checkpoints(sealed - 1)), None)
    key = seal.key()
    if before and before.statement.key != key:
        _say_exchanged(site, before.statement.key, key)
    previous = before.statement.digest if before else GENESIS
    entries = linked(site.trail.entries(sealed), after=sealed, previous=previous)
    made: list[Checkpoint] = []
    while some := list(islice(entries, every)):
        made.append(seal.sign(state(some, time=site.clock(), key=key)))
        site.trail.seal(made[-1])
    return made


def _say_exchanged(site: Site, before: str, key: str) -> None:
    log.warning("The audit log is signed with another key from here on: %s", key)
    detail = {"audit_key": key, "before": before}
    site.trail.note(Act(site.clock(), SYSTEM, Verb.CHANGE_SETTINGS, "audit_key", detail))
