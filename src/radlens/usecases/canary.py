"""A canary is watched after each answer, and stopped by the rule of its task's card."""

import logging
from contextlib import suppress
from dataclasses import asdict

from radlens.domain.audit import SYSTEM, Act, Verb
from radlens.domain.canary import reason_to_stop
from radlens.domain.errors import Conflict
from radlens.domain.registry import Stage, Version, move
from radlens.ports import Site
from radlens.usecases.follow import follow

log = logging.getLogger("radlens.models")
# Its latest answers: few enough that a canary which falls ill late is noticed soon.
WINDOW = 500


def watch_canary(site: Site, task: str) -> None:
    """Make a canary a candidate again where its latest answers are reason enough."""
    at = {version.stage: version for version in site.registry.versions(task=task)}
    canary, live = at.get(Stage.CANARY), at.get(Stage.LIVE)
    if canary is None or live is None:
        return
    tally = site.shadows.tally(canary.digest, live.digest, limit=WINDOW)
    card = site.tasks[task]
    if reason := reason_to_stop(tally, card.promotion, labels=len(card.labels)):
        _stop(site, canary, reason, {"live": live.digest, "counts": asdict(tally)})


def _stop(site: Site, canary: Version, reason: str, why: dict[str, object]) -> None:
    time = site.clock()
    back = move(canary, Stage.CANDIDATE, time=time, by=SYSTEM, reason=reason, share=None)
    detail = {"task": canary.task, "version": canary.version, "reason": reason} | why
    act = Act(time, SYSTEM, Verb.STOP_CANARY, canary.digest, detail)
    with suppress(Conflict):  # another process was as quick
        site.registry.move([back], act)
        log.warning("The canary %s was stopped. %s", canary.version, reason)
    follow(site)
