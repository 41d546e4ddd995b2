"""Another version goes live: proven first, then one transaction, then the switch."""

from dataclasses import replace

from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.errors import NoSuchVersion, NotApproved
from radlens.domain.registry import Stage, Version, move, predecessor
from radlens.ports import Site


def activate(site: Site, reference: str, *, by: Actor, reason: str = "") -> Version:
    """Let a version answer for its task from now on; until it is proven here nothing changes.

    Raises NoSuchVersion, WrongStage, NotApproved, BrokenModel where it does not load here or does
    not give its golden answer, Conflict where somebody else was faster.
    """
    version = site.registry.get(reference)
    _must_be_approved(site, version, by)
    return switch(site, version, verb=Verb.ACTIVATE_MODEL, by=by, reason=reason)


def roll_back(site: Site, task: str, *, by: Actor, reason: str = "") -> Version:
    """Let the version answer again that was live before; raises NoSuchVersion if none was.

    It was approved once and needs no second account: going back must be quick.
    """
    before = predecessor(site.registry.moves(task))
    if before is None:
        raise NoSuchVersion(f"No version was live for {task} before the present one.")
    version = site.registry.get(before)
    return switch(site, version, verb=Verb.ROLL_BACK_MODEL, by=by, reason=reason)


def approve(site: Site, reference: str, *, by: Actor, reason: str = "") -> Version:
    """Approve of a version's next activation, which is then for another account to make."""
    version = site.registry.get(reference)
    detail = {"task": version.task, "version": version.version, "reason": reason}
    act = Act(site.clock(), by, Verb.APPROVE_MODEL, version.digest, detail)
    site.registry.approve(version.digest, act)
    return site.registry.get(version.digest)


def switch(site: Site, version: Version, *, verb: Verb, by: Actor, reason: str) -> Version:
    """Make a version live in place of the present one; the old one goes on if anything fails."""
    time = site.clock()
    goes = move(version, Stage.LIVE, time=time, by=by, reason=reason, share=None)
    live = site.registry.versions(task=version.task, stage=Stage.LIVE)
    leaves = [
        move(old, Stage.RETIRED, time=time, by=by, reason=f"{version.version} follows", share=None)
        for old in live
    ]
    detail = {
        "task": version.task,
        "version": version.version,
        "replaces": [old.digest for old in live],
        "reason": reason,
    }
    site.live.warm(version)
    site.registry.move([*leaves, goes], Act(time, by, verb, version.digest, detail))
    site.live.follow()
    return replace(version, stage=Stage.LIVE, share=None, approved=())


def _must_be_approved(site: Site, version: Version, by: Actor) -> None:
    if site.approvals > 1 and not set(version.approved) - {by.name}:
        raise NotApproved(
            f"The version {version.version} needs the approval of a second account.",
            hint="Somebody else approves with `radlens models approve`; then activate it.",
        )
