"""What does a bundle's gate hold back? ``python -m bench.lab_gate BUNDLE OWN OTHER [DICOM]``.

OWN and OTHER are data folders with a ``manifest.csv``, of the task of the bundle and of another;
their test splits are read. DICOM is a folder of any files, whose headers are left out.
"""

import csv
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figure import Figure, show
from radlens.bootstrap import PACKAGE
from radlens.domain.gate import Share, Verdict
from radlens.domain.model import Manifest
from radlens.domain.scan import Scan
from radlens.domain.task import Task
from radlens.engines.bundle import read_bundle
from radlens.engines.runtime import OnnxEngine
from radlens.imaging.checks import check
from radlens.imaging.decode import decode
from radlens.imaging.prepare import prepare
from radlens.lab.strangers import strangers
from radlens.model_ports import Engine
from radlens.storage.card_files import read_tasks
from radlens.usecases.read import gated


def shares(engine: Engine, task: Task, kinds: Mapping[str, Iterable[Scan]]) -> list[Share]:
    """What became of each kind of image, by the plain checks and the network as serving asks."""
    return [_share(engine, task, kind, scans) for kind, scans in kinds.items()]


def _share(engine: Engine, task: Task, kind: str, scans: Iterable[Scan]) -> Share:
    found = [verdict(engine, task, scan) for scan in scans]
    return Share(kind, len(found), found.count(Verdict.DOUBTFUL), found.count(Verdict.REFUSED))


def verdict(engine: Engine, task: Task, scan: Scan) -> Verdict:
    """The verdict alone, with no findings."""
    forward = engine.forward(prepare(scan, engine.manifest.input)[None])
    found = gated(check(scan, task), engine.manifest.gate, forward)
    return found.verdict if found else Verdict.ASSESSABLE


def figures(found: list[Share]) -> list[Figure]:
    """The share refused of each kind beside its goal."""
    return [
        Figure(
            f"gate/{share.kind}".replace(" ", "-"),
            GOALS.get(share.kind, ">=0.99"),
            lambda share=share: share.refused / share.images,
        )
        for share in found
    ]


GOALS = {"test": "<=0.02", "other task": ">=0.95", "any DICOM": ">=0"}


def kinds(own: Path, other: Path, dicom: Path | None) -> dict[str, Iterable[Scan]]:
    """The images of a site's data folders, and those that any machine can make."""
    found: dict[str, Iterable[Scan]] = {"test": _test(own), "other task": _test(other)}
    if dicom:
        files = sorted(dicom.glob("*.dcm"))
        scans = (decode(file.read_bytes()) for file in files)
        found["any DICOM"] = (replace(scan, modality=None, body_part=None) for scan in scans)
    return {**found, **strangers()}


def _test(folder: Path) -> Iterable[Scan]:
    with (folder / "manifest.csv").open(newline="") as stream:
        names = [row["file"] for row in csv.DictReader(stream) if row["split"] == "test"]
    return (decode((folder / name).read_bytes()) for name in names)


def main(bundle: Path, own: Path, other: Path, dicom: Path | None = None) -> None:
    """Print the figures of a bundle."""
    name = Manifest.from_json((bundle / "manifest.json").read_bytes()).task
    task = read_tasks(PACKAGE / "tasks")[name]
    with TemporaryDirectory() as cache:
        engine = OnnxEngine(read_bundle(bundle, task), workers=1, cache=Path(cache))
        show(figures(shares(engine, task, kinds(own, other, dicom))), [])


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
