"""Whose turn it is to answer, and who reads the same image beside the answer."""

from functools import partial

from radlens.domain.agreement import changed_labels
from radlens.domain.canary import chosen
from radlens.domain.errors import RadLensError
from radlens.domain.prediction import Prediction, Reading
from radlens.domain.scan import Scan
from radlens.domain.shadow import Shadow
from radlens.domain.task import Task
from radlens.model_ports import Engine, Lineup
from radlens.ports import Site
from radlens.usecases.canary import watch_canary
from radlens.usecases.read import read


def answer(lineup: Lineup, scan: Scan, task: Task) -> tuple[Reading, RadLensError | None]:
    """The canary's reading for its share of the images, the live model's for the others.

    Where the canary fails the live model answers, and why the canary did not comes with it.
    """
    failure = None
    if lineup.canary and chosen(scan, lineup.share):
        try:
            [reading] = read(lineup.canary, [scan], task)
        except RadLensError as error:
            failure = error
        else:
            return reading, None
    [reading] = read(lineup.live, [scan], task)
    return reading, failure


def read_beside(
    site: Site,
    lineup: Lineup,
    prediction: Prediction,
    scan: Scan,
    failure: RadLensError | None = None,
) -> None:
    """Let those read too who are on trial; the answer is on record, and nobody waits for this.

    A canary's answer is read by the live model as well: that is what it is judged by.
    """
    if failure and lineup.canary:
        digest, said = lineup.canary.ref.digest, f"{failure.kind}: {failure.message}"
        site.shadows.add(Shadow(prediction.id, digest, site.clock(), failure=said))
        watch_canary(site, prediction.model.task)
    tried = lineup.canary is not None and prediction.model.digest == lineup.canary.ref.digest
    other = lineup.live if tried else lineup.shadow
    if other:
        site.beside.offer(partial(_read, site, other, prediction, scan, tried))


def _read(site: Site, engine: Engine, prediction: Prediction, scan: Scan, tried: bool) -> None:  # noqa: FBT001
    site.shadows.add(_shadow(site, engine, prediction, scan))
    if tried:
        watch_canary(site, prediction.model.task)


def _shadow(site: Site, engine: Engine, prediction: Prediction, scan: Scan) -> Shadow:
    key, digest = prediction.id, engine.ref.digest
    try:
        [reading] = read(engine, [scan], site.tasks[prediction.model.task])
    except RadLensError as error:
        return Shadow(key, digest, site.clock(), failure=f"{error.kind}: {error.message}")
    changed = changed_labels(prediction.findings, reading.findings)
    return Shadow(key, digest, site.clock(), reading.findings, changed=changed)
