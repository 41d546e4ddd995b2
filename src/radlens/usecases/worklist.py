"""The list of cases: what waits for a reader, who takes it, and who gives it back."""

from collections.abc import Mapping

from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.errors import Conflict, NoSuchLabel
from radlens.domain.task import Urgency
from radlens.domain.worklist import HOLD, Case, Rank, Sought, State, Unlisted, rank
from radlens.ports import Site
from radlens.usecases.attempt import attempted

BATCH = 500


def worklist(
    site: Site, sought: Sought, *, limit: int, skip: int = 0, by: Actor | None
) -> tuple[list[Case], Mapping[State, int]]:
    """The cases asked for, the most urgent first, and how many there are in each state.

    The log tells who looked (``by``); None where it told so before, as when a page runs again.
    """
    follow(site)
    found, counts = site.worklist.cases(sought, now=site.clock(), limit=limit, skip=skip)
    if by:
        site.trail.note(Act(site.clock(), by, Verb.VIEW, "worklist", {"count": len(found)}))
    return found, counts


def follow(site: Site) -> None:
    """Put on the list what was read since, each with its rank."""
    while new := site.worklist.unlisted(limit=BATCH):
        site.worklist.admit({one.prediction: _rank(site, one) for one in new})


def claim(site: Site, prediction_id: str, *, by: Actor, amend: bool = False) -> Case:
    """Take a case, or one that is concluded to ``amend`` it; who has it already keeps it longer.

    Raises NoSuchPrediction, Erased, Taken where another reader has it, Conflict where another
    reader has to read it now, or where it is concluded and not to be amended.
    """
    follow(site)
    with attempted(site, Verb.CLAIM_CASE, prediction_id, by=by):
        now = site.clock()
        act = Act(now, by, Verb.CLAIM_CASE, prediction_id, {"amend": True} if amend else {})
        return site.worklist.claim(prediction_id, act, until=now + HOLD, amend=amend)


def claim_next(site: Site, *, by: Actor, task: str | None = None) -> Case | None:
    """Take the most urgent case that waits and that this reader may take; None if there is none."""
    follow(site)
    wanted = Sought(frozenset({State.WAITING}), task=task, unread_by=by.name)
    while True:
        now = site.clock()
        waiting, _ = site.worklist.cases(wanted, now=now, limit=1)
        if not waiting:
            return None
        key = waiting[0].prediction.id
        try:
            act = Act(now, by, Verb.CLAIM_CASE, key, {})
            return site.worklist.claim(key, act, until=now + HOLD)
        except Conflict:  # another reader was faster: it does not wait any more
            continue


def keep_hold(site: Site, case: Case, *, by: Actor) -> Case:
    """A sign of life: half of the time gone, the case is its reader's for the whole of it again."""
    now = site.clock()
    if case.reader != by.name or case.lease is None or case.lease - now > HOLD / 2:
        return case
    return claim(site, case.prediction.id, by=by)


def release(site: Site, prediction_id: str, *, by: Actor) -> None:
    """Give a case back unread; raises Taken where it is not in this reader's hands."""
    with attempted(site, Verb.RELEASE_CASE, prediction_id, by=by):
        act = Act(site.clock(), by, Verb.RELEASE_CASE, prediction_id, {})
        site.worklist.release(prediction_id, act)


def _rank(site: Site, one: Unlisted) -> Rank:
    found = [_urgency(site, one.task, label) for label in one.reported]
    return rank([urgency for known, urgency in found if known], doubtful=one.doubtful)


def _urgency(site: Site, task: str, name: str) -> tuple[bool, Urgency | None]:
    """Whether a label has an urgency at all (a class without disease has none), and which."""
    try:
        label = site.tasks[task].label(name)
    except (KeyError, NoSuchLabel):
        return True, None
    return label.abnormal, label.urgency
