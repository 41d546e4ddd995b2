"""The doors to the audit log: the log itself, and what signs it."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from radlens.domain.audit import Act, Entry, Wanted
from radlens.domain.checkpoint import Checkpoint, Statement


class Trail(Protocol):
    """The audit log, which grows and never changes, and the checkpoints that vouch for it."""

    def note(self, act: Act) -> Entry:
        """Commit an act that changes nothing else, such as a look at an image."""
        ...

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Every entry after a place, oldest first."""
        ...

    def search(self, wanted: Wanted, *, limit: int, before: int | None = None) -> list[Entry]:
        """The entries that are asked for, newest first; ``before`` is the place to go on from."""
        ...

    def seal(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint; the same place is sealed once, and a second time changes nothing."""
        ...

    def checkpoints(self, after: int = 0) -> list[Checkpoint]:
        """The checkpoints after a place, oldest first."""
        ...

    def ends(self) -> tuple[int, int]:
        """The places of the last entry and of the last checkpoint; 0 where there is none."""
        ...


class Seal(Protocol):
    """The key that signs checkpoints, and the second place where they are kept."""

    @property
    def before(self) -> frozenset[str]:
        """Public keys of the site's past, whose checkpoints still count."""
        ...

    def key(self) -> str:
        """The public key, 64 hexadecimal characters; the pair is made on first use."""
        ...

    def held(self) -> str | None:
        """The public key where there is one already."""
        ...

    def sign(self, statement: Statement) -> Checkpoint:
        """The statement with its signature."""
        ...

    def genuine(self, checkpoint: Checkpoint) -> bool:
        """Whether the key that a checkpoint names has signed it."""
        ...

    def keep(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Add checkpoints to the second place, for good."""
        ...

    def kept(self) -> list[Checkpoint]:
        """What the second place holds, oldest first."""
        ...
