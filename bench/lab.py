"""``make bench-lab DATA=FOLDER``: the lab's figures, one line each, ``name value goal ok|short``.

FOLDER holds ``chest-xray/`` and ``brain-tumor/`` with their manifests; without it only the figures
that need no real images are measured. ``python -m bench.lab FOLDER NAME ...`` measures those lines
alone (FOLDER may be ""); a line that cannot be measured says ``failed``, and the others follow.
"""

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from bench import lab_data, lab_gate, lab_training, lab_uncertainty
from bench.figure import Figure, show
from bench.lab_evaluate import evaluation_ratio
from radlens.bootstrap import GALLERY, PACKAGE, open_site
from radlens.engines.bundle import read_bundle
from radlens.engines.runtime import OnnxEngine
from radlens.lab.dataset import find_dataset
from radlens.lab.splitting import Plan, split
from radlens.lab.subject import answered, images_of, logits_of
from radlens.settings import Settings
from radlens.storage.card_files import read_tasks

TASKS = read_tasks(PACKAGE / "tasks")
REAL = ("chest-xray", "brain-tumor")
# The kinds of images that ``lab_gate.kinds`` gives.
KINDS = ("test", "other task", "any DICOM", "photographs", "pages of text", "drawn shapes", "noise")


def anywhere(home: Path) -> Iterator[Figure]:
    """What any machine can measure."""
    yield Figure("training/plain-loop", ">=0.95", lab_training.training_ratio)
    yield Figure("evaluation-1000/forward", "<=3", lambda: evaluation_ratio(home))


def of_scans(data: Path) -> Iterator[Figure]:
    """What the scan finds and costs."""
    yield Figure("scan-2000-seconds", "<=60", lambda: lab_data.scan_seconds(data))
    yield Figure("scan-memory-2000/500", "<=1.1", lambda: lab_data.memory_ratio(data))
    for name in REAL:
        yield Figure(
            f"{name}-leaks-found", ">=0.99", lambda name=name: lab_data.leaks_found(data, name)
        )
        yield Figure(
            f"{name}-false-alarms",
            "<=0.005",
            lambda name=name: lab_data.falsely_accused(data, name),
        )


def of_models(data: Path, name: str, home: Path) -> Iterator[Figure]:
    """What the shipped model's gate and sets do on the real images; nothing before it is asked."""
    [other] = [task for task in REAL if task != name]
    engine = cache(
        lambda: OnnxEngine(read_bundle(GALLERY / name, TASKS[name]), workers=1, cache=home / name)
    )
    kinds = cache(lambda: lab_gate.kinds(data / name, data / other, data / "dicom"))

    def refused(kind: str) -> float:
        [share] = lab_gate.shares(engine(), TASKS[name], {kind: kinds()[kind]})
        return share.refused / share.images

    for kind in KINDS:
        goal = lab_gate.GOALS.get(kind, ">=0.99")
        label = f"{name}-gate/{kind}".replace(" ", "-")
        yield Figure(label, goal, lambda kind=kind: refused(kind))
    covered = cache(lambda: _covered(engine(), data, name, home))
    for figure in lab_uncertainty.figures(covered, TASKS[name].mode):
        yield Figure(f"{name}-{figure.name}", figure.goal, figure.measure)


def _covered(engine: OnnxEngine, data: Path, name: str, home: Path) -> lab_uncertainty.Said:
    """What the model says of the images that it was not fitted to."""
    with open_site(Settings(home=home, gallery="gallery")) as site:
        whole = find_dataset(site, str(data / name), task=TASKS[name])
        if "val" not in whole.splits:
            plan = Plan(validation=0.15, test=0.15, seed=1, keep=("test",))
            whole = split(site.blobs, whole, plan, name=f"{name}-split")
        images = [image for part in ("val", "test") for image in images_of(whole, part)]
        [logits] = logits_of([engine], site.blobs, images)
    answers = answered(engine, logits, images, TASKS[name])
    return lab_uncertainty.Said(logits, answers.truth, answers.unit)


def main(data: Path | None, only: list[str]) -> int:
    """Print every figure, or only those whose names are given; how many could not be measured."""
    torch.set_num_threads(1)
    np.seterr(all="raise", under="ignore")
    with TemporaryDirectory() as scratch:
        failed = show(anywhere(Path(scratch)), only)
        if data is None:
            print("The other figures need real images: make bench-lab DATA=FOLDER")
            return failed
        failed += show(of_scans(data), only)
        for name in REAL:
            failed += show(of_models(data, name, Path(scratch)), only)
    return failed


if __name__ == "__main__":
    folder, *names = sys.argv[1:] or [""]
    sys.exit(main(Path(folder) if folder else None, names) > 0)
