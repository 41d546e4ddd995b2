"""A folder -> the rows of a dataset: from its manifest.csv, or from one folder a class."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from math import nan
from pathlib import Path

from radlens.domain.dataset import HELD_OUT, TEST, TRAIN, VAL
from radlens.domain.errors import BadDataset
from radlens.domain.task import Mode, Task

MANIFEST = "manifest.csv"
# What may be kept about an image; any other column could name a person and is left behind.
ABOUT = ("sex", "age", "view", "source", "licence", "modality", "synthetic", "provenance")
READ = ("file", "slice", "axis", "split", "patient_id", "label", "mask")
NOT_SYNTHETIC = ("", "0", "0.0", "false", "no")
# Ages above are pooled, as they single people out (45 CFR 164.514(b)(2)(i)(C)).
OLDEST = 90


@dataclass(frozen=True)
class Row:
    """One image as the folder tells of it; ``patient`` is the original name, not to be kept.

    ``slice`` counts from 0 along ``axis`` of a volume; None is the middle one.
    """

    path: Path
    file: str
    split: str
    patient: str
    truth: tuple[float | None, ...]
    about: Mapping[str, str]
    slice: int | None = None
    axis: str = "axial"
    mask: Path | None = None


@dataclass(frozen=True)
class Listing:
    """What a folder lists, and the names of the columns that nobody reads."""

    rows: tuple[Row, ...]
    ignored: tuple[str, ...] = ()


def holds_dataset(folder: Path, task: Task) -> bool:
    """Whether a folder looks like one to import: a manifest, or folders of classes or splits."""
    return (folder / MANIFEST).is_file() or any(
        (folder / name).is_dir() for name in (*task.names, TRAIN, VAL, TEST)
    )


def list_folder(folder: Path, task: Task) -> Listing:
    """Every image of a folder, checked before one is opened; raises BadDataset."""
    if not folder.is_dir():
        raise BadDataset(
            f"There is no folder {folder.name!r}.", hint="Name a folder with manifest.csv."
        )
    manifest = (folder / MANIFEST).is_file()
    found = _from_csv(folder, task) if manifest else Listing(_from_folders(folder, task))
    _check_rows(found.rows, task)
    return found


def _from_csv(folder: Path, task: Task) -> Listing:
    try:
        text = (folder / MANIFEST).read_bytes().decode("utf-8-sig")
        reader = csv.DictReader(text.splitlines(), restval="")
        entries, columns = list(reader), tuple(reader.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadDataset(f"{folder.name}/{MANIFEST} cannot be read.") from error
    labels = ("label",) if task.mode is Mode.MULTI_CLASS else task.names
    for column in ("file", *labels):
        if column not in columns:
            raise BadDataset(f"The manifest has no column {column!r}.")
    for number, entry in enumerate(entries, 2):
        if None in entry:
            raise BadDataset(f"Line {number} of the manifest has more fields than its first line.")
        if not entry["file"]:
            raise BadDataset(f"Line {number} of the manifest names no file.")
    rows = tuple(_row(folder, entry, task) for entry in entries)
    return Listing(rows, tuple(c for c in columns if c not in {*READ, *ABOUT, *labels}))


def _row(folder: Path, entry: Mapping[str, str], task: Task) -> Row:
    number = entry.get("slice", "")
    if number and not number.isdecimal():
        raise BadDataset(f"{entry['file']} has the slice {number!r}; slices count from 0.")
    return Row(
        path=folder / entry["file"],
        file=entry["file"],
        split=entry.get("split", "").strip(),
        patient=entry.get("patient_id", "").strip(),
        truth=_truth(entry, task),
        about=_about(entry),
        slice=int(number) if number else None,
        axis=entry.get("axis") or "axial",
        mask=folder / entry["mask"] if entry.get("mask") else None,
    )


def _about(entry: Mapping[str, str]) -> dict[str, str]:
    known = {name: entry.get(name, "").strip() for name in ABOUT}
    if known["synthetic"].lower() in NOT_SYNTHETIC:
        known["synthetic"] = ""
    if known["age"]:
        known["age"] = _age(known["age"], entry["file"])
    return {name: value for name, value in known.items() if value}


def _age(years: str, file: str) -> str:
    try:
        age = float(years)
    except ValueError:
        age = nan
    if not age >= 0:
        raise BadDataset(f"{file} has the age {years!r}: years are read.")
    return f"{min(age, OLDEST):g}"


def _truth(entry: Mapping[str, str], task: Task) -> tuple[float | None, ...]:
    """What is known of one case in the card's order: 1, 0, or None for unknown."""
    if task.mode is Mode.MULTI_CLASS:
        return _one_hot(entry["file"], entry["label"].strip(), task)
    meaning = {"": None, "0": 0.0, "1": 1.0, "0.0": 0.0, "1.0": 1.0}
    for label in task.names:
        if entry[label].strip() not in meaning:
            raise BadDataset(
                f"{entry['file']} has {entry[label]!r} for {label}: 0, 1 or empty is read."
            )
    return tuple(meaning[entry[label].strip()] for label in task.names)


def _one_hot(file: str, name: str, task: Task) -> tuple[float | None, ...]:
    if name and name not in task.names:
        raise BadDataset(
            f"{file} has the label {name!r}, which the card does not know.",
            hint=f"The labels of {task.name} are {', '.join(task.names)}.",
        )
    return tuple(float(label == name) if name else None for label in task.names)


def _from_folders(folder: Path, task: Task) -> tuple[Row, ...]:
    """FOLDER/label/image, or FOLDER/train|val|test/label/image."""
    if task.mode is Mode.MULTI_LABEL:
        raise BadDataset(
            f"{folder.name} has no {MANIFEST}, which a task of several findings needs.",
            hint="A folder for each class can only say one thing of an image.",
        )
    tops = _folders(folder)
    split = bool(tops) and {top.name for top in tops} <= {TRAIN, VAL, TEST}
    parts = [(top.name, each) for top in tops for each in _folders(top)] if split else []
    return tuple(
        Row(path, path.relative_to(folder).as_posix(), name, "", truth, {})
        for name, each in parts or [("", top) for top in tops]
        for truth in [_one_hot(each.relative_to(folder).as_posix(), each.name, task)]
        for path in sorted(p for p in each.rglob("*") if p.is_file() and p.name[0] != ".")
    )


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")


def _check_rows(rows: tuple[Row, ...], task: Task) -> None:
    if not rows:
        raise BadDataset("The manifest has no rows, or the folder has no images.")
    places = [(row.file, row.slice, row.axis) for row in rows]
    if len(set(places)) < len(places):
        twice = next(place[0] for place in places if places.count(place) > 1)
        raise BadDataset(f"The manifest names {twice} twice.")
    paths = [path for row in rows for path in (row.path, row.mask) if path]
    missing = [path.name for path in dict.fromkeys(paths) if not path.is_file()]
    if missing:
        raise BadDataset(f"{len(missing)} files of the manifest are missing, first {missing[0]}.")
    _check_truth(rows, task)
    _check_patients(rows)


def _check_truth(rows: tuple[Row, ...], task: Task) -> None:
    if all(value is None for row in rows for value in row.truth):
        raise BadDataset("Every label of the manifest is unknown.")
    columns = [{row.truth[i] for row in rows} - {None} for i in range(len(task.labels))]
    both = sum(column == {0.0, 1.0} for column in columns)
    if both < (2 if task.mode is Mode.MULTI_CLASS else 1):
        raise BadDataset("The manifest has fewer than two classes.")


def _check_patients(rows: tuple[Row, ...]) -> None:
    """One patient on both sides would make every figure a memory test."""
    homes: dict[str, set[str]] = {}
    for row in rows:
        if row.patient:
            homes.setdefault(row.patient, set()).add(row.split)
    torn = [name for name, splits in homes.items() if len(splits) > 1 and splits & {*HELD_OUT}]
    if torn:
        places = " and ".join(repr(split) for split in sorted(homes[torn[0]]))
        raise BadDataset(
            f"{len(torn)} patients are in two splits, first {torn[0]} in {places}.",
            hint="Put all images of a patient into one split, or leave the column split empty "
            "and run `radlens data split` after the import.",
        )
