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
from radlens.lab.splits import Dataset

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


def facts(dataset: Dataset, task: Task) -> dict[str, Any]:
    """Counts of the dataset, from the dataset."""
    splits = {"train": dataset.train, "val": dataset.val, "test": dataset.test}
    sources = Counter(pair for cases in splits.values() for pair in cases.sources)
    return {
        "sha256": dataset.digest,
        "splits": {name: _counts(cases, task) for name, cases in splits.items()},
        "sources": [
            {"source": source, "licence": licence, "images": n}
            for (source, licence), n in sorted(sources.items())
        ],
        "findings": dict(dataset.findings),
    }


def _counts(cases: Cases, task: Task) -> dict[str, Any]:
    return {
        "images": len(cases),
        "units": len(np.unique(cases.unit)),
        "positive": dict(zip(task.names, (cases.truth == 1).sum(0).tolist(), strict=True)),
        "unknown": int(np.isnan(cases.truth).sum()),
    }
