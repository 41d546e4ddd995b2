"""A reader says what holds of a prediction, and may take it back for a moment."""

from collections.abc import Sequence
from dataclasses import replace

from radlens.domain.audit import Act, Actor, Verb, Wanted
from radlens.domain.errors import Conflict
from radlens.domain.prediction import Prediction
from radlens.domain.review import (
    Opinion,
    Review,
    answers_of,
    blind,
    concludes,
    decided,
    final_of,
    fingerprint,
    impression_of,
    undoing,
)
from radlens.domain.worklist import HOLD
from radlens.ports import Site
from radlens.usecases.attempt import attempted
from radlens.usecases.recall import card_of
from radlens.usecases.worklist import follow

# Acts by which the answer of the model was seen.
SEEN = (Verb.VIEW, Verb.VIEW_HEATMAP, Verb.DOWNLOAD_REPORT, Verb.DOWNLOAD_ANSWER)


def review(
    site: Site, prediction_id: str, stated: Sequence[Opinion], *, impression: str = "", by: Actor
) -> Review:
    """Sign a reading of a case that is in the reader's hands, which ends the claim.

    Raises NoSuchPrediction, BadReview where the opinions do not hold together, Taken where the
    case is not in the reader's hands, Erased where its image is gone.
    """
    follow(site)
    with attempted(site, Verb.REVIEW, prediction_id, by=by):
        prediction = site.records.get(prediction_id)
        opinions = decided(prediction, card_of(site, prediction), stated)
        draft = replace(
            _written(site, prediction, opinions, by=by), impression=impression_of(impression)
        )
        # Nobody else can sign meanwhile: the case is in one reader's hands alone.
        said = [*site.reviews.of(prediction_id), draft]
        final = concludes(said, answers_of(prediction), readings=site.readings)
        return _kept(site, replace(draft, final=final))


def state_blind(site: Site, prediction_id: str, stated: Sequence[Opinion], *, by: Actor) -> Review:
    """Put on record what a reader thinks of an image before the answer of the model is shown.

    To be called before the answer leaves the records for this reader (``usecases.disclose``).
    Raises NoSuchPrediction, BadReview, Conflict where the log says that the reader has seen the
    answer, or has given an opinion already.
    """
    with attempted(site, Verb.REVIEW, prediction_id, by=by):
        prediction = site.records.get(prediction_id)
        for verb in SEEN:
            wanted = Wanted(verb=verb, actor=by.name, subject=prediction_id)
            if site.trail.search(wanted, limit=1):
                raise Conflict(
                    "You have seen the answer of the model, so this opinion would not be blind.",
                    hint="Take the case on the worklist, and review the answer.",
                )
        opinions = blind(prediction, card_of(site, prediction), stated)
        return _kept(site, replace(_written(site, prediction, opinions, by=by), blind=True))


def said_to(site: Site, prediction_id: str, *, by: Actor) -> list[Review]:
    """What may be told to a reader of what was said: all of it once the case is concluded.

    Until then one's own, so that a second reading is made without the first. Raises
    NoSuchPrediction.
    """
    site.records.get(prediction_id)
    said = site.reviews.of(prediction_id)
    return said if final_of(said) else [one for one in said if one.by.name == by.name]


def undo(site: Site, review_id: str, *, by: Actor) -> Review:
    """Take a review back in the moment after it; both stay on record, and the case is one's again.

    Raises NoSuchReview, NotAllowed for another's review, Conflict where it is too late.
    """
    with attempted(site, Verb.UNDO_REVIEW, review_id, by=by):
        found = site.reviews.get(review_id)
        gone = undoing(found, time=site.clock(), by=by)
        detail = {"of": review_id, "review": fingerprint(gone)}
        act = Act(gone.time, by, Verb.UNDO_REVIEW, found.prediction, detail)
        site.reviews.undo(gone, act, until=gone.time + HOLD)
        return replace(found, undone=gone)


def _written(
    site: Site, prediction: Prediction, opinions: tuple[Opinion, ...], *, by: Actor
) -> Review:
    return Review(
        id=site.new_id(),
        prediction=prediction.id,
        model=prediction.model.digest,
        version=prediction.model.version,
        time=site.clock(),
        by=by,
        opinions=opinions,
    )


def _kept(site: Site, written: Review) -> Review:
    detail = {
        "id": written.id,
        "model": written.model,
        "blind": written.blind,
        "final": written.final,
        "findings": {one.label: str(one.decision or one.present) for one in written.opinions},
        "review": fingerprint(written),
    }
    act = Act(written.time, written.by, Verb.REVIEW, written.prediction, detail)
    site.reviews.add(written, act)
    return written
