"""What a scan found in a dataset: repeats, leaks, shortcuts, labels in doubt."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from radlens.domain.ledger import Item, Kind
from radlens.domain.task import Task
from radlens.ports import Site
from radlens.ui.dataset_words import title
from radlens.ui.markup import Tile, code, empty, head, safe, table, tiles

FOUND = {
    "across": "pairs that leak from one split into another",
    "exact": "pairs of identical images",
    "near": "pairs of near-duplicates",
    "conflicts": "pairs of one picture with different labels",
    "doubtful_labels": "images like another class than their own",
    "broken": "images that cannot be read",
    "blank": "blank images",
    "borders": "images with a burnt-in frame",
    "writing": "images with burnt-in writing",
}
PAIRS = ("across", "conflicts", "exact", "near")
MOST = 10  # rows of a list; all of it is in the record


def draw(site: Site, item: Item, scan: Item, task: Task | None) -> None:
    """Counts, then the lists behind them as far as they fit, and all of it as a file."""
    body = scan.body
    st.html(
        head(
            "What the scan found",
            f"Scanned {scan.time:%Y-%m-%d %H:%M %Z}: every image was read; nothing was changed.",
        )
    )
    known = {name: what for name, what in FOUND.items() if name in body}
    st.html(tiles(Tile(f"{len(body[name]):,}", what) for name, what in known.items()))
    if body["across"]:
        again = safe("A model that is trained on this is measured on what it has seen. ")
        st.html(empty(again + code(f"radlens data split {item.name}")))
    st.html(
        table("Can a shortcut be taken?", ("What", "AUROC"), _shortcuts(body["shortcuts"], task))
    )
    for name in PAIRS:
        if body[name]:
            _list(FOUND[name], ("Image", "and"), body[name])
    if body["broken"]:
        _list(FOUND["broken"], ("Image", "why"), list(body["broken"].items()))
    _doubts(site, item, body, task)
    st.download_button(
        "Scan record",
        lambda: json.dumps(dict(body), indent=1, ensure_ascii=False),
        file_name=f"{item.name}-scan.json",
        mime="application/json",
        on_click="ignore",
    )


def _list(what: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with st.expander(f"{len(rows):,} {what}"):
        st.html(table(what.capitalize(), columns, rows[:MOST]))
        if len(rows) > MOST:
            st.html(empty(f"{len(rows) - MOST:,} more are in the scan record."))


def _shortcuts(found: Mapping[str, Any], task: Task | None) -> list[tuple[str, str]]:
    rows = [("The source, told from a thumbnail", _auroc(found["source"]))]
    for name, what in (("label_from_source", "the source"), ("label_from_edges", "the edges")):
        told = {label: value for label, value in found[name].items() if value is not None}
        if told:
            best = max(told, key=told.__getitem__)
            rows.append((f"{title(task, best)}, told from {what} alone", _auroc(told[best])))
    return rows


def _auroc(value: float | None) -> str:
    return "not measurable" if value is None else f"{value:.3f}"


def _doubts(site: Site, item: Item, body: Mapping[str, Any], task: Task | None) -> None:
    """Labels that may be wrong: by their neighbours, and by a model that was sure."""
    if doubted := body.get("doubtful_labels"):
        rows: list[tuple[str, ...]] = [
            (d["file"], title(task, d["label"]), title(task, d["like"]), f"{d['share']:.0%}")
            for d in doubted
        ]
        columns = ("Image", "Labelled", "Like", "Neighbours")
        _list("labels in doubt: neighbours agree on another class", columns, rows)
    for evaluation in site.ledger.items(Kind.EVALUATION):
        if item.id in evaluation.parents:
            rows = [_sure(failure, task) for failure in evaluation.body["failures"]]
            model = evaluation.body["subject"]["model"]
            if rows:
                what = f"sure errors of {model}: of the model, or of the label"
                _list(what, ("Image", "Error", "Said", "True"), rows)
            return


def _sure(failure: Mapping[str, Any], task: Task | None) -> tuple[str, ...]:
    said = f"{title(task, failure['label'])} {failure['probabilities'][failure['label']]:.0%}"
    true = ", ".join(title(task, name) for name in failure["truth"]) or "none of the labels"
    return failure["image"][:12], failure["kind"], said, true
