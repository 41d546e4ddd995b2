"""Read one scan with the live model of a task and put the answer on record."""

from hashlib import sha256

from radlens.domain.audit import Actor
from radlens.domain.errors import BadInput, Conflict
from radlens.domain.prediction import Once, Prediction
from radlens.imaging.decode import decode, identity
from radlens.ports import Site
from radlens.usecases.answer import answer, read_beside
from radlens.usecases.keep import keep
from radlens.usecases.refuse import refuse


def predict(
    site: Site, upload: bytes, *, task: str, by: Actor, key: str | None = None
) -> Prediction:
    """The recorded answer for one upload; the same ``key`` again gives the same prediction.

    Raises BadInput for what cannot be read, KeyReused, NoLiveModel, StorageFull; nothing is
    recorded then, but that an upload was refused.
    """
    try:
        return _predict(site, upload, task, by, key)
    except (BadInput, Conflict) as error:
        refuse(site, error, task=task, by=by, upload=upload)
        raise


def _predict(site: Site, upload: bytes, task: str, by: Actor, key: str | None) -> Prediction:
    once = _once(key, sha256(task.encode() + b"\0" + upload).hexdigest())
    if once and (earlier := site.records.repeated(once)):
        return earlier
    scan = decode(upload, site.bounds)
    lineup = site.live.lineup(task)  # pinned: a swap cannot mix two models in one answer
    reading, failure = answer(lineup, scan, site.tasks[task])
    said = identity(upload, scan, site.bounds)
    whose = site.pseudonymiser.of(said) if said else None
    prediction = keep(site, reading, by=by, once=once, whose=whose)
    read_beside(site, lineup, prediction, scan, failure)
    return prediction


def _once(key: str | None, request: str) -> Once | None:
    # Callers choose their keys, and may choose a patient's number: only a digest is kept.
    return Once(sha256(key.encode()).hexdigest(), request) if key else None
