"""Which model of the gallery is live, and why: a comparison on record -> ``docs/studies/gallery``.

``python -m radlens.lab.gallery_study FOLDER TASK COMPARISON BUNDLE ...`` keeps what ``radlens
evaluate --against`` and the compared bundles' manifests say of a task as ``FOLDER/TASK.json``,
and makes ``FOLDER/report.md`` of all such files there.
"""

import json
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from radlens.domain.model import Manifest
from radlens.lab.markdown import said, table
from radlens.reports.comparison import shown_p

NAMES = {"accuracy": "accuracy", "mean_auroc": "mean AUROC"}
Entry = Mapping[str, Any]


def entry_of(comparison: Entry, trained: Sequence[Manifest]) -> dict[str, Any]:
    """What is kept of a task: the comparison as it is on record, and how both were trained."""
    return {"comparison": dict(comparison), "runs": [_brief(manifest) for manifest in trained]}


def live(entry: Entry) -> str:
    """The version that is live: the better one by the paired interval, else on validation."""
    comparison = entry["comparison"]
    first, second = (comparison[side]["model"] for side in ("first", "second"))
    apart = comparison["whole"][deciding(entry)]["difference"]
    if told_apart(apart):
        return str(first if apart["low"] > 0 else second)
    scores = {run["version"]: run["validation"] for run in entry["runs"]}
    return str(max((first, second), key=lambda version: scores[version]))


def deciding(entry: Entry) -> str:
    """The figure that decides: accuracy where one class is the answer, else the mean AUROC."""
    accuracy = entry["comparison"]["whole"]["accuracy"]
    return "accuracy" if accuracy and accuracy["test"] else "mean_auroc"


def told_apart(difference: Mapping[str, float]) -> bool:
    """Whether the whole interval of a difference is on one side of zero."""
    return difference["low"] > 0 or difference["high"] < 0


def report(entries: Mapping[str, Entry]) -> str:
    """The report of every task's entry, in the order of their names."""
    parts = [
        "# The gallery's models, side by side",
        "For each task two networks were trained, each by a recipe that was chosen on validation "
        "alone, and both were asked about the same test cases. Where the whole 95 % interval of "
        "their difference is on one side of zero, the better one is live; where it is not, the "
        "test cannot tell them apart, and the one with the better validation score is live. The "
        "other one ships as a candidate.",
        *(part for task in sorted(entries) for part in _task(task, entries[task])),
    ]
    return "\n\n".join(parts) + "\n"


def _task(task: str, entry: Entry) -> list[str]:
    comparison, name = entry["comparison"], deciding(entry)
    first, second = (comparison[side]["model"] for side in ("first", "second"))
    found = comparison["whole"][name]
    p = f", p {shown_p(found['p'])} ({found['test']})" if found["p"] is not None else ""
    apart = told_apart(found["difference"])
    why = "By the paired test" if apart else "The test cannot tell them apart; on validation"
    rows = [
        (NAMES.get(key, key.replace("_", " ")), *(said(each[side]) for side in SIDES))
        for key, each in comparison["whole"].items()
        if each
    ]
    return [
        f"## {task}",
        f"On {comparison['images']} test images of {comparison['units']} "
        f"{comparison['first']['unit']}: {NAMES[name]} of {first} less that of {second} is "
        f"{said(found['difference'])}{p}. {why} the better one is **{live(entry)}**, which is "
        "live.",
        table(("figure", first, second, "first less second"), rows),
        "How they were trained:",
        table(("version", "network", "pixels", "epochs", "best on validation"), _trained(entry)),
    ]


SIDES = ("first", "second", "difference")


def _trained(entry: Entry) -> list[tuple[object, ...]]:
    return [
        (
            run["version"],
            run["architecture"],
            run["size"],
            run["epochs"],
            f"{run['validation']:.3f}",
        )
        for run in sorted(entry["runs"], key=lambda run: -run["validation"])
    ]


def _brief(manifest: Manifest) -> dict[str, Any]:
    recipe, curve = (manifest.provenance[key] for key in ("recipe", "curve"))
    read = tomllib.loads(recipe)
    return {
        "version": manifest.version,
        "architecture": read["architecture"],
        "size": read["size"],
        "epochs": len(curve),
        "validation": max(epoch["validation"] for epoch in curve),
        "recipe": recipe,
    }


def main(folder: Path, task: str, comparison: Path, *bundles: Path) -> None:
    """Keep the record of a task and make the report anew."""
    trained = [Manifest.from_json((path / "manifest.json").read_bytes()) for path in bundles]
    kept = entry_of(json.loads(comparison.read_bytes()), trained)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{task}.json").write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
    (folder / "report.md").write_text(report(entries(folder)))


def entries(folder: Path) -> dict[str, Entry]:
    """The entry of every task in a folder."""
    return {path.stem: json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))}


if __name__ == "__main__":
    to, about, *rest = sys.argv[1:]
    main(Path(to), about, *map(Path, rest))
