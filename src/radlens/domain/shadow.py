"""What a version says of an image that another version answered: a record, never an answer."""

from dataclasses import dataclass
from datetime import datetime

from radlens.domain.finding import Finding


@dataclass(frozen=True)
class Shadow:
    """One image read beside ``prediction`` by the version of ``digest``.

    ``findings`` is None where it failed, which ``failure`` then says in words. ``changed`` are the
    labels that one of the two reports and the other does not.
    """

    prediction: str
    digest: str
    time: datetime
    findings: tuple[Finding, ...] | None = None
    failure: str | None = None
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Coverage:
    """How much of what one version answered another has read beside it, since that one began.

    What is neither ``read`` nor ``failed`` was left out, because too much was waiting or because
    it was answered where nothing is read in the background, or is still to come.
    """

    answered: int
    read: int
    failed: int

    @property
    def left_out(self) -> int:
        return self.answered - self.read - self.failed
