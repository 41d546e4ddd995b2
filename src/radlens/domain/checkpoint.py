"""Signed statements that the audit log held certain entries: what no digest in it can say itself.

Whoever can write to the database can take all digests of a changed log again. They cannot sign it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from radlens.domain.audit import Entry
from radlens.domain.errors import BrokenChain

TRACE = 8  # characters of each entry's digest: enough to tell which one was exchanged


@dataclass(frozen=True)
class Statement:
    """That the entry ``seq`` had this ``digest``, and which entries led there.

    ``trace`` is the beginning of the digest of each entry since the checkpoint before, so that
    an exchanged one can be named. ``key`` is the public key, 64 hexadecimal characters.
    """

    seq: int
    digest: str
    time: datetime
    trace: str
    key: str

    @property
    def first(self) -> int:
        """The first entry of the trace."""
        return self.seq - len(self.trace) // TRACE + 1

    def to_bytes(self) -> bytes:
        """What is signed."""
        parts = (str(self.seq), self.digest, self.time.isoformat(), self.trace, self.key)
        return "\n".join(("RadLens audit checkpoint 1", *parts)).encode()


@dataclass(frozen=True)
class Checkpoint:
    """A statement with its Ed25519 signature, 128 hexadecimal characters."""

    statement: Statement
    signature: str

    @property
    def seq(self) -> int:
        return self.statement.seq


def state(entries: Sequence[Entry], *, time: datetime, key: str) -> Statement:
    """What is to be signed of these entries, which follow the checkpoint before."""
    last = entries[-1]
    return Statement(
        last.seq, last.digest, time, "".join(entry.digest[:TRACE] for entry in entries), key
    )


def vouched(entries: Iterable[Entry], checkpoints: Iterable[Checkpoint]) -> Iterator[Entry]:
    """The entries as they pass, as the checkpoints have them.

    Raises BrokenChain and names the first that is another one, or that is gone at the end.
    """
    due = sorted((checkpoint.statement for checkpoint in checkpoints), key=lambda said: -said.seq)
    seen, count = bytearray(), 0  # the beginning of every digest so far
    for count, entry in enumerate(entries, start=1):
        yield entry
        seen += bytes.fromhex(entry.digest[:TRACE])
        while due and due[-1].seq == count:
            said = due.pop()
            if entry.digest != said.digest:
                raise _broken(said, seen, "the digests from there on were taken again")
    if due:
        raise _broken(due[-1], seen, f"the log ends at entry {count}, what came after is gone")


def _broken(said: Statement, seen: bytearray, how: str) -> BrokenChain:
    """The first entry that is not the one that was vouched for."""
    found = seen[(said.first - 1) * TRACE // 2 :].hex()
    there = min(len(found), len(said.trace))
    steps = range(0, there, TRACE)
    other = next(
        (at for at in steps if found[at : at + TRACE] != said.trace[at : at + TRACE]), there
    )
    at = min(said.first + other // TRACE, said.seq)
    return BrokenChain(
        f"The audit log does not verify at entry {at}: it is not the one that the checkpoint of "
        f"entry {said.seq} was signed over; {how}.",
        entry=at,
    )
