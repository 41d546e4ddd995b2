"""System Architecture: the pipeline, the state of each part now, and the walk of a prediction."""

import platform
from importlib.metadata import version

import streamlit as st

from radlens.domain.ledger import Item, Kind
from radlens.installed import EXTRAS, Extra, packages
from radlens.ports import Site
from radlens.ui import door, going, parts, samples
from radlens.ui.diagram import draw, in_words
from radlens.ui.markup import Html, badge, bar, code, empty, head, many, safe, table
from radlens.ui.pipeline import pipeline
from radlens.ui.spoken import spoken
from radlens.usecases.ready import examine
from radlens.usecases.time_walk import STAGES, time_walk

WALK = ("Stage", "What happens", "Median", "Share")
PACKAGES = ("onnxruntime", "numpy", "pydicom", "streamlit", "fastapi")
HAPPENS = {
    "decode": "recognise PNG, JPEG or DICOM by content, check its bounds, read the pixels",
    "prepare": "resize and scale as in training; the plain checks of the image",
    "forward": "one pass: logits, evidence of every label, signals of the input gate",
    "findings": "gate, calibration, operating points, tiers, what cannot be ruled out",
    "record": "write image and evidence as objects and commit to the database",
}


def show() -> None:
    """Draw the page; what it shows was counted or measured on this site."""
    st.title("System Architecture", anchor=False)
    site = door.site()
    with st.container(border=True, key="card-pipeline"), spoken():
        _pipeline(site)
    with st.container(border=True, key="card-parts"), spoken():
        _parts(site)
    with st.container(border=True, key="card-walk"), spoken():
        _walk(site)


def _pipeline(site: Site) -> None:
    halves, flows = pipeline(site)
    st.html(head("The pipeline", "Under each step stands what this site has of it now."))
    draw(halves, flows)
    with st.expander("The pipeline in words"):
        st.write(in_words(halves, flows))
        rows = [(step.name, step.about, step.now) for half in halves for step in half.steps]
        st.html(table("Every step", ("Step", "What it does", "Here now"), rows))


def _parts(site: Site) -> None:
    found = examine(site)
    st.html(
        head(
            "The parts of this site",
            f"Each was asked to do a piece of work at {site.clock():%Y-%m-%d %H:%M:%S %Z}: "
            "commit, write and read an object, give the golden answer.",
        )
    )
    st.html(table("What answers", parts.COLUMNS, parts.rows(site, found)))
    st.button("Ask again", help="Asks every part once more.", key="ask-again")
    st.html(table("What is installed", ("Package", "State", "Version or what to do"), _packages()))


def _packages() -> list[tuple[object, ...]]:
    here = badge("installed", "rl-good")
    rows: list[tuple[object, ...]] = [
        ("RadLens", here, version("radlens")),
        ("Python", here, platform.python_version()),
        *((name, here, version(name)) for name in PACKAGES),
    ]
    return rows + [_extra(packages(name)) for name in EXTRAS]


def _extra(found: Extra) -> tuple[object, ...]:
    if not found.missing:
        here = badge("installed", "rl-good")
        return f"Extra {found.name}", here, many(len(found.packages), "package")
    lacking = f"{', '.join(found.missing)} to be added by "
    return f"Extra {found.name}", badge("not installed"), safe(lacking) + code(found.add)


def _walk(site: Site) -> None:
    st.html(
        head(
            "The walk of one prediction",
            "A sample that ships, which is of no patient, is read as an upload is; what a record "
            "would write is written and taken away again, so that no prediction stays.",
        )
    )
    sample = samples.readable(site) if going.may_go("live-prediction") else None
    if sample:
        task, upload = sample
        if st.button(f"Measure: {task.title}", key="measure"):
            with site.line.place(door.caller().actor.name), st.spinner("Reading the sample"):
                time_walk(site, upload.content(), task=task.name)
            st.rerun()  # the pipeline above says it too
    timings = site.ledger.items(Kind.TIMING, limit=1)
    if timings:
        st.html(_stages(site, timings[0]))
    else:
        st.html(empty("Nothing was measured yet. It takes the button, and about a second."))


def _stages(site: Site, timing: Item) -> Html:
    body = timing.body
    spent = body["median_ms"]
    whole = sum(spent.values())
    rows = [
        (stage, HAPPENS[stage], f"{spent[stage]:.1f} ms", bar(spent[stage] / whole))
        for stage in STAGES
    ]
    title = site.tasks[timing.name].title if timing.name in site.tasks else timing.name
    caption = (
        f"{title}, model {body['version']}, measured {timing.time:%Y-%m-%d %H:%M:%S %Z}: medians "
        f"of {body['times']} walks; a whole walk took {body['whole_ms']:.1f} ms"
    )
    return table(caption, WALK, rows)
