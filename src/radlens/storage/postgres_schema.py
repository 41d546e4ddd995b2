"""The site's tables in PostgreSQL: the same numbered files, under a lock, in one transaction."""
# ruff: noqa: S608 (the only text put into a statement is this module's own names)

from pathlib import Path

from psycopg import Connection

from radlens.storage.schema import pending

SCHEMA = "radlens"
CHAIN = 0x7261646C656E73  # the lock under which the audit chain grows
# A table of the catalogue is read afresh; a name would be looked up in what was cached before the
# lock was waited for.
THERE = f"SELECT 1 FROM pg_tables WHERE schemaname = '{SCHEMA}' AND tablename = 'migrations'"
VERSION = f"SELECT coalesce(max(version), 0) FROM {SCHEMA}.migrations"

# Nobody but the owner: RadLens asks as the owner, whom row-level security does not bind. The
# roles are those through which a hosted PostgreSQL lets the public in.
CLOSED = f"""
DO $$
DECLARE
  one record;
BEGIN
  FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = '{SCHEMA}' LOOP
    EXECUTE format('ALTER TABLE {SCHEMA}.%I ENABLE ROW LEVEL SECURITY', one.tablename);
  END LOOP;
  REVOKE ALL ON SCHEMA {SCHEMA} FROM PUBLIC;
  REVOKE ALL ON ALL TABLES IN SCHEMA {SCHEMA} FROM PUBLIC;
  FOR one IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
    EXECUTE format('REVOKE ALL ON SCHEMA {SCHEMA} FROM %I', one.rolname);
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA {SCHEMA} FROM %I', one.rolname);
  END LOOP;
END
$$
"""


def upgrade(connection: Connection, *, migrations: Path) -> None:
    """Bring a database to this program's schema; raises StorageUnavailable where it is newer."""
    if not pending(_version(connection), migrations):
        return
    # Nobody writes meanwhile, and of two that start at once one waits and finds it done.
    connection.execute(f"BEGIN; SELECT pg_advisory_xact_lock({CHAIN})")
    missing = pending(_version(connection), migrations)
    if missing:
        _apply(connection, missing)
    connection.execute("COMMIT")


def _apply(connection: Connection, scripts: list[tuple[int, str]]) -> None:
    connection.execute(
        f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}; SET LOCAL search_path TO {SCHEMA}; "
        "CREATE TABLE IF NOT EXISTS migrations (version bigint NOT NULL PRIMARY KEY)"
    )
    for number, script in scripts:
        connection.execute(script.encode())
        connection.execute("INSERT INTO migrations VALUES (%s)", (number,))
    connection.execute(CLOSED)


def _version(connection: Connection) -> int:
    if connection.execute(THERE).fetchone() is None:
        return 0
    [version] = connection.execute(VERSION).fetchone() or (0,)
    return int(version)
