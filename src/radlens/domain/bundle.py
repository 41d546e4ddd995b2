"""A model bundle: manifest.json, model.onnx, card.md, perhaps known cases, and nothing else."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from hashlib import sha256

from radlens.domain.errors import BadBundle
from radlens.domain.explanation import map_warning
from radlens.domain.known import KnownCases
from radlens.domain.model import KNOWN, Manifest, ModelRef
from radlens.domain.task import Task

MANIFEST, NETWORK, CARD = "manifest.json", "model.onnx", "card.md"
PARTS = frozenset({MANIFEST, NETWORK, CARD})
OPTIONAL = frozenset({KNOWN})
MOST_BYTES = 2**30


@dataclass(frozen=True)
class Bundle:
    """A bundle whose every part is what its manifest says; ``digests`` holds their SHA-256.

    ``known`` is None where it remembers no training images.
    """

    manifest: Manifest
    parts: Mapping[str, bytes] = field(repr=False)
    digests: Mapping[str, str]
    known: KnownCases | None = None

    @property
    def digest(self) -> str:
        """The SHA-256 of the manifest, and so of the whole bundle."""
        return self.digests[MANIFEST]

    @property
    def network(self) -> bytes:
        return self.parts[NETWORK]

    @property
    def card(self) -> str:
        return self.parts[CARD].decode()

    @property
    def ref(self) -> ModelRef:
        manifest = self.manifest
        return ModelRef(
            manifest.task,
            manifest.version,
            self.digest,
            manifest.statement,
            map_warning(manifest.metrics),
        )


def bundle_of(
    parts: Mapping[str, bytes], task: Task, *, digests: Mapping[str, str] | None = None
) -> Bundle:
    """The bundle of these parts for a task; raises BadBundle before the network is opened.

    ``digests`` are the parts' SHA-256 where whoever read them has checked them already.
    """
    if wrong := wrong_parts(parts.keys()):
        raise BadBundle(f"The bundle has missing or foreign parts: {wrong}.")
    found = digests or {name: sha256(content).hexdigest() for name, content in parts.items()}
    manifest = Manifest.from_json(parts[MANIFEST])
    for name in (manifest.files.keys() | parts.keys()) - {MANIFEST}:
        if manifest.files.get(name) != found.get(name):
            raise BadBundle(f"{name} of the bundle is not what its manifest says.")
    manifest.must_match(task)
    try:
        parts[CARD].decode()
    except UnicodeDecodeError as error:
        raise BadBundle("card.md of the bundle is not a text.") from error
    known = None
    if KNOWN in parts:
        measured = manifest.metrics.get("known_cases")
        known = KnownCases.of(parts[KNOWN], manifest.labels, measured)
    return Bundle(manifest, dict(parts), dict(found), known)


def wrong_parts(names: Set[str]) -> str:
    """The names of parts that a bundle lacks or must not have; "" where it is whole."""
    return ", ".join(sorted((PARTS - names) | (names - PARTS - OPTIONAL)))
