"""How somebody bends an audit log who can write to its database: every kind that tests know."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from radlens.domain.audit import GENESIS, Act, Actor, Entry, Outcome, Verb, follow
from radlens.storage.rows import ENTRY, entry_of, entry_row
from tests.storage.samples import NOON

Rows = list[Entry]


def place(home: Path) -> sqlite3.Connection:
    return sqlite3.connect(home / "radlens.sqlite")


def rewrite(home: Path, change: Callable[[Rows], Rows]) -> None:
    """Change the audit log as somebody may who can write to the database, behind our back."""
    with closing(place(home)) as database, database:
        put(database, change(taken(database)))


def taken(database: sqlite3.Connection) -> Rows:
    """The log as it stands."""
    rows = database.execute(f"SELECT {ENTRY} FROM audit ORDER BY seq")  # noqa: S608
    return [entry_of(row) for row in rows.fetchall()]


def put(database: sqlite3.Connection, entries: Rows) -> None:
    """Another log in its place, without the rules of its table, which an owner may drop."""
    database.execute("CREATE TABLE bent AS SELECT * FROM audit LIMIT 0")
    database.execute("DROP TABLE audit")
    database.execute("ALTER TABLE bent RENAME TO audit")
    database.execute("CREATE UNIQUE INDEX places ON audit (seq)")
    marks = ", ".join("?" * len(ENTRY.split(",")))
    database.executemany(
        f"INSERT INTO audit ({ENTRY}) VALUES ({marks})",  # noqa: S608
        [entry_row(entry) for entry in entries],
    )


def edited(entry: Entry) -> Entry:
    """The entry with one thing changed, each in its turn."""
    act, by = entry.act, entry.act.by
    changes: list[dict[str, object]] = [
        {"by": replace(by, name="mallory")},
        {"by": replace(by, via=f"{by.via}x")},
        {"by": replace(by, origin=f"{by.origin}x")},
        {"time": act.time + timedelta(seconds=1)},
        {"verb": f"{act.verb}x"},
        {"subject": f"{act.subject}x"},
        {"detail": {**act.detail, "more": 1}},
        {"outcome": Outcome.DONE if act.outcome is Outcome.FAILED else Outcome.FAILED},
    ]
    return replace(entry, act=replace(act, **changes[entry.seq % len(changes)]))


def chained(rows: Rows) -> Rows:
    """All digests taken again, as an attacker does who knows the format."""
    made: Rows = []
    for entry in rows:
        previous = made[-1].digest if made else GENESIS
        made.append(follow(entry.act, seq=len(made) + 1, previous=previous))
    return made


def moved_up(rows: Rows) -> Rows:
    return [replace(entry, seq=seq) for seq, entry in enumerate(rows, start=1)]


def at(rows: Rows, seq: int, *entries: Entry) -> Rows:
    return [*rows[: seq - 1], *entries, *rows[seq:]]


def forged(rows: Rows, seq: int) -> Entry:
    act = Act(NOON, Actor("mallory", "cli"), Verb.VIEW, "forged", {})
    return follow(act, seq=seq, previous=rows[seq - 2].digest if seq > 1 else GENESIS)


TAMPERINGS: dict[str, Callable[[Rows, int], Rows]] = {
    "edited": lambda rows, seq: at(rows, seq, edited(rows[seq - 1])),
    "edited, its own digest taken again": lambda rows, seq: at(
        rows, seq, chained(at(rows, seq, edited(rows[seq - 1])))[seq - 1]
    ),
    "another digest": lambda rows, seq: at(rows, seq, replace(rows[seq - 1], digest="e" * 64)),
    "deleted": lambda rows, seq: at(rows, seq),
    "deleted, the rest moved up": lambda rows, seq: moved_up(at(rows, seq)),
    "two exchanged": lambda rows, seq: moved_up(
        [*rows[: seq - 1], rows[seq + 4], *rows[seq : seq + 4], rows[seq - 1], *rows[seq + 5 :]]
    ),
    "inserted": lambda rows, seq: moved_up([*rows[: seq - 1], forged(rows, seq), *rows[seq - 1 :]]),
    "edited, every digest taken again": lambda rows, seq: chained(
        at(rows, seq, edited(rows[seq - 1]))
    ),
    "deleted, every digest taken again": lambda rows, seq: chained(at(rows, seq)),
    "inserted, every digest taken again": lambda rows, seq: chained(
        [*rows[: seq - 1], forged(rows, seq), *rows[seq - 1 :]]
    ),
    "the tail cut off": lambda rows, seq: rows[: seq - 1],
    "edited, taken again, and the tail cut off": lambda rows, seq: chained(
        at(rows, seq, edited(rows[seq - 1]))
    )[: seq + 1],
}
