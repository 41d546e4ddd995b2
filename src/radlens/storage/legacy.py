"""The two tables of an older chest application, beside a site's own in the same PostgreSQL."""
# ruff: noqa: S608 (the only text put into a statement is this module's own names)

import json
from collections import Counter
from datetime import datetime

from radlens.domain.audit import Actor, Verb
from radlens.domain.legacy import (
    SOURCE,
    TASK,
    Left,
    OldModel,
    OldPrediction,
    Taken,
    model_act,
    prediction_act,
    version_of,
)
from radlens.storage.database import Database, Transaction
from radlens.storage.registry import insert_version
from radlens.storage.statements import append

# Another application may well have a table of such a name: its columns tell.
THERE = """
SELECT count(*) FROM pg_class t
JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = 'public'
JOIN pg_attribute c ON c.attrelid = t.oid AND NOT c.attisdropped
WHERE t.relkind IN ('r', 'p') AND has_table_privilege(t.oid, 'SELECT')
AND (t.relname, c.attname) IN (
  ('models', 'id'), ('models', 'created_at'), ('models', 'version_name'),
  ('models', 'storage_path'), ('models', 'is_active'), ('models', 'accuracy_auroc'),
  ('models', 'class_names'), ('predictions', 'id'), ('predictions', 'created_at'),
  ('predictions', 'model_id'), ('predictions', 'image_url'), ('predictions', 'results_json'))
"""
COLUMNS = 12
# Times are written in one zone, or a row would have another digest for another reader.
ZONE = "SET LOCAL TimeZone TO 'UTC'"
WAITING = (
    "FROM public.{kind}s o WHERE NOT EXISTS (SELECT 1 FROM audit "
    f"WHERE verb = '{Verb.TAKE_OVER}' AND subject = 'legacy-{{kind}}-' || o.id)"
)
MODELS, PREDICTIONS = WAITING.format(kind="model"), WAITING.format(kind="prediction")
MODEL = (
    "id, to_jsonb(o)::text, version_name, to_jsonb(created_at)::text, "
    "to_jsonb(storage_path)::text, to_jsonb(is_active)::text, to_jsonb(accuracy_auroc)::text, "
    "to_jsonb(class_names)::text"
)
PREDICTION = (
    "id, to_jsonb(o)::text, model_id, to_jsonb(created_at)::text, to_jsonb(results_json)::text"
)
# The same that closes a site's own tables; RadLens asks as the owner, who goes on to read them.
CLOSED = """
DO $$
DECLARE
  one record;
BEGIN
  ALTER TABLE public.models ENABLE ROW LEVEL SECURITY;
  ALTER TABLE public.predictions ENABLE ROW LEVEL SECURITY;
  REVOKE ALL ON public.models, public.predictions FROM PUBLIC;
  FOR one IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
    EXECUTE format('REVOKE ALL ON public.models, public.predictions FROM %I', one.rolname);
  END LOOP;
END
$$
"""


class NoLegacy:
    """Of a database that no older application ever had."""

    def left(self) -> Left | None:
        return None

    def take(self, *, time: datetime, by: Actor) -> Taken | None:  # noqa: ARG002 (the port's)
        return None


class PostgresLegacy:
    """The older application's tables in the schema ``public`` of a site's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def left(self) -> Left | None:
        with self._database.reading() as sql:
            if not _there(sql):
                return None
            return Left(_count(sql, MODELS), _count(sql, PREDICTIONS))

    def take(self, *, time: datetime, by: Actor) -> Taken | None:
        with self._database.writing() as sql:
            if not _there(sql):
                return None
            sql.execute(CLOSED)  # first: nobody adds a row from here on until the end
            sql.execute(ZONE)
            counts = _take_models(sql, time=time, by=by)
            counts += _take_predictions(sql, time=time, by=by)
            return Taken(**counts)


def _take_models(sql: Transaction, *, time: datetime, by: Actor) -> Counter[str]:
    names = {
        name
        for [name] in sql.execute("SELECT version FROM versions WHERE task = ?", (TASK,)).fetchall()
    }
    counts = Counter[str]()
    for row in sql.execute(f"SELECT {MODEL} {MODELS} ORDER BY id").fetchall():
        old = OldModel(*row)
        version = version_of(old, taken=names, time=time, by=by)
        insert_version(sql, append(sql, model_act(version)).seq, version)
        names.add(version.version)
        counts.update(models=1, renamed=version.version != old.name)
    return counts


def _take_predictions(sql: Transaction, *, time: datetime, by: Actor) -> Counter[str]:
    models = _digests(sql)
    counts = Counter[str]()
    for row in sql.execute(f"SELECT {PREDICTION} {PREDICTIONS} ORDER BY id").fetchall():
        old = OldPrediction(*row)
        digest = None if old.model_id is None else models.get(old.model_id)
        act = prediction_act(old, digest, time=time, by=by)
        append(sql, act)
        results = act.detail["results"]
        counts.update(
            predictions=1,
            without_model=digest is None,
            without_results=results is None,
            unreadable=results is not None and not isinstance(results, dict),
        )
    return counts


def _digests(sql: Transaction) -> dict[int, str]:
    """The digest of each version that was taken over, by the id that it had."""
    rows = sql.execute("SELECT digest, facts FROM versions WHERE source = ?", (SOURCE,)).fetchall()
    return {json.loads(facts)["legacy_id"]: digest for digest, facts in rows}


def _there(sql: Transaction) -> bool:
    return _number(sql, THERE) == COLUMNS


def _count(sql: Transaction, waiting: str) -> int:
    return _number(sql, f"SELECT count(*) {waiting}")


def _number(sql: Transaction, statement: str) -> int:
    return int(sql.execute(statement).fetchone()[0])
