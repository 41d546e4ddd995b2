"""A model that answers at other operating points than its manifest's."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from radlens.domain.finding import OperatingPoint
from radlens.domain.known import KnownCases
from radlens.domain.model import Forward, Manifest, ModelRef
from radlens.model_ports import Engine


class AtPoints:
    """An engine with its thresholds replaced; the network and its digest are the same."""

    def __init__(self, engine: Engine, points: tuple[OperatingPoint, ...]) -> None:
        self._engine = engine
        self._manifest = replace(engine.manifest, operating_points=points)

    @property
    def manifest(self) -> Manifest:
        return self._manifest

    @property
    def ref(self) -> ModelRef:
        return self._engine.ref

    @property
    def known(self) -> KnownCases | None:
        return self._engine.known

    def forward(self, tensor: NDArray[np.float32]) -> Forward:
        return self._engine.forward(tensor)

    def prove(self) -> None:
        self._engine.prove()


def at_points(engine: Engine, points: tuple[OperatingPoint, ...]) -> Engine:
    """The engine itself where these are its points already."""
    return engine if points == engine.manifest.operating_points else AtPoints(engine, points)
