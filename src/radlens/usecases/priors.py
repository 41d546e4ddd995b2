"""What was found before in images of the same patient, by pseudonym."""

from radlens.domain.audit import Actor, Verb
from radlens.domain.prior import Prior
from radlens.domain.worklist import State
from radlens.ports import Site
from radlens.usecases.disclose import look, note
from radlens.usecases.worklist import follow

MOST = 20


def priors(site: Site, prediction_id: str, *, by: Actor | None) -> list[Prior]:
    """The last 20 earlier readings for the same task in other studies of the patient, newest first.

    Nothing where nothing says whose image it is. The log tells who looked (``by``) at each of
    them; None where it told so before, as when a page runs again. Raises NoSuchPrediction.
    """
    now = look(site, prediction_id, by=by) if by else site.records.get(prediction_id)
    follow(site)
    found = site.records.priors(now, limit=MOST)
    if by:
        for one in found:
            note(site, one, Verb.VIEW, by=by, prior_of=now.id)
    return [Prior.of(one, now, _state(site, one.id)) for one in found]


def _state(site: Site, prediction_id: str) -> State:
    return site.worklist.case(prediction_id).state(site.clock())
