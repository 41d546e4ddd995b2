"""One frozen Settings: defaults < radlens.toml < environment < arguments."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from radlens.domain.errors import BadSettings
from radlens.domain.scan import Bounds
from radlens.domain.sitting import Lifetimes

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Settings:
    """Everything that a site can be told. ``home`` is the one folder that it lives in.

    Each entry is also an environment variable: ``workers`` is ``RADLENS_WORKERS``, and a secret
    can be in a file that ``RADLENS_METRICS_KEY_FILE`` names. ``gallery`` is a folder of bundles
    that a new site begins with; without one it is the package's.
    """

    home: Path
    host: str = "127.0.0.1"
    port: int = 8501
    workers: int = os.cpu_count() or 1
    waiting: int = 64
    waiting_each: int = 48
    job_workers: int = 1
    drain_s: int = 30
    free_bytes: int = 256 * 2**20
    database: str = field(default="", repr=False)
    objects: str = ""
    s3_endpoint: str = ""
    s3_region: str = ""
    s3_key: str = field(default="", repr=False)
    s3_secret: str = field(default="", repr=False)
    site_name: str = "RadLens"
    language: str = "en"
    log_format: str = "auto"
    log_level: str = "info"
    upload_bytes: int = Bounds.upload_bytes
    arriving_bytes: int = Bounds.arriving_bytes
    side_pixels: int = Bounds.side_pixels
    image_pixels: int = Bounds.image_pixels
    frames: int = Bounds.frames
    inflated_bytes: int = Bounds.inflated_bytes
    bundle_bytes: int = Bounds.bundle_bytes
    approvals: int = 1
    readings: int = 1
    gallery: str = ""
    audit_every: int = 1000
    audit_key: str = ""
    audit_trusted: str = ""
    audit_mirror: str = ""
    patient_key: str = ""
    idle_minutes: int = 30
    session_hours: int = 12
    hosts: str = ""
    proxies: str = ""
    metrics_key: str = field(default="", repr=False)
    oidc_issuer: str = ""
    oidc_client: str = "radlens"
    oidc_secret: str = field(default="", repr=False)
    oidc_groups: str = "groups"
    oidc_roles: str = ""

    @property
    def lifetimes(self) -> Lifetimes:
        return Lifetimes(timedelta(minutes=self.idle_minutes), timedelta(hours=self.session_hours))

    @property
    def database_url(self) -> str:
        """Where the tables are; a secret where it holds a password."""
        return self.database or f"sqlite://{self.home}/radlens.sqlite"

    @property
    def objects_url(self) -> str:
        return self.objects or f"file://{self.home}/objects"

    @property
    def told(self) -> dict[str, object]:
        """Every entry by its name; of a secret, whether there is one."""
        return {
            field.name: getattr(self, field.name) if field.repr else bool(getattr(self, field.name))
            for field in fields(self)
            if field.name != "home"
        }

    @property
    def local(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host in LOOPBACK

    @property
    def bounds(self) -> Bounds:
        return Bounds(**{field.name: getattr(self, field.name) for field in fields(Bounds)})

    @property
    def audit_keys(self) -> frozenset[str]:
        """Public keys of this site's past, whose checkpoints still count."""
        return frozenset(self.audit_trusted.replace(",", " ").split())


def load_settings(environment: Mapping[str, str], **arguments: object) -> Settings:
    """Settings for this process; raises BadSettings with the name of what cannot be used."""
    given = {name: value for name, value in arguments.items() if value is not None}
    home = Path(str(given.pop("home", None) or environment.get("RADLENS_HOME") or _default_home()))
    known = {field.name: field.type for field in fields(Settings) if field.name != "home"}
    merged = _from_file(home / "radlens.toml", known)
    for name in known:
        if (value := _from_environment(environment, f"RADLENS_{name.upper()}")) is not None:
            merged[name] = value
    merged |= given
    typed = {name: _typed(name, value, known[name]) for name, value in merged.items()}
    return Settings(home=home.expanduser().absolute(), **typed)


def _default_home() -> Path:
    return user_data_path("radlens", appauthor=False)


def _from_file(path: Path, known: Mapping[str, Any]) -> dict[str, object]:
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise BadSettings(f"{path.name} of this site cannot be read: {error}.") from error
    if unknown := entries.keys() - known.keys():
        raise BadSettings(
            f"{path.name} has an unknown entry: {', '.join(sorted(unknown))}.",
            hint=f"The entries are: {', '.join(known)}.",
        )
    return dict(entries)


def _from_environment(environment: Mapping[str, str], name: str) -> str | None:
    """A variable, or the content of the file that it names with ``_FILE`` behind: for secrets."""
    if (path := environment.get(f"{name}_FILE")) is None:
        return environment.get(name)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise BadSettings(f"The file that {name}_FILE names cannot be read: {error}.") from error


def _typed(name: str, value: object, kind: Any) -> Any:
    if kind is str:
        return str(value)
    try:
        number = int(str(value))
    except ValueError as error:
        raise BadSettings(f"{name} must be a whole number, not {value!r}.") from error
    least = 0 if name == "job_workers" else 1
    if number < least:
        raise BadSettings(f"{name} must be at least {least}, not {number}.")
    return number
