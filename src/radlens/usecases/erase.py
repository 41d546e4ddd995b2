"""Destroy the image and the evidence of predictions; what was found and the log stay."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.errors import BadInput, NoSuchObject, NoSuchPrediction
from radlens.domain.prediction import Prediction
from radlens.ports import Site
from radlens.usecases.failures import forget

MOST = 10_000
DIGEST = 64
REASON = 200


@dataclass(frozen=True)
class Erased:
    """The predictions that are marked as erased now, and the objects that were destroyed."""

    predictions: tuple[str, ...]
    objects: tuple[str, ...]


def erase(site: Site, what: str, *, reason: str, by: Actor) -> Erased:
    """Erase an image, named by its digest, or one prediction, by its id.

    An object goes unless a prediction that is not erased needs it, and with an image all that
    evaluations show of it. The mark and its audit entry are committed first: where the objects'
    store fails after that, the same call goes on.
    Raises NoSuchPrediction, or BadInput without a reason.
    """
    if not reason.strip() or len(reason) > REASON:
        raise BadInput(
            "To erase needs a reason in a few words.",
            hint=f"Say why in at most {REASON} characters, without naming the patient.",
        )
    found = _named(site, what)
    fresh = [prediction for prediction in found if not prediction.erased]
    objects = _unneeded(site, found)
    if fresh:
        ids = [prediction.id for prediction in fresh]
        detail = {"predictions": ids, "objects": list(objects), "reason": reason}
        act = Act(site.clock(), by, Verb.ERASE, what, detail)
        site.records.erase(ids, act, reason=reason)
    gone = _destroy(site, found, objects)
    return Erased(tuple(prediction.id for prediction in fresh), (*gone, *forget(site, gone)))


def _destroy(site: Site, erased: list[Prediction], objects: Iterable[str]) -> tuple[str, ...]:
    kept = dict[str, bytes]()
    for digest in objects:
        with suppress(NoSuchObject):  # an earlier attempt came this far
            kept[digest] = site.blobs.get(digest)
        site.blobs.delete(digest)
    # The same image may have been read again meanwhile: what is needed now comes back.
    gone = _unneeded(site, erased)
    for digest in kept.keys() - set(gone):
        site.blobs.put(kept[digest])
    return gone


def _named(site: Site, what: str) -> list[Prediction]:
    if len(what) != DIGEST:
        return [site.records.get(what)]
    if found := site.records.history(limit=MOST, image=what):
        return found
    raise NoSuchPrediction("There is no prediction of an image with that digest.")


def _unneeded(site: Site, erased: Iterable[Prediction]) -> tuple[str, ...]:
    """The objects of these predictions that no other one needs."""
    gone = {prediction.id: prediction for prediction in erased}
    wanted = set[str]()
    for image in {prediction.image.digest for prediction in gone.values()}:
        for other in site.records.history(limit=MOST, image=image):
            if not other.erased and other.id not in gone:
                wanted |= {other.image.digest, other.evidence}
    objects = {p.image.digest for p in gone.values()} | {p.evidence for p in gone.values()}
    return tuple(sorted(objects - wanted))
