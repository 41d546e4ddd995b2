"""Does the record still say what was said?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from radlens.audit_ports import Seal
from radlens.domain.audit import Act, Actor, Entry, Outcome, Verb, linked
from radlens.domain.checkpoint import Checkpoint, vouched
from radlens.domain.errors import BrokenChain, Corrupted, RadLensError, UnknownSigner
from radlens.domain.prediction import Recorded
from radlens.ports import Site

STRIDE = 250
SLACK = timedelta(minutes=1)


@dataclass(frozen=True)
class Verified:
    """A log that verifies: how many entries it has, and up to which of them signatures vouch."""

    entries: int
    sealed: int
    keys: tuple[str, ...]
    notes: tuple[str, ...]


def verify_records(site: Site, *, trusted: Iterable[str] = ()) -> Verified:
    """What was verified: each entry in its place, as signed, each record as it was written.

    ``trusted`` are public keys that may have signed, besides the site's own. Raises BrokenChain
    and names the first entry that does not fit, UnknownSigner where another key has signed. What
    came after the last checkpoint could be cut off, or taken anew, without being seen.
    """
    here, there = site.trail.checkpoints(), site.seal.kept() if site.seal else []
    known = sorted({*here, *there}, key=lambda one: one.seq)
    if site.seal:
        _genuine(site.seal, known)
    own = site.seal.held() if site.seal else None
    before = site.seal.before if site.seal else frozenset[str]()
    ours = [one for one in known if one.statement.key in {own, *before, *trusted}]
    records, clock = _Records(site), _Clock()
    entries = 0
    checked = vouched(linked(site.trail.entries()), ours)
    while some := list(islice(checked, STRIDE)):
        records.watch(some)
        clock.watch(some)
        entries = some[-1].seq
    records.check(after=entries)
    _same_signer(known, ours, own)
    keys = tuple(sorted({one.statement.key for one in known}))
    return Verified(
        entries,
        max((one.seq for one in known), default=0),
        keys,
        (*_notes(here, there), *clock.notes()),
    )


def verify_and_note(site: Site, *, by: Actor, trusted: Iterable[str] = ()) -> Verified:
    """What was verified, or why it was not; the log tells of it either way."""
    try:
        found = verify_records(site, trusted=trusted)
    except RadLensError as error:
        _note(site, by, {"kind": error.kind, "found": error.message}, Outcome.FAILED)
        raise
    _note(site, by, {"entries": found.entries, "sealed": found.sealed}, Outcome.DONE)
    return found


class _Clock:
    """The times of the entries: their order is that of their places, whatever a clock said.

    A time is taken before the log is locked, so a little of it tells nothing.
    """

    def __init__(self) -> None:
        self._before: datetime | None = None
        self._back: list[int] = []

    def watch(self, entries: list[Entry]) -> None:
        """Look for entries that are earlier than the one before."""
        for entry in entries:
            if self._before and self._before - entry.act.time > SLACK:
                self._back.append(entry.seq)
            self._before = entry.act.time

    def notes(self) -> tuple[str, ...]:
        """A remark where the clock was set back."""
        if not self._back:
            return ()
        return (
            f"{len(self._back)} entries are earlier than the one before, first {self._back[0]}: "
            "the clock was set back there.",
        )


class _Records:
    """The records beside the log: each at the entry that tells of it, and none without one.

    What does not fit here is raised last: where entries were moved, no prediction fits any more.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._odd: Corrupted | None = None
        self._marked: dict[str, int] = {}  # predictions marked as erased, and their places
        self._told: dict[str, int] = {}  # predictions of which an entry says so, and its place

    def watch(self, entries: list[Entry]) -> None:
        """Compare the predictions that belong to a stretch of entries."""
        try:
            if self._odd is None:
                self._match(entries)
        except Corrupted as error:
            self._odd = error

    def check(self, *, after: int) -> None:
        """Raise what did not fit; ``after`` is the last entry that was watched."""
        if self._odd:
            raise self._odd
        self._check_erased(after)

    def _match(self, entries: list[Entry]) -> None:
        first, last = entries[0].seq, entries[-1].seq
        there = dict(self._site.records.recorded(after=first - 1, until=last))
        said = dict(self._site.reviews.recorded(after=first - 1, until=last))
        for entry in entries:
            self._hear(entry)
            if "record" in entry.act.detail:
                self._compare(entry, there.pop(entry.seq, None))
            if "review" in entry.act.detail:
                _compare_review(entry, said.pop(entry.seq, None))
        for seq in sorted(there):
            raise BrokenChain(f"The prediction at audit entry {seq} was inserted.", entry=seq)
        for seq in sorted(said):
            raise BrokenChain(f"The review at audit entry {seq} was inserted.", entry=seq)

    def _compare(self, entry: Entry, found: Recorded | None) -> None:
        seq = entry.seq
        if found is None or found.id != entry.act.subject:
            raise BrokenChain(f"The prediction of audit entry {seq} is gone.", entry=seq)
        if found.fingerprint != entry.act.detail["record"]:
            raise BrokenChain(f"The prediction of audit entry {seq} was changed.", entry=seq)
        whose = None if found.erased else entry.act.detail.get("whose")
        if (found.whose and found.whose.commitment) != whose:
            raise BrokenChain(f"Whose image audit entry {seq} speaks of was changed.", entry=seq)
        if found.erased:
            self._marked[found.id] = seq

    def _check_erased(self, after: int) -> None:
        """Compare what is marked as erased with what the log says, now as well, was erased."""
        for entry in self._site.trail.entries(after):
            self._hear(entry)
        for key, seq in self._marked.items():
            if key not in self._told:
                raise BrokenChain(
                    f"The prediction of audit entry {seq} is marked as erased; no entry says so.",
                    entry=seq,
                )
        for key in self._told.keys() - self._marked.keys():
            if not self._site.records.get(key).erased:
                seq = self._told[key]
                raise BrokenChain(f"What audit entry {seq} erased is not marked so.", entry=seq)

    def _hear(self, entry: Entry) -> None:
        if entry.act.verb == Verb.ERASE:
            self._told |= dict.fromkeys(entry.act.detail.get("predictions", ()), entry.seq)


def _compare_review(entry: Entry, found: str | None) -> None:
    if found != entry.act.detail["review"]:
        what = "is gone" if found is None else "was changed"
        raise BrokenChain(f"The review of audit entry {entry.seq} {what}.", entry=entry.seq)


def _genuine(seal: Seal, checkpoints: Iterable[Checkpoint]) -> None:
    for one in checkpoints:
        if not seal.genuine(one):
            raise BrokenChain(
                f"The checkpoint of audit entry {one.seq} is not what was signed.", entry=one.seq
            )


def _same_signer(known: Iterable[Checkpoint], ours: Iterable[Checkpoint], own: str | None) -> None:
    if foreign := sorted(set(known).difference(ours), key=lambda one: one.seq):
        keys = ", ".join(sorted({one.statement.key for one in foreign}))
        held = f"this site's key is {own}" if own else "this site holds no key"
        raise UnknownSigner(
            f"{len(foreign)} checkpoints, of entry {foreign[0].seq} to entry {foreign[-1].seq}, "
            f"are signed by a key that is not known as this site's: {keys}; {held}."
        )


def _notes(here: list[Checkpoint], there: list[Checkpoint]) -> tuple[str, ...]:
    notes = {
        "the database": len(set(there).difference(here)),
        "the second place": len(set(here).difference(there)),
    }
    return tuple(
        f"{count} checkpoints are not in {place}." for place, count in notes.items() if count
    )


def _note(site: Site, by: Actor, detail: dict[str, object], outcome: Outcome) -> None:
    site.trail.note(Act(site.clock(), by, Verb.VERIFY_AUDIT, "audit", detail, outcome))
