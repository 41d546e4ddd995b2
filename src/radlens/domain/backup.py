"""What a backup says of itself, so that each byte of it can be checked before it is used."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from radlens.domain.errors import BadBackup

FORMAT = 1


@dataclass(frozen=True)
class Table:
    """The rows of one table as they pass; every value is text, a number or None."""

    name: str
    columns: tuple[str, ...]
    rows: Iterable[Sequence[Any]]


@dataclass(frozen=True)
class Snapshot:
    """A site's tables as of one moment, and the objects that they name by their SHA-256.

    ``datasets`` are those of the objects that name further ones: the images of a dataset.
    """

    schema: int
    tables: Sequence[Table]
    objects: Sequence[str]
    datasets: Sequence[str]


@dataclass(frozen=True)
class Part:
    """A file of the backup: its SHA-256, and how many rows it has where it is a table."""

    sha256: str
    rows: int | None = None


@dataclass(frozen=True)
class Contents:
    """The list of a backup's parts by name, in order, and of its objects by their SHA-256.

    ``missing`` are the objects that the site should have had and had not.
    """

    radlens: str
    schema: int
    time: datetime
    parts: Mapping[str, Part]
    objects: tuple[str, ...]
    missing: tuple[str, ...] = ()

    def to_json(self) -> bytes:
        entries = asdict(self) | {"format": FORMAT, "time": self.time.isoformat()}
        return json.dumps(entries, indent=1).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "Contents":
        """The contents as ``to_json`` wrote them; raises BadBackup."""
        try:
            entries = json.loads(text)
            if entries.pop("format") != FORMAT:
                raise BadBackup("The backup was made by another RadLens, whose format is unknown.")
            return cls(
                radlens=str(entries["radlens"]),
                schema=int(entries["schema"]),
                time=datetime.fromisoformat(entries["time"]),
                parts={name: Part(**part) for name, part in entries["parts"].items()},
                objects=tuple(entries["objects"]),
                missing=tuple(entries["missing"]),
            )
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise BadBackup("The list of the backup's parts cannot be read.") from error
