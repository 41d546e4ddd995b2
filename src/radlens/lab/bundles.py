"""A finished model -> its folder, whole or not at all, read back as serving will read it."""

import shutil
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from radlens.domain.bundle import CARD, MANIFEST, NETWORK
from radlens.domain.model import KNOWN, InputSpec, Manifest
from radlens.domain.task import Task
from radlens.engines.bundle import read_bundle
from radlens.engines.golden import golden_scan
from radlens.engines.runtime import OnnxEngine
from radlens.imaging.prepare import prepare
from radlens.lab.export import run


def golden_logits(network: bytes, spec: InputSpec) -> tuple[float, ...]:
    """The logits that this network gives for the golden scan."""
    logits = run(network, prepare(golden_scan(), spec)[None]).logits[0]
    return tuple(float(np.round(value, 6)) for value in logits)


def parts_of(network: bytes, card: str, known: bytes = b"") -> dict[str, bytes]:
    """The parts of a bundle besides its manifest; ``known`` cases only where there are any."""
    return {NETWORK: network, CARD: card.encode(), **({KNOWN: known} if known else {})}


def digests(parts: Mapping[str, bytes]) -> dict[str, str]:
    """``Manifest.files``: the SHA-256 of each part."""
    return {name: sha256(content).hexdigest() for name, content in parts.items()}


def write_bundle(folder: Path, manifest: Manifest, parts: Mapping[str, bytes], task: Task) -> Path:
    """Write a bundle beside ``folder``, let the serving engine try it, then move it into place."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix=".bundle-") as work:
        fresh, old = Path(work) / folder.name, Path(work) / "old"
        fresh.mkdir()
        for name, content in {**parts, MANIFEST: manifest.to_json()}.items():
            (fresh / name).write_bytes(content)
        OnnxEngine(read_bundle(fresh, task), workers=1, cache=Path(work) / "cache")
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    return folder
