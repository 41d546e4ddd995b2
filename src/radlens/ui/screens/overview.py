"""Overview: the problem, what RadLens does about it, and the state of this site now."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from radlens.domain.evaluation import Measure
from radlens.domain.ledger import Item, Kind
from radlens.domain.registry import Stage, Version
from radlens.ports import Site
from radlens.ui import door, going, intake, samples, versions
from radlens.ui.markup import Html, Tile, code, empty, head, link, safe, table, tiles
from radlens.ui.screens import live_prediction
from radlens.ui.spoken import spoken

LITERATURE = Path(__file__).parents[1] / "literature.toml"
READING = "live-prediction"
LEAD = Html(
    '<p class="rl-lead">Drop a radiograph or a slice: RadLens names what it found, how sure it is '
    "and how often that was right, shows the evidence on the image, writes the report and keeps a "
    "record that can be checked. The reader decides.</p>"
)
COMPARED = ("What", "Manual reading", "Assisted reading, on this site")
MODELS = ("Task", "Live version", "Figures on held-out cases", "Last evaluation here")


def show() -> None:
    """Draw the page; every figure is a published one with its source, or of a record."""
    st.title("Overview", anchor=False)
    site = door.site()
    with st.container(border=True, key="card-begin"):
        _begin(site)
    with st.container(border=True, key="card-now"), spoken():
        _now(site)
    with st.container(border=True, key="card-problem"):
        _problem()
    with st.container(border=True, key="card-compared"), spoken():
        _compared(site)


def _begin(site: Site) -> None:
    st.html(head("A second pair of eyes that shows what it saw") + LEAD)
    sample = samples.readable(site) if going.may_go(READING) else None
    if sample is None:
        st.html(empty("Somebody with the role reader, and a live model, can read a first image."))
        return
    task, upload = sample
    if st.button("Read a sample image", type="primary", help=f"As: {task.title}. No patient's."):
        intake.here().take(site, task.name, [upload], by=door.caller(active=True).actor)
        live_prediction.turn_to(task.name)
        going.go(READING)


def _now(site: Site) -> None:
    st.html(head("This site now", "All of it counted as this page was opened."))
    st.html(tiles(_counts(site)))
    live = [version for name in sorted(site.tasks) for version in _live(site, name)]
    if not live:
        st.html(
            empty("No model answers yet. Train one, or add a bundle: ")
            + code("radlens models add BUNDLE")
        )
        return
    last = {item.body["subject"]["task"]: item for item in _evaluations(site)[::-1]}
    rows = [
        (
            site.tasks[version.task].title,
            version.version,
            versions.figures(version),
            _evaluated(last.get(version.task), version),
        )
        for version in live
    ]
    st.html(table("The model that answers for each task", MODELS, rows))


def _counts(site: Site) -> list[Tile]:
    newest = site.records.history(limit=1)
    answering = sum(bool(_live(site, name)) for name in site.tasks)
    evaluations = _evaluations(site)
    return [
        Tile(
            f"{site.records.count():,}",
            "predictions on record",
            f"the newest {_day(newest[0].time)}" if newest else "none yet",
        ),
        Tile(f"{answering} of {len(site.tasks)}", "tasks with a live model"),
        Tile(
            f"{len(evaluations):,}",
            "evaluations on record",
            f"the newest {_day(evaluations[0].time)}" if evaluations else "none yet",
        ),
        Tile(f"{len(site.ledger.items(Kind.DATASET)):,}", "datasets on record"),
    ]


def _evaluations(site: Site) -> list[Item]:
    """Newest first."""
    return site.ledger.items(Kind.EVALUATION)


def _evaluated(item: Item | None, version: Version) -> str:
    if item is None:
        command = f"radlens evaluate {version.task} --dataset NAME"
        return safe("None yet: ") + code(command)
    subject, whole = item.body["subject"], item.body["scores"]["whole"]
    said = versions.figures_of({name: e and Measure.of(e) for name, e in whole.items()})
    return f"{_day(item.time)}, {subject['model']} on {subject['dataset']}: {said}"


def _problem() -> None:
    st.html(
        head(
            "Why images are read with help",
            "Published figures with their source. They were measured elsewhere, on other images "
            "and by other systems: they say what is at stake, not what RadLens does.",
        )
    )
    for side, title in (("manual", "Read by people alone"), ("assisted", "Read with assistance")):
        found = [entry for entry in _literature() if entry["side"] == side]
        st.subheader(title, anchor=False)
        st.html(tiles((_tile(entry) for entry in found), "rl-long"))


def _tile(entry: dict[str, Any]) -> Tile:
    source = link(f"https://doi.org/{entry['doi']}", entry["cite"])
    return Tile(entry["figure"], entry["claim"], source)


@cache
def _literature() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(LITERATURE.read_text("utf-8"))["figure"]
    return found


def _compared(site: Site) -> None:
    st.html(head("Manual and assisted reading, side by side"))
    timings = site.ledger.items(Kind.TIMING, limit=1)
    speed = (
        f"{timings[0].body['whole_ms']:.0f} ms from file to record for {timings[0].name}, the "
        f"median of {timings[0].body['times']} on this machine; then the reader looks"
        if timings
        else "not measured here yet: System Architecture has a button for it"
    )
    rows = [
        ("One image", "as long as the reader has", speed),
        (
            "How sure",
            "words, rarely a number",
            "a probability that was calibrated, and how often its tier was right in validation",
        ),
        ("Why", "in the reader's mind", "a heat map for every label, from the same pass"),
        (
            "What is left open",
            "what nobody thought of",
            "every label of the card, and those that cannot be ruled out",
        ),
        (
            "Who decides",
            "the reader",
            "the reader: an answer is support, and an image that no model may read is refused",
        ),
        (
            "What stays",
            "the report",
            "the image without its patient, the answer, the model's version and a signed log",
        ),
    ]
    st.html(table("How they differ", COMPARED, rows))


def _live(site: Site, task: str) -> list[Version]:
    """The version that answers for a task in this process, if any."""
    answers = samples.live(site, task)
    return site.registry.versions(task=task, stage=Stage.LIVE) if answers else []


def _day(time: Any) -> str:
    return f"{time:%Y-%m-%d %H:%M %Z}"
