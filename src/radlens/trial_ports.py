"""The doors that a version on trial needs: where its answers are kept, and when it reads."""

from collections.abc import Callable
from typing import Protocol

from radlens.domain.canary import Tally
from radlens.domain.prediction import Prediction
from radlens.domain.registry import Stage
from radlens.domain.shadow import Coverage, Shadow


class Shadows(Protocol):
    """What versions on trial said beside the answers, and what the live one said beside theirs."""

    def add(self, shadow: Shadow) -> None:
        """Keep it; the first that a version said beside an answer stays."""
        ...

    def pairs(
        self, answered_by: str, beside: str, *, limit: int
    ) -> list[tuple[Prediction, Shadow]]:
        """The newest answers of one version with what another said beside them, by digests."""
        ...

    def coverage(self, answered_by: str, beside: str, *, began: tuple[str, Stage]) -> Coverage:
        """How much was read beside, since the version of a digest last came to a stage."""
        ...

    def tally(self, canary: str, live: str, *, limit: int) -> Tally:
        """What the canary did since it is one, in its latest answers; both by their digests."""
        ...


class Beside(Protocol):
    """Work that nobody waits for, in the background of a server; nothing elsewhere."""

    def start(self) -> None:
        """Take work from now on."""
        ...

    def offer(self, job: Callable[[], None]) -> bool:
        """Whether the job will be done, or was dropped because too many wait already."""
        ...

    @property
    def dropped(self) -> int:
        """How many were dropped since the start."""
        ...

    def close(self) -> None:
        """Finish the job at hand and take no more."""
        ...
