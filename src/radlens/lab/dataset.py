"""Manifest and files -> training cases, through the one preprocessing of serving."""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from radlens.domain.errors import BadDataset, BadInput
from radlens.domain.model import InputSpec
from radlens.domain.task import Mode, Task
from radlens.imaging.decode import decode
from radlens.imaging.prepare import grey, stretch
from radlens.lab.duplicates import fingerprint

Row = Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Cases:
    """Images of one split, as the network will see them before mean and scale.

    ``grey`` (n, rows, cols) float16 in [0, 1]; ``truth`` (n, labels), NaN where unknown, one-hot
    for multi-class tasks; ``patients`` holds "" where nobody knows; ``prints`` are fingerprints
    of near-duplicates, (n, 256); ``unit`` (n,) numbers what was drawn independently: the patient,
    or the near-duplicate group, filled by ``splits.arrange``.
    """

    files: tuple[str, ...]
    patients: tuple[str, ...]
    sources: tuple[tuple[str, str], ...]
    grey: NDArray[np.float16]
    truth: NDArray[np.float32]
    prints: NDArray[np.bool_]
    unit: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.files)

    def take(self, which: NDArray[np.int64]) -> "Cases":
        """The cases at these positions, in this order."""

        def of(values: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(values[i] for i in which)

        return Cases(
            of(self.files),
            of(self.patients),
            tuple(self.sources[i] for i in which),
            self.grey[which],
            self.truth[which],
            self.prints[which],
            self.unit[which],
        )


@dataclass(frozen=True, eq=False)
class Manifested:
    """What a folder holds: cases by split, and the SHA-256 of the manifest and every file used."""

    splits: Mapping[str, Cases]
    digest: str


def read_manifest(
    folder: Path,
    *,
    task: Task,
    spec: InputSpec,
    splits: tuple[str, ...],
    seen: Callable[[], None] | None = None,
) -> Manifested:
    """Decode the cases of the named splits; raises BadDataset before training on half of them.

    ``seen`` is called once an image, for a progress bar.
    """
    try:
        raw = (folder / "manifest.csv").read_bytes()
        rows = list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadDataset(f"{folder.name}/manifest.csv cannot be read.") from error
    _check_columns(rows, task)
    rows = [row for row in rows if row["split"] in splits]
    truths = [_truth(row, task) for row in rows]
    # A multi-class case of unknown class says nothing at all; a multi-label one is masked.
    rows = [row for row, truth in zip(rows, truths, strict=True) if not np.isnan(truth).all()]
    digest = sha256(raw)
    found: dict[str, list[Row]] = {name: [] for name in splits}
    for row in rows:
        found[row["split"]].append(row)
    _check_files(folder, rows)
    _check_patients(rows)
    cases = {
        name: _cases(folder, of_split, task=task, spec=spec, digest=digest.update, seen=seen)
        for name, of_split in found.items()
        if of_split
    }
    return Manifested(cases, digest.hexdigest())


def _check_columns(rows: list[dict[str, str]], task: Task) -> None:
    if not rows:
        raise BadDataset("The manifest has no rows.")
    labels = ("label",) if task.mode is Mode.MULTI_CLASS else task.names
    for column in ("file", "split", *labels):
        if column not in rows[0]:
            raise BadDataset(f"The manifest has no column {column!r}.")
    files = [row["file"] for row in rows]
    if len(set(files)) < len(files):
        twice = next(name for name in files if files.count(name) > 1)
        raise BadDataset(f"The manifest names {twice} twice.")


def _truth(row: Row, task: Task) -> NDArray[np.float32]:
    """What is known of one case, shape (labels,): 1, 0, or NaN for unknown."""
    if task.mode is Mode.MULTI_CLASS:
        name = row["label"]
        if name and name not in task.names:
            raise BadDataset(f"{row['file']} has the label {name!r}, which the card does not know.")
        known = [float(label == name) if name else np.nan for label in task.names]
        return np.array(known, np.float32)
    meaning = {"": np.nan, "0": 0.0, "1": 1.0, "0.0": 0.0, "1.0": 1.0}
    for label in task.names:
        if row[label] not in meaning:
            raise BadDataset(
                f"{row['file']} has {row[label]!r} for {label}: 0, 1 or empty is read."
            )
    return np.array([meaning[row[label]] for label in task.names], np.float32)


def _check_files(folder: Path, rows: list[dict[str, str]]) -> None:
    missing = [row["file"] for row in rows if not (folder / row["file"]).is_file()]
    if missing:
        raise BadDataset(f"{len(missing)} files of the manifest are missing, first {missing[0]}.")


def _check_patients(rows: list[dict[str, str]]) -> None:
    """One patient on both sides would make every figure a memory test."""
    home: dict[str, str] = {}
    for row in rows:
        patient = row.get("patient_id") or ""
        if patient and home.setdefault(patient, row["split"]) != row["split"]:
            raise BadDataset(
                f"The patient {patient} is in two splits, {home[patient]} and {row['split']}.",
                hint="Put all images of a patient into one split.",
            )


def _cases(
    folder: Path,
    rows: list[Row],
    *,
    task: Task,
    spec: InputSpec,
    digest: Callable[[bytes], None],
    seen: Callable[[], None] | None,
) -> Cases:
    pixels = np.empty((len(rows), spec.rows, spec.cols), np.float16)
    prints = []
    for index, row in enumerate(rows):
        upload = (folder / row["file"]).read_bytes()
        digest(sha256(upload).digest())
        try:
            scan = decode(upload)
            values = grey(scan, spec.rows, spec.cols)
            pixels[index] = stretch(values, spec.contrast) if spec.contrast else values
        except BadInput as error:
            raise BadDataset(f"{row['file']}: {error.message}") from error
        prints.append(fingerprint(scan))
        if seen:
            seen()
    return Cases(
        files=tuple(row["file"] for row in rows),
        patients=tuple(row.get("patient_id") or "" for row in rows),
        sources=tuple((row.get("source") or "", row.get("licence") or "") for row in rows),
        grey=pixels,
        truth=np.stack([_truth(row, task) for row in rows]),
        prints=np.stack(prints),
        unit=np.arange(len(rows)),
    )
