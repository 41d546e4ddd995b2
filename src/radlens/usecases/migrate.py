"""Everything on record of one site into the stores of another, and the proof of it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from radlens.domain.audit import Act, Actor, Verb, verify
from radlens.domain.backup import Snapshot, Table
from radlens.domain.errors import Corrupted, DigestMismatch, NoSuchObject, NotEmpty
from radlens.ports import Blobs, Site
from radlens.usecases.backup import Seen, named


@dataclass(frozen=True)
class Copied:
    """What is in the new stores: rows by table, objects, and those that the old ones had lost."""

    rows: Mapping[str, int]
    objects: int
    missing: tuple[str, ...]


class _Sum:
    """The number and the digest of a table's rows as they pass."""

    def __init__(self) -> None:
        self.rows, self._digest = 0, sha256()

    def over(self, table: Table) -> Iterator[Any]:
        for row in table.rows:
            # By name: two databases may hold the columns in another order.
            named_row = sorted(zip(table.columns, row, strict=True))
            self._digest.update(json.dumps(named_row).encode())
            self.rows += 1
            yield row

    @property
    def value(self) -> tuple[int, str]:
        return self.rows, self._digest.hexdigest()


def migrate(source: Site, target: Site, *, by: Actor, where: str, seen: Seen) -> Copied:
    """Copy a site as of one moment into empty stores; ``where`` is said in both audit logs.

    Objects first, then all tables in one transaction: stopped half-way, the target is still empty,
    and the same command goes on. Raises NotEmpty, or DigestMismatch where the copy differs.
    """
    if not target.stores.vacant():
        raise NotEmpty("There is something on record already where the site is to go.")
    source.trail.note(Act(source.clock(), by, Verb.MIGRATE, where, {"side": "from"}))
    sums: dict[str, _Sum] = {}
    with source.stores.snapshot() as snapshot:
        kept, missing = _objects(source.blobs, target.blobs, snapshot, seen)
        tables = [_summed(table, sums) for table in snapshot.tables]
        detail = {"side": "to", "objects": kept, "missing": len(missing)}
        target.stores.fill(tables, Act(target.clock(), by, Verb.MIGRATE, where, detail))
    _check(target, {name: each.value for name, each in sums.items()})
    return Copied({name: each.rows for name, each in sums.items()}, kept, tuple(missing))


def _objects(source: Blobs, target: Blobs, snapshot: Snapshot, seen: Seen) -> tuple[int, list[str]]:
    wanted, missing = sorted(named(source, snapshot)), list[str]()
    for done, digest in enumerate(wanted, start=1):
        try:
            # ``get`` checks the digest, and ``put`` files the bytes under their own.
            target.put(source.get(digest))
        except (NoSuchObject, Corrupted):
            missing.append(digest)
        seen(done, len(wanted))
    return len(wanted) - len(missing), missing


def _summed(table: Table, sums: dict[str, _Sum]) -> Table:
    sums[table.name] = _Sum()
    return replace(table, rows=sums[table.name].over(table))


def _check(target: Site, expected: Mapping[str, tuple[int, str]]) -> None:
    with target.stores.snapshot() as snapshot:
        for table in snapshot.tables:
            found, rows = _Sum(), list(table.rows)
            # The last entry of the log is the copy's own: that it was made.
            ours = rows[:-1] if table.name == "audit" else rows
            for _ in found.over(replace(table, rows=ours)):
                pass
            if found.value != expected[table.name]:
                raise DigestMismatch(
                    f"The table {table.name} of the copy is not what was read.",
                    hint="Empty the target and copy again; the source was not changed.",
                )
    verify(target.trail.entries())
