"""Synthetic Studio: a disease learned from a few images, drawn, measured, and put to use."""

import streamlit as st

from radlens.domain.ledger import Item, Kind
from radlens.ports import Site
from radlens.ui import (
    door,
    studio_class,
    studio_draw,
    studio_measured,
    studio_teach,
    studio_use,
)
from radlens.ui.lacking import lacking
from radlens.ui.markup import empty, head
from radlens.ui.spoken import spoken
from radlens.usecases.datasets import dataset_of
from radlens.usecases.generators import generators
from radlens.usecases.release import releases

SHOWN = "drawn"  # in the address, so that it can be kept and sent


def show() -> None:
    """Draw the way of a task's synthetic images, from what is on record of each step."""
    st.title("Synthetic Studio", anchor=False)
    site = door.site()
    task = _choose_task(site)
    for said in lacking("Synthesis", "lab", "synth"):
        st.html(empty(said))
    with st.container(border=True, key="card-teach"), spoken():
        studio_teach.offer(site, task)
    with st.container(border=True, key="card-draw"), spoken():
        studio_draw.offer(site, task)
    with spoken():
        _worth(site, task)
    with st.container(border=True, key="card-class"), spoken():
        studio_class.offer(site, task)


def _worth(site: Site, task: str) -> None:
    drawn = [item for item in site.ledger.items(Kind.DATASET) if _drawn(item, task)]
    if not drawn:
        with st.container(border=True, key="card-none"):
            st.html(head("What they are worth", "Nothing was drawn for this task yet."))
            st.html(
                empty(
                    "They are drawn above, or by `radlens synth generate --disease NAME -n 200`; "
                    "then they are measured here, and put to use."
                )
            )
        return
    item = _choose(drawn)
    verdicts = releases(site, dataset_of(site, item))
    with st.container(border=True, key="card-measured"), spoken():
        studio_measured.draw(site, item, verdicts)
    with st.container(border=True, key="card-use"), spoken():
        studio_use.offer(site, item, verdicts)


def _choose_task(site: Site) -> str:
    """The task; one that something is drawn for comes first."""
    able = {known.task for known in generators(site)}
    names = sorted(site.tasks, key=lambda name: (name not in able, name))
    chosen: str = st.selectbox("Task", names, format_func=lambda name: site.tasks[name].title)
    return chosen


def _drawn(item: Item, task: str) -> bool:
    body = item.body
    whole = body["synthetic"] == body["images"]
    made = body["history"].get("made") in ("synthesis", "copies dropped")
    return bool(body["task"] == task and whole and made)


def _choose(found: list[Item]) -> Item:
    ids = [item.id for item in found]
    titles = {i.id: f"{i.name} ({i.id[:8]}), {i.body['images']:,} images" for i in found}
    asked = st.query_params.get(SHOWN, "")
    at = next((n for n, each in enumerate(ids) if asked and each.startswith(asked)), 0)
    chosen = st.selectbox("Drawn images", ids, index=at, format_func=titles.__getitem__)
    if st.query_params.get(SHOWN) != chosen:
        st.query_params[SHOWN] = chosen
    return found[ids.index(chosen)]
