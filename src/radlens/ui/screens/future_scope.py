"""Future Scope: the roadmap and what stands of it here, what the records ask for, known limits."""

from collections.abc import Iterator

import streamlit as st

from radlens.ports import Site
from radlens.ui import door
from radlens.ui.markup import Tile, badge, code, empty, head, safe, table, tiles
from radlens.ui.next_steps import Advice, next_steps
from radlens.ui.roadmap import Item, State, limits, manifests, roadmap
from radlens.ui.spoken import spoken

COLOURS = {State.HERE: "rl-good", State.PARTLY: "rl-warn", State.NOT_YET: ""}
MOST = 12


def show() -> None:
    """Draw the page; the state of each item is derived, never written down."""
    st.title("Future Scope", anchor=False)
    site = door.site()
    with st.container(border=True, key="card-roadmap"), spoken():
        _roadmap(site)
    with st.container(border=True, key="card-next"), spoken():
        _next(next_steps(site))
    with st.container(border=True, key="card-limits"), spoken():
        st.html(head("Known limits", "Of RadLens, and of the models that answer here."))
        items = "".join(f"<li>{safe(text)}</li>" for text in [*limits(), *_of_models(site)])
        st.html(f'<ul class="rl-list">{items}</ul>')


def _roadmap(site: Site) -> None:
    found = roadmap(site)
    st.html(
        head(
            "The roadmap",
            "An item is on this site where it is installed and something here shows for it.",
        )
    )
    count = {state: sum(item.state is state for item in found) for state in State}
    st.html(tiles(Tile(str(number), state.value) for state, number in count.items()))
    columns = ("Item", "State", "What it is", "What that follows from")
    st.html(table("Every item", columns, [_row(item) for item in found]))


def _row(item: Item) -> tuple[object, ...]:
    return item.title, badge(item.state, COLOURS[item.state]), item.what, item.evidence


def _next(found: list[Advice]) -> None:
    st.html(head("What the evidence says is next", "From the records of this site alone."))
    if not found:
        st.html(empty("Nothing on record asks for anything."))
        return
    rows = [
        (advice.what, advice.because, code(advice.how) if advice.how else "")
        for advice in found[:MOST]
    ]
    st.html(table("The most basic first", ("Next", "Because", "How"), rows))
    if len(found) > MOST:
        st.html(empty(f"{len(found) - MOST:,} more follow when these are done."))


def _of_models(site: Site) -> Iterator[str]:
    """What the live models say of their own limits."""
    for manifest in manifests(site):
        task = site.tasks[manifest.task]
        yield f"{task.title}, {manifest.version}: {manifest.statement}"
        unfitted = [
            task.label(name).title
            for name, fitted in zip(manifest.labels, manifest.calibration.fitted, strict=True)
            if not fitted
        ]
        if unfitted:
            yield f"{task.title}: never called High, as not calibrated: {', '.join(unfitted)}."
        if warning := site.live.current(manifest.task).ref.map_warning:
            yield f"{task.title}: {warning}"
