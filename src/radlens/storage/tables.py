"""All tables of a site at once, out of one database and into another, whichever they are."""
# ruff: noqa: S608 (the only text put into a statement are this package's own tables and columns)

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from radlens.domain.audit import Act
from radlens.domain.backup import Snapshot, Table
from radlens.domain.errors import BadBackup, NotEmpty
from radlens.storage import statements
from radlens.storage.database import Database, Transaction
from radlens.storage.schema import MIGRATIONS

SCHEMA = len(list(MIGRATIONS.glob("*.sql")))
# Each after those that it refers to. Who is signed in, guesses, or works, is of no use elsewhere.
TABLES = {
    "audit": "seq",
    "checkpoints": "seq",
    "predictions": "seq",
    "erasures": "entry, prediction",
    "requests": "idempotency_key",
    "ledger": "seq",
    "versions": "seq",
    "moves": "seq, digest",
    "shadows": "prediction, digest",
    "reviews": "seq",
    "undos": "seq",
    "cases": "place",
    "users": "id",
    "api_keys": "digest",
    "site_facts": "name",
}
PASSING = ("sessions", "guesses", "jobs")
# Where rows name objects: as a digest, unless erased, or in JSON whose values are digests.
KEPT = "SELECT {} FROM predictions WHERE id NOT IN (SELECT prediction FROM erasures)"
DIGESTS = ("image_digest", "evidence_digest")
LISTS = ("versions", "ledger")
PAGE = 500


@contextmanager
def snapshot(database: Database) -> Iterator[Snapshot]:
    """Every table as of one moment; their rows are read as they pass."""
    with database.reading() as sql:
        tables = [_table(sql, name) for name in TABLES]
        lists = sql.execute("SELECT files FROM ledger WHERE kind = 'dataset' ORDER BY seq")
        datasets = [digest for [files] in lists.fetchall() for digest in json.loads(files).values()]
        yield Snapshot(SCHEMA, tables, sorted(set(_objects(sql))), datasets)


def vacant(sql: Transaction) -> bool:
    """Whether no table has a row, but for what a site that was merely opened may remember."""
    names = [name for name in TABLES if name != "site_facts"]
    return not any(sql.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone() for name in names)


def fill(database: Database, tables: Iterable[Table], act: Act) -> None:
    """Write all tables and the act in one transaction; raises NotEmpty where anything is there."""
    with database.writing() as sql:
        if not vacant(sql):
            raise NotEmpty("The site is not empty, and a backup is restored only into one that is.")
        sql.execute("DELETE FROM site_facts")
        for table in tables:
            known = _columns(sql, table.name) if table.name in TABLES else ()
            if set(table.columns) != set(known):
                raise BadBackup(f"The table {table.name} of the backup is none of this RadLens.")
            marks = ", ".join("?" * len(table.columns))
            insert = f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({marks})"
            for row in table.rows:
                sql.execute(insert, row)
        statements.append(sql, act)


def _table(sql: Transaction, name: str) -> Table:
    columns = _columns(sql, name)

    def rows() -> Iterator[tuple[object, ...]]:
        found = sql.execute(f"SELECT {', '.join(columns)} FROM {name} ORDER BY {TABLES[name]}")
        while page := found.fetchmany(PAGE):
            yield from map(tuple, page)

    return Table(name, columns, rows())


def _columns(sql: Transaction, name: str) -> tuple[str, ...]:
    found = sql.execute(f"SELECT * FROM {name} LIMIT 0")
    return tuple(column[0] for column in found.description)


def _objects(sql: Transaction) -> Iterator[str]:
    for column in DIGESTS:
        yield from (row[0] for row in sql.execute(KEPT.format(column)).fetchall())
    for name in LISTS:
        for [files] in sql.execute(f"SELECT files FROM {name}").fetchall():
            yield from json.loads(files).values()
