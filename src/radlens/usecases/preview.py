"""What a switch would change: the latest recorded images, read again by the newcomer."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from radlens.domain.agreement import Agreement, Answer, agreements, changed_labels
from radlens.domain.errors import BadInput
from radlens.domain.finding import Finding
from radlens.domain.prediction import Prediction
from radlens.domain.registry import Version
from radlens.domain.scan import Scan
from radlens.domain.task import Task
from radlens.imaging.encode import restore
from radlens.model_ports import Engine
from radlens.ports import Site
from radlens.usecases.gate import matched_thresholds
from radlens.usecases.read import read

PAGE = 200


@dataclass(frozen=True)
class Change:
    """A recorded prediction to which the newcomer would say something else, and for what labels."""

    prediction: str
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Preview:
    """What would change; nothing of it is a prediction.

    ``images`` is how many were read by both. ``unread`` has those that one of the two would not
    read, by the prediction, with the reason.
    """

    version: Version
    live: str
    images: int
    labels: tuple[Agreement, ...]
    changes: tuple[Change, ...]
    unread: tuple[tuple[str, str], ...]


def preview(site: Site, reference: str, *, last: int = 100, match: bool = False) -> Preview:
    """Alarms of the live version and of another on the last recorded images of their task.

    With ``match`` the other is asked at the thresholds that have the live one's sensitivity.
    Raises NoSuchVersion, NoLiveModel, BrokenModel, NotPromoted; nothing is put on record.
    """
    version = site.registry.get(reference)
    if match:
        version = replace(version, thresholds=matched_thresholds(site, version))
    live, newcomer = site.live.current(version.task), site.live.warm(version)
    task = site.tasks[version.task]
    recorded = list(islice(_recorded(site, version.task), last))
    with ThreadPoolExecutor(site.workers) as pool:
        asked = partial(_again, site, task, live, newcomer)
        answers = list(zip(recorded, pool.map(asked, recorded), strict=True))
    pairs = [(p.id, both) for p, both in answers if not isinstance(both, str)]
    changes = (Change(key, changed_labels(*both)) for key, both in pairs)
    return Preview(
        version=version,
        live=live.ref.version,
        images=len(pairs),
        labels=agreements([both for _, both in pairs]),
        changes=tuple(change for change in changes if change.labels),
        unread=tuple((p.id, both) for p, both in answers if isinstance(both, str)),
    )


def _recorded(site: Site, task: str) -> Iterator[Prediction]:
    """The task's predictions, the newest first, each image once."""
    before, seen = None, set()
    while page := site.records.history(limit=PAGE, before=before):
        for found in page:
            if found.model.task == task and found.image.digest not in seen:
                seen.add(found.image.digest)
                yield found
        before = page[-1].id


def _again(
    site: Site, task: Task, live: Engine, newcomer: Engine, prediction: Prediction
) -> tuple[Answer, Answer] | str:
    """What both say; why one of them does not, where it does not."""
    try:
        image = prediction.image
        scan = restore(site.blobs.get(image.digest), image)
        return _said(live, scan, task), _said(newcomer, scan, task)
    except BadInput as error:
        return error.message


def _said(engine: Engine, scan: Scan, task: Task) -> tuple[Finding, ...]:
    [reading] = read(engine, [scan], task)
    return reading.findings
