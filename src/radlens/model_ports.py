"""The doors to the models: which there are, which answers, and running one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from radlens.domain.audit import Act
from radlens.domain.bundle import Bundle
from radlens.domain.errors import RadLensError
from radlens.domain.known import KnownCases
from radlens.domain.model import Forward, Manifest, ModelRef
from radlens.domain.registry import Move, Stage, Version


class Engine(Protocol):
    """One loaded model, safe to call from many threads."""

    @property
    def manifest(self) -> Manifest: ...

    @property
    def ref(self) -> ModelRef: ...

    @property
    def known(self) -> KnownCases | None:
        """The training images that it remembers, None where it does not."""
        ...

    def forward(self, tensor: NDArray[np.float32]) -> Forward:
        """One pass over a tensor of shape (n, 3, rows, cols); NotAssessable on NaN."""
        ...

    def prove(self) -> None:
        """Raise BadBundle unless the golden scan gets its golden answer, here and now."""
        ...


class Registry(Protocol):
    """Which versions there are of each task's model, and which of them is live.

    What changes something is committed together with its audit entry, or not at all.
    """

    def add(self, version: Version, act: Act) -> None:
        """Register a version at its stage; raises Conflict where digest or name are taken."""
        ...

    def get(self, reference: str) -> Version:
        """One by name, TASK/name, digest or the beginning of it; raises NoSuchVersion."""
        ...

    def versions(
        self, *, task: str | None = None, stage: Stage | Sequence[Stage] | None = None
    ) -> list[Version]:
        """Those of a task or of all, in one stage, in several or in any; the newest first."""
        ...

    def move(self, moves: Sequence[Move], *acts: Act) -> None:
        """All the moves, in this order, or none; raises Conflict where one no longer fits.

        They are at the place of the last of their audit entries. Whatever others do, nobody ever
        sees two live versions of a task, or none in between.
        """
        ...

    def moves(self, task: str) -> list[Move]:
        """Every change of stage of a task's versions, oldest first."""
        ...

    def approve(self, digest: str, act: Act) -> None:
        """Note that ``act.by`` approves of the version's next step to canary or live."""
        ...


@dataclass(frozen=True)
class Lineup:
    """Who reads for a task, pinned: the live model, a canary for its ``share``, a shadow."""

    live: Engine
    canary: Engine | None = None
    share: float = 0.0
    shadow: Engine | None = None


class Live(Protocol):
    """The model that answers for each task at this moment, in this process."""

    def lineup(self, task: str) -> Lineup:
        """The live model and those on trial beside it; raises NoLiveModel."""
        ...

    def current(self, task: str) -> Engine:
        """The live model, pinned for as long as the caller holds it; raises NoLiveModel."""
        ...

    def load(self, bundle: Bundle) -> Engine:
        """A bundle's model, checked and proven, that nobody is served by; raises BadBundle."""
        ...

    def warm(self, version: Version) -> Engine:
        """A version's model, verified, loaded, proven and kept at hand; raises BrokenModel."""
        ...

    def follow(self) -> list[tuple[Version, RadLensError]]:
        """Serve what the registry says is live; give what newly went live and does not load here.

        What was served before goes on then.
        """
        ...

    def behind(self) -> list[tuple[Version, RadLensError]]:
        """What is live in the registry and not served here, and why."""
        ...
