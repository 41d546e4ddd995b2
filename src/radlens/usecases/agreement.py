"""How a version on trial and the live one agree, from what is on record."""

from dataclasses import dataclass

from radlens.domain.agreement import Agreement, Answer, agreements
from radlens.domain.errors import NoLiveModel
from radlens.domain.registry import Stage, Version
from radlens.domain.shadow import Coverage
from radlens.ports import Site
from radlens.usecases.gate import live_version


@dataclass(frozen=True)
class Report:
    """What a trial has shown so far; ``labels`` in card order, none where nothing was read."""

    version: Version
    live: Version
    coverage: Coverage
    labels: tuple[Agreement, ...]


def agreement(site: Site, reference: str, *, last: int = 1000) -> Report:
    """The report of a version, of its latest images beside the live version of today.

    As a canary it answered itself and the live version read beside it; else the other way round.
    Raises NoSuchVersion, NoLiveModel.
    """
    version = site.registry.get(reference)
    live = live_version(site, version.task)
    if live is None:
        raise NoLiveModel(f"Nothing is live for {version.task} to agree with.")
    tried = version.stage is Stage.CANARY
    answered, beside = (version, live) if tried else (live, version)
    found = site.shadows.pairs(answered.digest, beside.digest, limit=last)
    both = [(p.findings, s.findings) for p, s in found if s.findings is not None]
    pairs: list[tuple[Answer, Answer]] = [(b, a) if tried else (a, b) for a, b in both]
    began = (version.digest, Stage.CANARY if tried else Stage.SHADOW)
    coverage = site.shadows.coverage(answered.digest, beside.digest, began=began)
    return Report(version, live, coverage, agreements(pairs))
