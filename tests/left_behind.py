"""A database that an older chest application leaves, with the roles that Supabase has."""
# ruff: noqa: S608 (the only text put into a statement is the tests' own names)

import json

import psycopg
from psycopg.errors import InsufficientPrivilege

ROLES = """
DO $$
DECLARE
  wanted text[] := ARRAY['anon', 'authenticated', 'service_role'];
  one text;
BEGIN
  FOREACH one IN ARRAY wanted LOOP  -- other tests of this server may have made some of them
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = one) THEN
      EXECUTE format('CREATE ROLE %I', one);
    END IF;
  END LOOP;
  ALTER ROLE anon NOLOGIN NOINHERIT;
  ALTER ROLE authenticated NOLOGIN NOINHERIT;
  ALTER ROLE service_role NOLOGIN NOINHERIT BYPASSRLS;
END $$;
GRANT USAGE ON SCHEMA public TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES IN SCHEMA public
  GRANT ALL ON SEQUENCES TO anon, authenticated, service_role;
"""
TABLES = """
CREATE TABLE public.models(id bigserial primary key, created_at timestamptz default now(),
  version_name text not null, storage_path text not null, is_active boolean default false,
  accuracy_auroc double precision, class_names jsonb);
CREATE TABLE public.predictions(id bigserial primary key, created_at timestamptz default now(),
  model_id bigint references models(id), image_url text, results_json jsonb);
CREATE POLICY everybody ON public.predictions FOR SELECT USING (true);
"""
LABELS = ["Atelectasis", "Mass"]
MODELS = [  # name, path, active, AUROC, labels as JSON
    ("v1", "models/v1.pth", True, 0.6794, json.dumps(LABELS)),
    ("v1", "models/v1 (1).pth", False, None, None),
    ("", "", None, float("nan"), json.dumps(json.dumps(LABELS))),
    ("müde/'\"; DROP", "p", False, float("inf"), '{"0": "Mass"}'),
]
DEEP = "[" * 3000 + "]" * 3000
RESULTS = [  # as JSON: an object, a string of one, and what else was written
    ('{"Mass": 0.25, "Edema": 0.5}', {"Mass": 0.25, "Edema": 0.5}),
    (json.dumps('{"Mass": 0.25}'), {"Mass": 0.25}),
    (None, None),
    ("null", None),
    (json.dumps("{'Mass': 0.25}"), "{'Mass': 0.25}"),
    (json.dumps('{"Mass": NaN}'), '{"Mass": NaN}'),
    (json.dumps('{"a": "\\ud800", "b": "\\u0000"}'), {"a": "\ud800", "b": "\0"}),
    ("[1, 2]", [1, 2]),
    ('{"Mass": 1e400}', {"Mass": "1" + "0" * 400}),
    (json.dumps(DEEP), DEEP),
    ("true", True),
]
NAMED = "https://abc.supabase.co/storage/v1/object/public/xrays/DOE_JANE.jpg"


def leave(url: str) -> None:
    """Make its tables in an empty database, with rows in every shape."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(ROLES)
        connection.execute(TABLES)
        for row in MODELS:
            connection.execute(
                "INSERT INTO public.models (version_name, storage_path, is_active, accuracy_auroc, "
                "class_names) VALUES (%s, %s, %s, %s, %s)",
                row,
            )
        for number, (results, _) in enumerate(RESULTS):
            connection.execute(
                "INSERT INTO public.predictions (model_id, image_url, results_json) "
                "VALUES (%s, %s, %s)",
                (number % 4 + 1 if number % 3 else None, NAMED, results),
            )
        connection.execute("UPDATE public.predictions SET created_at = 'infinity' WHERE id = 1")
        connection.execute("UPDATE public.predictions SET created_at = NULL WHERE id = 2")


def rows(url: str, statement: str) -> list[tuple[object, ...]]:
    """What the database gives past RadLens."""
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(statement).fetchall()


def visible(url: str, table: str, role: str) -> bool:
    """Whether somebody of a role reads rows there."""
    with psycopg.connect(url) as connection:
        connection.execute(f"SET ROLE {role}")
        try:
            return connection.execute(f"SELECT count(*) FROM {table}").fetchone() != (0,)
        except InsufficientPrivilege:
            return False
