"""What to set instead of the ``secrets.toml`` that an older chest application had."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from radlens.settings import Settings

PLACE = Path(".streamlit") / "secrets.toml"
PROJECT = re.compile(r"https://([a-z0-9]{10,40})\.supabase\.(?:co|in)/?")
SUPABASE = """\
  Instead of [supabase] url and key, in the environment (or in radlens.toml, without RADLENS_, in
  small letters):
    RADLENS_DATABASE=postgresql://postgres.{project}:PASSWORD@HOST.pooler.supabase.com:5432/postgres?sslmode=require
    RADLENS_OBJECTS=s3://BUCKET
    RADLENS_S3_ENDPOINT=https://{project}.storage.supabase.co/storage/v1/s3
    RADLENS_S3_REGION=REGION
    RADLENS_S3_KEY=...
    RADLENS_S3_SECRET=...
  PASSWORD is the database's own, not the key of before; it and HOST are found in Supabase under
  Connect, Session pooler. BUCKET is a new private bucket. Make its key, and find REGION, in
  Supabase under Storage, S3 access keys. Then take over what is on record: radlens upgrade"""
PROJECT_UNKNOWN = "PROJECT"
ADMIN = """\
  Instead of the one password of [admin], everybody gets an account:
    radlens users add NAME --role admin"""
AFTERWARDS = "  Then delete the file, and replace the key in Supabase: RadLens needs neither."


def say_instead(known: Settings) -> None:
    """Print what to set instead of the secrets in the working directory and the site's home."""
    for folder in dict.fromkeys((Path.cwd(), known.home)):
        for line in instead(folder / PLACE):
            click.echo(line)


def instead(path: Path) -> Iterator[str]:
    """What to set instead of one file; nothing of its secrets, and nothing where it is another's.

    Of the file only the project's name is shown, which is no secret.
    """
    try:
        if not path.is_file():
            return
        entries: Mapping[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):  # its words may hold a secret
        yield f"{path} cannot be read as TOML. RadLens does not use it."
        return
    if not entries.keys() & {"supabase", "admin"}:
        return
    yield f"{path} is of an older application. RadLens does not use it."
    if "supabase" in entries:
        yield SUPABASE.format(project=_project(entries["supabase"]))
    if "admin" in entries:
        yield ADMIN
    yield AFTERWARDS


def _project(section: object) -> str:
    url = section.get("url") if isinstance(section, dict) else None
    found = PROJECT.fullmatch(url) if isinstance(url, str) else None
    return found[1] if found else PROJECT_UNKNOWN
