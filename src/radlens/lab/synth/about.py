"""What a generator's folder says of itself: ``generator.json``, and the card made from it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any

from radlens.domain.errors import Corrupted, DigestMismatch

ABOUT, CARD = "generator.json", "card.md"


def figures(curve: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """What a learning curve came to; ``validation`` where held-out images were looked at."""
    last = {name: row[name] for row in curve[-1:] for name in ("loss", "validation") if name in row}
    return last | {
        "images_seen": sum(row["images"] for row in curve),
        "minutes": round(sum(row["seconds"] for row in curve) / 60, 1),
    }


@dataclass(frozen=True)
class About:
    """Everything that a generator is, but for its weights.

    ``kind`` is the kind of generator, ``labels`` what may be asked of it, ``side`` its images' in
    pixels. ``files`` are its parts by the SHA-256 of their bytes, and ``shape`` is what the kind
    needs to open them. ``made`` says how it came to be, as plain JSON: record, dataset, recipe,
    code, images, figures. Of an adapted one, ``base`` is the digest of the generator that it was
    made from, ``disease`` what it learned and ``prompt`` how that was described.
    """

    kind: str
    name: str
    task: str
    labels: tuple[str, ...]
    side: int
    files: Mapping[str, str]
    shape: Mapping[str, Any]
    made: Mapping[str, Any]
    statement: str
    base: str = ""
    disease: str = ""
    prompt: str = ""
    simulated: bool = field(default=False)

    @property
    def content(self) -> bytes:
        """Canonical JSON of all of it."""
        return json.dumps(asdict(self), sort_keys=True, indent=1, allow_nan=False).encode()

    @property
    def digest(self) -> str:
        """The SHA-256 of the content, which holds those of all parts."""
        return sha256(self.content).hexdigest()

    @staticmethod
    def read(content: bytes) -> "About":
        """What ``content`` says; raises Corrupted where it is nothing of the kind."""
        try:
            entries = json.loads(content)
            return About(**entries | {"labels": tuple(entries["labels"])})
        except (ValueError, KeyError, TypeError) as error:
            raise Corrupted(f"{ABOUT} of a generator cannot be read: {error}.") from error

    def proven(self, name: str, content: bytes) -> bytes:
        """The bytes of a part, if they are what was written; raises DigestMismatch."""
        if sha256(content).hexdigest() != self.files.get(name):
            raise DigestMismatch(f"{name} of the generator {self.name} is not what was written.")
        return content
