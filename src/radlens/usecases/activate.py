"""Another version goes live: proven first, then one transaction, then the switch."""

from dataclasses import replace

from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.errors import NoSuchVersion
from radlens.domain.registry import Move, Stage, Version, move, moved, predecessor
from radlens.ports import Site
from radlens.usecases.attempt import attempted
from radlens.usecases.follow import follow
from radlens.usecases.gate import (
    Passed,
    live_version,
    matched_thresholds,
    must_be_approved,
    pass_gate,
)


def activate(
    site: Site,
    reference: str,
    *,
    by: Actor,
    reason: str = "",
    override: bool = False,
    match: bool = False,
) -> Version:
    """Let a version answer for its task from now on; until it is proven here nothing changes.

    ``override`` lets it through the gate with its ``reason``; ``match`` lets it answer at the
    thresholds that have the live version's sensitivity. Raises NoSuchVersion, WrongStage,
    NotApproved, NotPromoted, BrokenModel where it does not load here or does not give its golden
    answer, Conflict where somebody else was faster.
    """
    with attempted(site, Verb.ACTIVATE_MODEL, reference, by=by):
        version = site.registry.get(reference)
        must_be_approved(site, version, by)
        goes = move(version, Stage.LIVE, time=site.clock(), by=by, reason=reason, share=None)
        site.live.warm(version)
        passed = pass_gate(site, version, by=by, reason=reason, override=override)
        if match:
            goes = replace(goes, thresholds=matched_thresholds(site, version))
        return switch(site, version, goes, verb=Verb.ACTIVATE_MODEL, passed=passed)


def roll_back(site: Site, task: str, *, by: Actor, reason: str = "") -> Version:
    """Let the version answer again that was live before; raises NoSuchVersion if none was.

    It was approved once and needs no second account: going back must be quick.
    """
    with attempted(site, Verb.ROLL_BACK_MODEL, task, by=by):
        before = predecessor(site.registry.moves(task))
        if before is None:
            raise NoSuchVersion(f"No version was live for {task} before the present one.")
        version = site.registry.get(before)
        goes = move(version, Stage.LIVE, time=site.clock(), by=by, reason=reason, share=None)
        site.live.warm(version)
        return switch(site, version, goes, verb=Verb.ROLL_BACK_MODEL)


def approve(site: Site, reference: str, *, by: Actor, reason: str = "") -> Version:
    """Approve of a version's next step, to canary or live, which is for another account to make."""
    with attempted(site, Verb.APPROVE_MODEL, reference, by=by):
        version = site.registry.get(reference)
        detail = {"task": version.task, "version": version.version, "reason": reason}
        act = Act(site.clock(), by, Verb.APPROVE_MODEL, version.digest, detail)
        site.registry.approve(version.digest, act)
    return site.registry.get(version.digest)


def switch(
    site: Site, version: Version, goes: Move, *, verb: Verb, passed: Passed | None = None
) -> Version:
    """Make a version that is warm live in place of the present one, in one transaction."""
    time, by = goes.time, goes.by
    # What the gate held it against, or nothing happens: the registry knows if that has changed.
    before = passed.live if passed else live_version(site, version.task)
    live = [before] if before else []
    leaves = [
        move(old, Stage.RETIRED, time=time, by=by, reason=f"{version.version} follows", share=None)
        for old in live
    ]
    detail = {
        "task": version.task,
        "version": version.version,
        "replaces": [old.digest for old in live],
        "reason": goes.reason,
        **({"gate": passed.ruling.to_json()} if passed else {}),
        **({"thresholds": goes.thresholds} if goes.thresholds else {}),
    }
    act = Act(time, by, verb, version.digest, detail)
    site.registry.move([*leaves, goes], *(passed.acts if passed else ()), act)
    follow(site)
    return moved(version, goes)
