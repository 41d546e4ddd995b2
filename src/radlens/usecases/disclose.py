"""What leaves the records: first the entry of who looked at what, then the answer or the bytes.

Where the entry cannot be written, nothing leaves.
"""

from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.prediction import Prediction
from radlens.ports import Site
from radlens.usecases.recall import Recalled, recall


def look(site: Site, prediction_id: str, verb: Verb = Verb.VIEW, *, by: Actor) -> Prediction:
    """A prediction on record, for somebody; raises NoSuchPrediction."""
    prediction = site.records.get(prediction_id)
    note(site, prediction, verb, by=by)
    return prediction


def disclose(
    site: Site, prediction_id: str, verb: Verb, *, by: Actor, label: str | None = None
) -> Recalled:
    """A prediction with its image and evidence, for somebody; raises what ``recall`` raises.

    With a ``label``, NoSuchLabel where it has none of that name.
    """
    recalled = recall(site, prediction_id)
    if label is not None:
        recalled.heatmap(label)
    note(site, recalled.prediction, verb, by=by, **({"label": label} if label is not None else {}))
    return recalled


def image(site: Site, prediction_id: str, *, by: Actor) -> bytes:
    """The stored image of a prediction as PNG, for somebody; raises what ``recall`` raises."""
    prediction = disclose(site, prediction_id, Verb.VIEW_IMAGE, by=by).prediction
    return site.blobs.get(prediction.image.digest)


def note(site: Site, prediction: Prediction, verb: Verb, *, by: Actor, **more: str) -> None:
    """Put on record that somebody is about to see something of a prediction."""
    detail = {"task": prediction.model.task, "image": prediction.image.digest, **more}
    site.trail.note(Act(site.clock(), by, verb, prediction.id, detail))
