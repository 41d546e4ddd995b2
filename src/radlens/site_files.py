"""The files of a site's folder that belong into its backup."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path

from radlens.domain.errors import StorageUnavailable
from radlens.settings import Settings

SETTINGS = "radlens.toml"
CHECKPOINTS, KEY, PATIENT_KEY = "audit-checkpoints.jsonl", "audit.key", "patient.key"


def collected(settings: Settings, *, signer: str | None, keys: bool) -> dict[str, bytes]:
    """Settings that are no secret, task cards, the second place of checkpoints; keys if asked.

    ``signer`` is the public key of the audit log: the settings tell a restored site, which makes
    a key of its own, that it may have signed.
    """
    home = settings.home
    cards = sorted(path for how in ("*.toml", "*/*.toml") for path in (home / "tasks").glob(how))
    places = {path.relative_to(home).as_posix(): path for path in cards}
    places |= key_places(settings)
    if not keys:
        del places[KEY], places[PATIENT_KEY]
    try:
        found = {name: path.read_bytes() for name, path in places.items() if path.is_file()}
    except OSError as error:
        raise StorageUnavailable(f"A file of the site cannot be read: {error.strerror}.") from error
    if told := _told(home / SETTINGS, (*settings.audit_keys, signer)):
        found[SETTINGS] = told
    return found


def placed(files: Mapping[str, bytes], settings: Settings) -> list[str]:
    """Put the files where a site has them; gives those that were there and were left alone."""
    home, left = settings.home, list[str]()
    known = key_places(settings) | {SETTINGS: home / SETTINGS}
    for name, content in files.items():
        path = known.get(name, home / "tasks" / Path(*Path(name).parts[1:]))
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with path.open("xb") as stream:
                path.chmod(0o600)
                stream.write(content)
        except FileExistsError:
            left.append(name)
        except OSError as error:
            raise StorageUnavailable(f"{path} cannot be written: {error.strerror}.") from error
    return left


def key_places(settings: Settings) -> dict[str, Path]:
    """Where the keys are, which no database holds, and the second place of checkpoints."""
    home = settings.home
    return {
        CHECKPOINTS: Path(settings.audit_mirror or home / CHECKPOINTS),
        KEY: Path(settings.audit_key or home / KEY),
        PATIENT_KEY: Path(settings.patient_key or home / PATIENT_KEY),
    }


def _told(path: Path, signers: Iterable[str | None]) -> bytes:
    """The entries of radlens.toml, without those that open a door, and with all public keys."""
    secret = {field.name for field in fields(Settings) if not field.repr}
    there = tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}
    entries = {name: value for name, value in there.items() if name not in secret}
    if known := ",".join(dict.fromkeys(filter(None, signers))):
        entries["audit_trusted"] = known
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in entries.items()).encode()
