"""The model card, made from a run's record and from nothing else (Mitchell et al. 2019, FAT*)."""

from collections.abc import Mapping
from typing import Any

from radlens.domain.task import Mode, Task
from radlens.lab.card_calibration import calibration_part
from radlens.lab.card_explanation import explanation_part
from radlens.lab.card_gate import gate_part
from radlens.lab.card_known import known_part
from radlens.lab.markdown import said, table

# What each source asks to be cited, found by what its manifest calls it.
CITATIONS = {
    "ChestX-ray14": "Wang X, Peng Y, Lu L, et al. ChestX-ray8: hospital-scale chest X-ray database "
    "and benchmarks on weakly-supervised classification and localization of common thorax "
    "diseases. CVPR 2017. Provided by the NIH Clinical Center.",
    "Kermany": "Kermany DS, Goldbaum M, Cai W, et al. Identifying medical diagnoses and treatable "
    "diseases by image-based deep learning. Cell 2018.",
    "Nickparvar": "Nickparvar M. Brain Tumor MRI Dataset. Kaggle 2021, a collection of: Cheng J. "
    "Brain tumor dataset. figshare 2017; SARTAJ; Br35H.",
}
LIMITS = {
    "chest-xray": (
        "The labels were mined from report texts by a program and are wrong in part, in the test "
        "split as well: figures compare with these labels, not with what the patients had.",
        "Few positive cases a label: read the intervals, not the points.",
        "One hospital, adults, frontal views. Children, lateral views and other devices were not "
        "looked at.",
    ),
    "brain-tumor": (
        '"no_tumor" is not "healthy": it comes largely from another source, with other contrast, '
        "framing and even a watermark. The network may in part tell sources apart, not diseases, "
        "and the accuracy is then too high for any other place.",
        "Nobody knows which slices are of one patient. Near-duplicates were grouped, but other "
        "slices of one patient can still stand on both sides: expect less on new patients.",
        "Single slices that somebody chose; no volume was read.",
    ),
    "neuro-rare": (
        "No image of a patient with any of the four diseases was seen, in training or in testing: "
        "lesions were drawn on normal slices. The figures say how well drawings are told apart.",
        "CT was sketched from MR, and the optic nerves themselves come from one averaged brain.",
        "Single axial slices between the skull base and the ventricles.",
    ),
}

# Entries of the metrics that are not a figure with its interval.
NOT_FIGURES = {"labels", "confusion", "images", "units", "resamples", "explanation", "known_cases"}


def trained_card(task: Task, record: Mapping[str, Any]) -> str:
    """The card of a model that was trained here; ``record`` is the run's record.json."""
    parts = [
        f"# {task.title}: {record['architecture']}",
        f"**{record['statement']}**",
        _intended_use(task),
        _data(task, record["dataset"]),
        _run(record),
        _results(task, record),
        calibration_part(task, record),
        *gate_part(record),
        *known_part(record["metrics"]),
        explanation_part(record["metrics"]),
        _export(record),
        _limits(task),
    ]
    return "\n\n".join(parts) + "\n"


def converted_card(task: Task, arch: str, statement: str, provenance: Mapping[str, Any]) -> str:
    """The card of a converted model: where it came from, and that nothing was measured."""
    source = provenance["converted_from"]
    parts = [
        f"# {task.title}: {arch}, converted",
        f"**{statement}**",
        _intended_use(task),
        f"## Origin\n\nConverted from `{source['file']}`, SHA-256 `{source['sha256']}`. "
        "What it was trained on is not known here. No label is calibrated, and thresholds are "
        "one half.",
        _limits(task),
    ]
    return "\n\n".join(parts) + "\n"


def _intended_use(task: Task) -> str:
    kind = "A demonstration, not for clinical use. " if task.demonstration else ""
    return f"## Intended use\n\n{kind}{task.intended_use}"


def _data(task: Task, dataset: Mapping[str, Any]) -> str:
    splits = {name: dataset["splits"][name] for name in ("train", "val", "test")}
    sources = [
        f"- {s['source']}: {s['images']} images. Licence: {s['licence']}"
        for s in dataset["sources"]
    ]
    cited = [
        f"- {text}"
        for key, text in CITATIONS.items()
        if any(key in s["source"] for s in dataset["sources"])
    ]
    unit = _unit(dataset)
    head = ("", *splits)
    rows = [
        ("images", *(s["images"] for s in splits.values())),
        (unit, *(s["units"] for s in splits.values())),
        *((name, *(s["positive"][name] for s in splits.values())) for name in task.names),
    ]
    notes = [f"Splits share no {unit}."]
    history = dataset["history"]
    if history.get("made") == "split":
        cut = [name for name in ("val", "test") if name not in history["kept"]]
        notes.append(f"Whole {unit} were cut for {' and '.join(cut) or 'no split'}.")
        notes.append(f"{len(history['dropped'])} images that repeat a held-out one were dropped.")
    if dataset["simulated"]:
        notes.append("No image is of a patient: all are simulated.")
    return "\n\n".join(
        ["## Data", "\n".join(sources), "\n".join(cited), table(head, rows), " ".join(notes)]
    )


def _unit(dataset: Mapping[str, Any]) -> str:
    """What was split and drawn as a whole."""
    return "patients" if dataset["patients_known"] else "near-duplicate groups"


def _run(record: Mapping[str, Any]) -> str:
    curve = record["curve"]
    rows = [(row["epoch"] + 1, f"{row['loss']:.4f}", f"{row['validation']:.4f}") for row in curve]
    best = max(curve, key=lambda row: row["validation"])
    return "\n\n".join(
        [
            "## Training",
            f"Seed {record['seed']}; epoch {best['epoch'] + 1} of {len(curve)} was chosen on "
            f"validation. Dataset SHA-256 `{record['dataset']['sha256']}`, "
            f"weights `{record['weights']}`, "
            f"trained by code {_code(record['code'])}, measured and exported by "
            f"{_code(record['finished_by']['code'])}.",
            table(("epoch", "training loss", "validation score"), rows),
            f"```toml\n{record['recipe'].strip()}\n```",
        ]
    )


def _code(code: Mapping[str, str]) -> str:
    return f"{code['version']} (`{code['sources'][:16]}`)"


def _results(task: Task, record: Mapping[str, Any]) -> str:
    metrics = record["metrics"]
    whole = [
        (name.replace("_", " "), said(value))
        for name, value in metrics.items()
        if name not in NOT_FIGURES
    ]
    each = [
        (name, entry["positives"], said(entry["auroc"]), said(entry["average_precision"]))
        for name, entry in metrics["labels"].items()
    ]
    parts = [
        "## Results on the test split",
        f"With 95 % intervals from {metrics['resamples']} bootstrap resamples of the "
        f"{metrics['units']} {_unit(record['dataset'])}. Nothing was fitted or chosen on it.",
        table(("", "value (95 % interval)"), whole),
        table(("label", "positive", "AUROC", "average precision"), each),
    ]
    if task.mode is Mode.MULTI_CLASS:
        rows = [(name, *row) for name, row in zip(task.names, metrics["confusion"], strict=True)]
        parts += ["Rows are the truth, columns the answer:", table(("", *task.names), rows)]
    return "\n\n".join(parts)


def _export(record: Mapping[str, Any]) -> str:
    parity, half = record["parity"], record["half_precision"]
    rows = [(name.replace("_", " "), f"{value:.1e}") for name, value in parity.items()]
    return "\n\n".join(
        [
            "## Export",
            "Largest disagreement between two ways to one answer (of values above one, relative):",
            table(("", "difference"), rows),
            "Weights are stored in 16 bits. That changed the "
            f"{half['metric'].replace('_', ' ')} of the {half['images']} held-out images from "
            f"{half['full']:.5f} to {half['half']:.5f}.",
        ]
    )


def _limits(task: Task) -> str:
    lines = [
        *LIMITS.get(task.name, ()),
        "Every finding has to be confirmed by a clinician. An answer without a finding does not "
        "say that nothing is wrong.",
    ]
    return "## Limits\n\n" + "\n".join(f"- {line}" for line in lines)
