"""A version is tried before it is live: it reads in the shadow, or answers for a share."""

from dataclasses import dataclass, replace

from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.errors import BadInput, NoLiveModel
from radlens.domain.registry import Move, Stage, Version, move, moved
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

LARGEST_SHARE = 0.5  # beyond it, it would be live without being so


@dataclass(frozen=True)
class Terms:
    """How a version becomes a canary: why, past the gate, at the live one's sensitivity."""

    reason: str = ""
    override: bool = False
    match: bool = False


def shadow(site: Site, reference: str, *, by: Actor, reason: str = "") -> Version:
    """Let a version read what the live one answers; it takes the place of another that did.

    Raises NoSuchVersion, WrongStage, NoLiveModel, BrokenModel.
    """
    with attempted(site, Verb.STAGE_MODEL, reference, by=by):
        version = _ready(site, reference)
        time = site.clock()
        goes = move(version, Stage.SHADOW, time=time, by=by, reason=reason, share=None)
        return _place(site, version, goes)


def canary(
    site: Site, reference: str, share: float, *, by: Actor, terms: Terms | None = None
) -> Version:
    """Let a version that passes the gate answer for a ``share`` of the images, a half at most.

    Raises what ``shadow`` does, BadInput for another share, NotApproved and NotPromoted.
    """
    terms = terms or Terms()
    with attempted(site, Verb.STAGE_MODEL, reference, by=by):
        if not 0 < share <= LARGEST_SHARE:
            raise BadInput(
                f"A canary cannot read a share of {share:g} of the images.",
                hint=f"A share is above 0 and at most {LARGEST_SHARE:g}.",
            )
        version = _ready(site, reference)
        must_be_approved(site, version, by)
        time = site.clock()
        goes = move(version, Stage.CANARY, time=time, by=by, reason=terms.reason, share=share)
        passed = pass_gate(site, version, by=by, reason=terms.reason, override=terms.override)
        if terms.match:
            goes = replace(goes, thresholds=matched_thresholds(site, version))
        return _place(site, version, goes, passed)


def withdraw(site: Site, reference: str, *, by: Actor, reason: str = "") -> Version:
    """End a version's trial; raises NoSuchVersion, WrongStage."""
    with attempted(site, Verb.STAGE_MODEL, reference, by=by):
        version = site.registry.get(reference)
        time = site.clock()
        goes = move(version, Stage.CANDIDATE, time=time, by=by, reason=reason, share=None)
        return _place(site, version, goes)


def _ready(site: Site, reference: str) -> Version:
    """The version, once there is a live one beside which it can be tried, and it loads here."""
    version = site.registry.get(reference)
    if live_version(site, version.task) is None:
        raise NoLiveModel(
            f"Nothing is live for {version.task}: there is nothing to try a version beside.",
            hint=f"`radlens models activate {version.version}` makes it the first.",
        )
    site.live.warm(version)
    return version


def _place(site: Site, version: Version, goes: Move, passed: Passed | None = None) -> Version:
    """Commit the move; whoever is on that trial already is a candidate again."""
    detail = {
        "task": version.task,
        "version": version.version,
        "before": goes.before,
        "after": goes.after,
        "share": goes.share,
        "thresholds": goes.thresholds,
        "reason": goes.reason,
        **({"gate": passed.ruling.to_json()} if passed else {}),
    }
    act = Act(goes.time, goes.by, Verb.STAGE_MODEL, version.digest, detail)
    leaves = [_aside(old, version, goes) for old in _on_trial(site, goes)]
    site.registry.move([*leaves, goes], *(passed.acts if passed else ()), act)
    follow(site)
    return moved(version, goes)


def _on_trial(site: Site, goes: Move) -> list[Version]:
    if goes.after not in (Stage.SHADOW, Stage.CANARY):
        return []
    return site.registry.versions(task=goes.task, stage=goes.after)


def _aside(old: Version, new: Version, goes: Move) -> Move:
    reason = f"{new.version} takes its place"
    return move(old, Stage.CANDIDATE, time=goes.time, by=goes.by, reason=reason, share=None)
