"""A dataset in words: what it holds, where it is from, how it was made, what its scan found."""

from collections.abc import Mapping
from typing import Any

from radlens.domain.dataset import Dataset
from radlens.domain.dataset_history import how_made
from radlens.domain.dataset_profile import profile
from radlens.lab.markdown import table
from radlens.usecases.datasets import counts

FOUND = {
    "broken": "images that cannot be read",
    "blank": "blank images",
    "borders": "images with a burnt-in frame",
    "writing": "images with burnt-in writing",
    "exact": "pairs of identical images",
    "near": "pairs of near-duplicates",
    "across": "pairs that leak from one split into another",
    "conflicts": "pairs of one picture with different labels",
    "doubtful_labels": "images that are like another class than their own",
}


def data_card(dataset: Dataset, scanned: Mapping[str, Any] | None) -> str:
    """Markdown; ``scanned`` is the body of its last scan, if there was one."""
    found = profile(dataset)
    parts = [
        f"# {dataset.name}\n\nDataset `{dataset.id}` for {dataset.task}.",
        *([] if not dataset.simulated else ["**Simulated: no image is of a patient.**"]),
        f"## Images\n\n{_counts(dataset)}",
        f"## Sources\n\n{_sources(found)}",
        f"## Subgroups\n\n{_subgroups(found)}",
        f"## How it was made\n\n{_history(dataset)}",
        f"## Scan\n\n{_scan(scanned)}",
    ]
    return "\n\n".join(parts) + "\n"


def said(scanned: Mapping[str, Any]) -> str:
    """What a scan found, one line each."""
    lines = [f"{len(scanned[name])} {what}" for name, what in FOUND.items() if name in scanned]
    shortcut = scanned["shortcuts"]
    lines.append(f"the source told from thumbnails: {_auroc(shortcut['source'])}")
    for name, what in (("label_from_source", "source"), ("label_from_edges", "image's edges")):
        told = {label: value for label, value in shortcut[name].items() if value is not None}
        if told:
            label, value = max(told.items(), key=lambda entry: entry[1])
            lines.append(f"the label best told from the {what} alone: {label}, {_auroc(value)}")
    few = sum(map(len, scanned["imbalance"].values()))
    lines.append(f"{few} labels that are few or rare in a split")
    return "\n".join(f"- {line}" for line in lines)


def _auroc(value: float | None) -> str:
    return "not measurable" if value is None else f"AUROC {value:.3f}"


def _scan(scanned: Mapping[str, Any] | None) -> str:
    if scanned is None:
        return "It was not scanned yet."
    parts = [said(scanned)]
    for name in ("broken", "across", "conflicts"):
        if scanned[name]:
            entries = scanned[name].items() if name == "broken" else scanned[name]
            head = ("image", "why") if name == "broken" else ("image", "and")
            parts.append(f"{FOUND[name].capitalize()}:\n\n{table(head, entries)}")
    return "\n\n".join(parts)


def _counts(dataset: Dataset) -> str:
    each = {split or "not split": counts(dataset, split) for split in dataset.splits}
    rows: list[tuple[object, ...]] = [
        ("images", *(entry["images"] for entry in each.values())),
        ("patients or groups", *(entry["units"] for entry in each.values())),
    ]
    for name in dataset.labels:
        labels = [entry["labels"][name] for entry in each.values()]
        rows.append((f"{name}: positive", *(label["positive"] for label in labels)))
        if any(label["unknown"] for label in labels):
            rows.append((f"{name}: unknown", *(label["unknown"] for label in labels)))
    known = "known of every image" if dataset.patients_known else "not known of every image"
    return f"{table(('', *each), rows)}\n\nThe patient is {known}."


def _sources(found: Mapping[str, Any]) -> str:
    return table(("source", "licence", "images"), found["sources"])


def _subgroups(found: Mapping[str, Any]) -> str:
    rows = []
    for name, values in found["values"].items():
        rows.append((name, ", ".join(f"{value}: {n}" for value, n in values.items())))
    drawn = ", ".join(f"{how}: {n}" for how, n in found["synthetic"].items())
    rows.append(("synthetic", drawn or "none"))
    middle = f"median {found['median_age']:g}, " if found["known"]["age"] else ""
    rows.append(("age in years", f"{middle}known of {found['known']['age']}"))
    return table(("", "images"), rows)


def _history(dataset: Dataset) -> str:
    lines = [how_made(dataset.history)]
    if dataset.parents:
        lines.append(f"Made from: `{', '.join(dataset.parents)}`.")
    if dropped := [d for d in dataset.history.get("dropped", ()) if isinstance(d, Mapping)]:
        rows = [(d["file"], d["digest"][:12], d["split"], d["repeats"], d["in"]) for d in dropped]
        lines.append(table(("dropped", "digest", "was in", "repeats", "of"), rows))
    return "\n\n".join(lines)
