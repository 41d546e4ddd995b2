"""How long each stage of a prediction takes on this machine, measured and put on record."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from radlens.domain.known import KnownCases
from radlens.domain.ledger import Item, Kind, State
from radlens.domain.model import Forward, Manifest, ModelRef
from radlens.domain.prediction import Reading
from radlens.imaging.decode import decode
from radlens.model_ports import Engine
from radlens.ports import Site
from radlens.usecases.keep import objects
from radlens.usecases.read import read

STAGES = ("decode", "prepare", "forward", "findings", "record")
TIMES = 7


def time_walk(site: Site, upload: bytes, *, task: str, times: int = TIMES) -> Item:
    """Read a sample ``times`` times with the live model of a task; the entry with the medians.

    No prediction is recorded. Raises BadInput for what cannot be read, NoLiveModel.
    """
    began, engine = site.clock(), site.live.current(task)
    walks = [_walk(site, engine, upload, task) for _ in range(times)]
    item = Item(
        id=site.new_id(),
        kind=Kind.TIMING,
        name=task,
        time=began,
        state=State.DONE,
        body={
            "version": engine.ref.version,
            "times": times,
            "bytes": len(upload),
            "median_ms": {stage: median(walk[stage] for walk in walks) for stage in STAGES},
            "whole_ms": median(sum(walk.values()) for walk in walks),
        },
        parents=(engine.ref.digest,),
    )
    site.ledger.put(item)
    return item


def _walk(site: Site, engine: Engine, upload: bytes, task: str) -> dict[str, float]:
    timed = _Timed(engine)
    marks = [perf_counter()]
    scan = decode(upload, site.bounds)
    marks.append(perf_counter())
    [reading] = read(timed, [scan], site.tasks[task])
    marks += [*timed.marks, perf_counter()]
    with _rehearsed(site, reading):
        marks.append(perf_counter())
    spans = (1000 * (after - before) for before, after in pairwise(marks))
    return dict(zip(STAGES, spans, strict=True))


@contextmanager
def _rehearsed(site: Site, reading: Reading) -> Iterator[None]:
    """What keeping this reading writes, with a commit of no meaning; it is taken away at the end.

    The objects have a beginning of their own, so that none that a record needs is ever touched.
    """
    own = site.new_id().encode()
    written = [site.blobs.put(own + content) for content in objects(reading)]
    try:
        site.stores.write()
        yield
    finally:
        for digest in written:
            site.blobs.delete(digest)


@dataclass(frozen=True)
class _Timed:
    """An engine that notes when its pass began and ended."""

    engine: Engine
    marks: list[float] = field(default_factory=list)

    @property
    def manifest(self) -> Manifest:
        return self.engine.manifest

    @property
    def ref(self) -> ModelRef:
        return self.engine.ref

    @property
    def known(self) -> KnownCases | None:
        return self.engine.known

    def forward(self, tensor: NDArray[np.float32]) -> Forward:
        self.marks.append(perf_counter())
        answer = self.engine.forward(tensor)
        self.marks.append(perf_counter())
        return answer

    def prove(self) -> None:
        self.engine.prove()
