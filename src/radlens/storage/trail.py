"""The audit log of a site and its checkpoints, on whatever database it has."""
# ruff: noqa: S608 (the only text put into a statement is this package's own column lists)

from collections.abc import Iterator, Sequence
from typing import Any

from radlens.domain.audit import Act, Entry, Outcome, Wanted
from radlens.domain.checkpoint import Checkpoint, Statement
from radlens.domain.errors import BrokenChain
from radlens.storage import statements
from radlens.storage.database import Database
from radlens.storage.rows import ENTRY, entry_of, in_utc, time_of, zoned

PAGE = 250
CHECKPOINT = "seq, digest, time, trace, key, signature"


class SqlTrail:
    """The audit log of a site in its database; raises what ``Database`` raises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, act: Act) -> Entry:
        with self._database.writing() as sql:
            return statements.append(sql, act)

    def entries(self, after: int = 0) -> Iterator[Entry]:
        # By pages: a reader who stops half-way holds neither a connection nor the log.
        while True:
            with self._database.reading() as sql:
                page = statements.entries(sql, after=after, limit=PAGE)
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1].seq

    def search(self, wanted: Wanted, *, limit: int, before: int | None = None) -> list[Entry]:
        rules = _rules(wanted, before)
        where = f"WHERE {' AND '.join(rules)}" if rules else ""
        rows = self._database.rows(
            f"SELECT {ENTRY} FROM audit {where} ORDER BY seq DESC LIMIT ?", (*rules.values(), limit)
        )
        return [entry_of(row) for row in rows]

    def seal(self, checkpoint: Checkpoint) -> None:
        said = checkpoint.statement
        row = (said.seq, said.digest, zoned(said.time), said.trace, said.key, checkpoint.signature)
        with self._database.writing() as sql:
            sql.execute(
                f"INSERT INTO checkpoints ({CHECKPOINT}) VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (seq) DO NOTHING",
                row,
            )

    def checkpoints(self, after: int = 0) -> list[Checkpoint]:
        rows = self._database.rows(
            f"SELECT {CHECKPOINT} FROM checkpoints WHERE seq > ? ORDER BY seq", (after,)
        )
        return [_checkpoint(row) for row in rows]

    def ends(self) -> tuple[int, int]:
        [(last, sealed)] = self._database.rows(
            "SELECT (SELECT max(seq) FROM audit), (SELECT max(seq) FROM checkpoints)"
        )
        return int(last or 0), int(sealed or 0)


def _rules(wanted: Wanted, before: int | None) -> dict[str, Any]:
    """The conditions with their values; what fits them is what ``Wanted.fits`` says."""
    rules = {
        "seq < ?": before,
        "verb = ?": wanted.verb,
        "actor = ?": wanted.actor,
        "subject = ?": wanted.subject,
        _outcome(wanted.outcome): wanted.outcome,
        "utc >= ?": wanted.since and in_utc(wanted.since),
        "utc < ?": wanted.until and in_utc(wanted.until),
    }
    return {rule: value for rule, value in rules.items() if value is not None}


def _outcome(outcome: Outcome | None) -> str:
    """A condition for which the index of what failed is used, and none for what nearly all are."""
    return "outcome = ?" if outcome is Outcome.DONE else "outcome <> 'done' AND outcome = ?"


def _checkpoint(row: Sequence[Any]) -> Checkpoint:
    seq, digest, time, trace, key, signature = row
    try:
        return Checkpoint(Statement(seq, digest, time_of(time), trace, key), signature)
    except ValueError as error:
        raise BrokenChain(f"The checkpoint of entry {seq} was changed.", entry=seq) from error
