"""Dataset Insights: what a dataset on record holds, where it is from, and what its scan found."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from radlens.domain.account import ENGINEERS
from radlens.domain.ledger import Item, Kind
from radlens.domain.task import Task
from radlens.ports import Site
from radlens.ui import dataset_charts, dataset_words, door, scan_findings, scan_job, wall
from radlens.ui.markup import Tile, code, empty, head, many, table, tiles
from radlens.ui.spoken import spoken

SHOWN = "dataset"  # in the address, so that it can be kept and sent
CARD = "card.md"


def show() -> None:
    """Draw the dataset that was chosen, from its entry and that of its newest scan."""
    st.title("Dataset Insights", anchor=False)
    site = door.site()
    found = site.ledger.items(Kind.DATASET)
    if not found:
        _none()
        return
    item = _choose(found)
    task = site.tasks.get(item.body["task"])
    scans = site.ledger.items(Kind.SCAN, name=item.name)
    scan = next((each for each in scans if item.id in each.parents), None)
    with st.container(border=True, key="card-dataset"), spoken():
        _about(site, item, scan)
    with st.container(border=True, key="card-counts"), spoken():
        _counts(item, task)
    if scan is None:
        with st.container(border=True, key="card-unscanned"), spoken():
            _unscanned(site, item)
        return
    _scanned(site, item, scan, task)


def _scanned(site: Site, item: Item, scan: Item, task: Task | None) -> None:
    if "profile" in scan.body:
        with st.container(border=True, key="card-people"), spoken():
            _people(scan, item.body["images"])
        with st.container(border=True, key="card-pixels"), spoken():
            _pixels(scan, task)
    with st.container(border=True, key="card-found"), spoken():
        scan_findings.draw(site, item, scan, task)
    if door.caller().may(ENGINEERS):
        with st.container(border=True, key="card-wall"), spoken():
            wall.draw(site, scan, task)


def _unscanned(site: Site, item: Item) -> None:
    st.html(head("Not scanned yet", "Leaks, duplicates, sizes and greys are not known."))
    st.html(empty("A scan looks at every image, changes nothing and stays on record:"))
    st.html(code(f"radlens data scan {item.name}"))
    if door.caller().may(ENGINEERS):
        scan_job.offer(site, item.id)


def _none() -> None:
    with st.container(border=True, key="card-none"):
        st.html(head("No dataset is on record yet", "Import a folder of images, or draw some."))
        st.html(code("radlens data import FOLDER --task brain-tumor --name slices"))
        st.html(code("radlens data phantom --task brain-tumor -n 200 --out phantoms/"))


def _choose(found: list[Item]) -> Item:
    """The dataset of the address or of the box, which keeps its choice when the page is left."""
    ids = [item.id for item in found]
    titles = {item.id: f"{item.name} ({item.id[:8]})" for item in found}
    asked = st.query_params.get(SHOWN, st.session_state.get("last dataset", ""))
    at = next((n for n, each in enumerate(ids) if asked and each.startswith(asked)), 0)
    chosen = st.selectbox("Dataset", ids, index=at, format_func=titles.__getitem__)
    st.session_state["last dataset"] = chosen
    if st.query_params.get(SHOWN) != chosen:
        st.query_params[SHOWN] = chosen
    return found[ids.index(chosen)]


def _about(site: Site, item: Item, scan: Item | None) -> None:
    body = item.body
    st.html(head(item.name, *dataset_words.lines(item, site.tasks.get(body["task"]))))
    patients = f"{body['patients']:,}" if body["patients"] else "unknown"
    known = "known of every image" if body["patients_known"] else "not known of every image"
    st.html(
        tiles(
            [
                Tile(f"{body['images']:,}", "images"),
                Tile(patients, "patients", known),
                Tile(f"{body['synthetic']:,}", "synthetic images", "for training alone"),
                Tile(str(len(body["splits"])), many(len(body["splits"]), "split")[2:]),
            ]
        )
    )
    if scan and "profile" in scan.body:
        columns = ("Source", "Licence", "Images")
        rows = [(*origin[:2], f"{origin[2]:,}") for origin in scan.body["profile"]["sources"]]
        st.html(table("Where it is from", columns, rows))
    if scan and CARD in scan.files:
        st.download_button(
            "Dataset card",
            lambda: site.blobs.get(scan.files[CARD]),
            file_name=f"{item.name}-card.md",
            mime="text/markdown",
            on_click="ignore",
        )


def _counts(item: Item, task: Task | None) -> None:
    splits: Mapping[str, Any] = item.body["splits"]
    st.html(head("Classes and splits", *dataset_words.imbalance(item, task)))
    rows = [
        {
            "label": dataset_words.title(task, label),
            "split": split or "not split",
            "images": counted["positive"],
        }
        for split, entry in sorted(splits.items(), key=lambda pair: dataset_words.place(pair[0]))
        for label, counted in entry["labels"].items()
    ]
    dataset_charts.by_class(rows)
    st.caption("Bars are positive images.")
    with st.expander("The counts as a table"):
        columns = ("What", *(split or "not split" for split in splits))
        st.html(
            table("Positive images, and those that nobody knows of", columns, _cells(item, task))
        )


def _cells(item: Item, task: Task | None) -> list[tuple[str, ...]]:
    entries = list(item.body["splits"].values())
    labels = [
        (
            dataset_words.title(task, label),
            *(dataset_words.counted(entry["labels"][label]) for entry in entries),
        )
        for label in entries[0]["labels"]
    ]
    return [
        ("Images", *(f"{entry['images']:,}" for entry in entries)),
        ("Patients or groups", *(f"{entry['units']:,}" for entry in entries)),
        *labels,
    ]


def _people(scan: Item, images: int) -> None:
    found = scan.body["profile"]
    st.html(head("Whose images, and how much is known", "Counted in images."))
    left, right = st.columns(2, gap="large")
    with left:
        rows = [dataset_words.completeness(name, n, images) for name, n in found["known"].items()]
        st.html(table("Known of how many images", ("What", "Share", "Images"), rows))
    with right:
        columns = ("What", "Values")
        st.html(table("What is known", columns, dataset_words.values(found)))
        if found["decades"]:
            st.subheader(f"Age, median {found['median_age']:g} years", anchor=False)
            ages = {f"{first} to {int(first) + 9}": n for first, n in found["decades"].items()}
            dataset_charts.counted(ages, "age in years")


def _pixels(scan: Item, task: Task | None) -> None:
    found, grey = scan.body["profile"], scan.body["intensity"]
    st.html(head("Pixels", "Greys are those of small copies through each image's window."))
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Images by rows and columns", anchor=False)
        sizes = {f"{rows} x {cols}": n for rows, cols, n in found["sizes"]}
        others = {"other sizes": found["other_sizes"]} if found["other_sizes"] else {}
        dataset_charts.counted(sizes | others, "rows and columns")
    with right:
        st.subheader("Intensity", anchor=False)
        lines = {"all images": grey["all"]} if grey["all"] else {}
        labels = [name for name, shares in grey["labels"].items() if shares]
        beside = st.selectbox(
            "Beside all", labels, format_func=lambda name: dataset_words.title(task, name)
        )
        if beside:
            lines[dataset_words.title(task, beside)] = grey["labels"][beside]
        if lines:
            dataset_charts.greys(lines)
            st.caption("The share of pixels at each grey, from black on the left to white.")
