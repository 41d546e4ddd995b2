"""The lab's ledger, on whatever database the site has."""
# ruff: noqa: S608 (the only text put into a statement is this module's own column list)

import json
from collections.abc import Sequence
from typing import Any

from radlens.domain.errors import Conflict, DigestMismatch, NoSuchItem
from radlens.domain.ledger import Item, Kind, State
from radlens.storage.database import Database, Transaction
from radlens.storage.rows import Row, finite, time_of, zoned

ITEM = "id, kind, name, time, state, body, parents, files"
OF_KIND = f"SELECT {ITEM} FROM ledger WHERE kind = ? ORDER BY seq"


def item_row(item: Item) -> Row:
    """The columns ITEM; raises NotAssessable where a number is NaN or infinite."""
    return (
        item.id,
        item.kind.value,
        item.name,
        zoned(item.time),
        item.state.value,
        finite(item.body),
        json.dumps(item.parents),
        json.dumps(dict(item.files)),
    )


def item_of(row: Sequence[Any]) -> Item:
    """The entry of a row; raises DigestMismatch where the row is not what was written."""
    key, kind, name, time, state, body, parents, files = row
    try:
        return Item(
            id=key,
            kind=Kind(kind),
            name=name,
            time=time_of(time),
            state=State(state),
            body=json.loads(body),
            parents=tuple(json.loads(parents)),
            files=json.loads(files),
        )
    except (ValueError, TypeError) as error:
        raise DigestMismatch(f"The ledger's entry {key} cannot be read as written.") from error


class SqlLedger:
    """The ledger in a site's database; raises what ``Database`` raises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, item: Item) -> None:
        row = item_row(item)
        with self._database.writing() as sql:
            old = sql.execute(f"SELECT {ITEM} FROM ledger WHERE id = ?", (item.id,)).fetchone()
            if old is None:
                insert(sql, item)
            elif _changes(tuple(old), row):
                sets = ", ".join(f"{column} = ?" for column in ITEM.split(", ")[1:])
                sql.execute(f"UPDATE ledger SET {sets} WHERE id = ?", (*row[1:], item.id))

    def get(self, item_id: str) -> Item:
        rows = self._database.rows(
            f"SELECT {ITEM} FROM ledger WHERE substr(id, 1, ?) = ? LIMIT 2",
            (len(item_id), item_id),
        )
        return _one(rows, item_id)

    def items(self, kind: Kind, *, name: str | None = None, limit: int = 1000) -> list[Item]:
        more = "" if name is None else "AND name = ?"
        values = (kind.value, *(() if name is None else (name,)), limit)
        rows = self._database.rows(
            f"SELECT {ITEM} FROM ledger WHERE kind = ? {more} ORDER BY seq DESC LIMIT ?", values
        )
        return [item_of(row) for row in rows]


def insert(sql: Transaction, item: Item) -> None:
    """Write a new entry at the end."""
    row = item_row(item)
    [last] = sql.execute("SELECT coalesce(max(seq), 0) FROM ledger").fetchone()
    marks = ", ".join("?" * (len(row) + 1))
    sql.execute(f"INSERT INTO ledger ({ITEM}, seq) VALUES ({marks})", (*row, last + 1))


def _changes(old: Row, new: Row) -> bool:
    """Whether the new row may and must replace the old one; raises Conflict where it may not."""
    if old == new:
        return False
    state = ITEM.split(", ").index("state")
    if old[state] != State.RUNNING or old[1] != new[1]:
        raise Conflict(f"The ledger's entry {old[0]} is finished and never changes.")
    return True


def _one(rows: Sequence[Sequence[Any]], item_id: str) -> Item:
    exact = [row for row in rows if row[0] == item_id]
    if not item_id or not rows:
        raise NoSuchItem(f"The ledger has no entry {item_id!r}.")
    if len(rows) > 1 and not exact:
        raise NoSuchItem(f"More than one entry of the ledger begins with {item_id}.")
    return item_of((exact or rows)[0])
