"""REST: the list of cases, taking one, and what readers say of it."""

from typing import Annotated

from fastapi import APIRouter, Query

from radlens.api.callers import Asking
from radlens.api.errors import declared
from radlens.domain.errors import BadInput, Conflict, Corrupted, NotFound, Refused, Unavailable
from radlens.domain.review import Review
from radlens.domain.worklist import Rank, Sought, State
from radlens.ports import Site
from radlens.usecases.priors import priors
from radlens.usecases.review import review, said_to, state_blind, undo
from radlens.usecases.worklist import claim, claim_next, release, worklist
from radlens.wire_reviews import (
    CaseJson,
    NewReviewJson,
    PriorsJson,
    ReviewJson,
    WorklistJson,
    case_json,
    opinions_of,
    priors_json,
    review_json,
    worklist_json,
)

FAILURES = declared(BadInput, NotFound, Conflict, Refused, Corrupted, Unavailable)


def reviews(site: Site) -> APIRouter:
    """The routes of one site; a case goes by the id of its prediction."""
    router = APIRouter()

    @router.get("/worklist", responses=FAILURES)
    def list_cases(
        asking: Asking,
        state: Annotated[list[State] | None, Query()] = None,
        task: str | None = None,
        rank: Rank | None = None,
        reader: str | None = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 50,
        skip: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    ) -> WorklistJson:
        """The cases that fit, the most urgent first; without a state, those still to be read."""
        states = frozenset(state) if state else Sought().states
        sought = Sought(states, task, rank, reader)
        cases, counts = worklist(site, sought, limit=limit, skip=skip, by=asking.actor)
        return worklist_json(cases, counts, now=site.clock())

    @router.post("/worklist/next", responses=FAILURES)
    def claim_next_case(asking: Asking, task: str | None = None) -> CaseJson | None:
        """Take the most urgent case that waits; null where there is none for this reader."""
        case = claim_next(site, by=asking.actor, task=task)
        return case_json(case, now=site.clock()) if case else None

    @router.put("/predictions/{prediction_id}/claim", responses=FAILURES)
    def claim_case(asking: Asking, prediction_id: str, *, amend: bool = False) -> CaseJson:
        """Take a case, or keep it longer; ``amend`` takes one that is concluded already."""
        case = claim(site, prediction_id, by=asking.actor, amend=amend)
        return case_json(case, now=site.clock())

    @router.delete("/predictions/{prediction_id}/claim", status_code=204, responses=FAILURES)
    def release_case(asking: Asking, prediction_id: str) -> None:
        """Give a case back unread."""
        release(site, prediction_id, by=asking.actor)

    @router.get("/predictions/{prediction_id}/reviews", responses=FAILURES)
    def list_reviews(asking: Asking, prediction_id: str) -> list[ReviewJson]:
        """What was said of it, oldest first; while others have yet to read it, one's own alone."""
        return [review_json(one) for one in said_to(site, prediction_id, by=asking.actor)]

    @router.get("/predictions/{prediction_id}/priors", responses=FAILURES)
    def list_priors(asking: Asking, prediction_id: str) -> PriorsJson:
        """The last 20 earlier readings of the patient in other studies, and how answers differ."""
        return priors_json(priors(site, prediction_id, by=asking.actor))

    @router.post("/predictions/{prediction_id}/reviews", status_code=201, responses=FAILURES)
    def create_review(asking: Asking, prediction_id: str, new: NewReviewJson) -> ReviewJson:
        """Sign a review of a case that one has taken, or state a blind opinion."""
        return review_json(_written(prediction_id, new, asking))

    @router.delete("/reviews/{review_id}", responses=FAILURES)
    def undo_review(asking: Asking, review_id: str) -> ReviewJson:
        """Take a review back within five seconds; it stays on record, and so does this."""
        return review_json(undo(site, review_id, by=asking.actor))

    def _written(prediction_id: str, new: NewReviewJson, asking: Asking) -> Review:
        stated = opinions_of(new)
        if new.get("blind"):
            return state_blind(site, prediction_id, stated, by=asking.actor)
        return review(
            site, prediction_id, stated, impression=new.get("impression", ""), by=asking.actor
        )

    return router
