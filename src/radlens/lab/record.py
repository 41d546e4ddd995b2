"""What is written down of a run: enough to repeat it, and all that its card may say."""

import platform
from collections import Counter
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from torch import Tensor

import radlens
from radlens.domain.task import Task
from radlens.lab.dataset import Cases
from radlens.lab.splits import Splits

# What decides the numbers of a run; shells and pages do not.
DECIDING = ("domain", "imaging", "lab")


def environment() -> dict[str, str]:
    """Versions of what computed; the machine's name and paths stay out."""
    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "onnxruntime": onnxruntime.__version__,
        "machine": platform.machine(),
        "threads": str(torch.get_num_threads()),
    }


def code() -> dict[str, str]:
    """Version, and one SHA-256 over the sources that decide the numbers."""
    root = Path(radlens.__file__).parent
    digest = sha256()
    for folder in DECIDING:
        for path in sorted((root / folder).rglob("*.py")):
            digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
            digest.update(sha256(path.read_bytes()).digest())
    return {"version": version("radlens"), "sources": digest.hexdigest()}


def weights_digest(weights: dict[str, Tensor]) -> str:
    """SHA-256 over names, shapes and values, in the order of the names."""
    digest = sha256()
    for name in sorted(weights):
        value = weights[name].detach().contiguous().numpy()
        digest.update(f"{name} {value.dtype} {value.shape}\0".encode())
        digest.update(value.tobytes())
    return digest.hexdigest()


def facts(splits: Splits, task: Task) -> dict[str, Any]:
    """Counts of the dataset, from the dataset, and how it came to be."""
    dataset, parts = splits.dataset, _parts(splits)
    sources = Counter(
        (about.get("source", ""), about.get("licence", ""))
        for cases in parts.values()
        for about in cases.about
    )
    return {
        "sha256": dataset.id,
        "name": dataset.name,
        "parents": list(dataset.parents),
        "splits": {name: _counts(cases, task) for name, cases in parts.items()},
        "sources": [
            {"source": source, "licence": licence, "images": n}
            for (source, licence), n in sorted(sources.items())
        ],
        "patients_known": dataset.patients_known,
        "simulated": dataset.simulated,
        "synthetic": sum(image.synthetic for image in dataset.images),
        "history": dict(dataset.history),
    }


def _parts(splits: Splits) -> dict[str, Cases]:
    return {"train": splits.train, "val": splits.val, "test": splits.test}


def _counts(cases: Cases, task: Task) -> dict[str, Any]:
    return {
        "images": len(cases),
        "units": len(np.unique(cases.unit)),
        "positive": dict(zip(task.names, (cases.truth == 1).sum(0).tolist(), strict=True)),
        "unknown": int(np.isnan(cases.truth).sum()),
    }
