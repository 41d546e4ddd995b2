"""A model bundle on disk: a folder of manifest.json, model.onnx and card.md, and nothing else."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from radlens.domain.errors import BadBundle
from radlens.domain.explanation import map_warning
from radlens.domain.model import Manifest, ModelRef
from radlens.domain.task import Task

PARTS = {"manifest.json", "model.onnx", "card.md"}
MOST_BYTES = 2**30


@dataclass(frozen=True)
class Bundle:
    """A bundle whose every digest was verified when it was read."""

    manifest: Manifest
    digest: str
    network: bytes
    card: str

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


def read_bundle(folder: Path, task: Task) -> Bundle:
    """Read a bundle for a task; raises BadBundle before anything of it has been opened."""
    try:
        present = {path.name for path in folder.iterdir()}
        if present != PARTS:
            wrong = ", ".join(sorted(present ^ PARTS))
            raise BadBundle(f"The bundle {folder.name} has missing or foreign parts: {wrong}.")
        if sum(path.stat().st_size for path in folder.iterdir()) > MOST_BYTES:
            raise BadBundle(f"The bundle {folder.name} is larger than {MOST_BYTES:,} bytes.")
        parts = {name: (folder / name).read_bytes() for name in PARTS}
    except OSError as error:
        raise BadBundle(f"The bundle {folder.name} cannot be read.") from error
    manifest = Manifest.from_json(parts["manifest.json"])
    for name in PARTS - {"manifest.json"}:
        if manifest.files.get(name) != sha256(parts[name]).hexdigest():
            raise BadBundle(f"{name} of the bundle {folder.name} is not what its manifest says.")
    manifest.must_match(task)
    digest = sha256(parts["manifest.json"]).hexdigest()
    return Bundle(manifest, digest, parts["model.onnx"], parts["card.md"].decode())
