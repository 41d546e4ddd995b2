"""The sample wall: small pictures of a dataset, each with what it is said to be."""

from base64 import b64encode

import streamlit as st

from radlens.domain.ledger import Item
from radlens.domain.task import Task
from radlens.imaging.overlay import shown_rgb, to_jpeg
from radlens.ports import Site
from radlens.ui.looked import first
from radlens.ui.markup import Html, badge, empty, head, safe
from radlens.ui.plates import KEPT_S
from radlens.usecases.sample_wall import Shown, look_at_wall, sample_wall

LONGEST = 180  # pixels

# A picture as a data URI, None where there is none any more, and what is said below it.
Picture = tuple[str | None, str, str, bool]


def draw(site: Site, scan: Item, task: Task | None) -> None:
    """Show the images; the log tells of it once a session, or nothing is shown."""
    st.html(head("A look at it", "Some images of every label, through their windows."))
    first(f"wall {scan.id}", lambda by: look_at_wall(site, scan, by=by), lambda: None)
    found = _pictures(scan.id, _site=site, _scan=scan)
    if not found:
        st.html(empty("This scan chose no images. A new one does."))
        return
    items = "".join(_item(picture, task) for picture in found)
    st.html(f'<ul class="rl-wall" aria-label="Images of the dataset">{items}</ul>')


@st.cache_data(max_entries=16, ttl=KEPT_S, show_spinner=False)
def _pictures(scan_id: str, *, _site: Site, _scan: Item) -> list[Picture]:  # noqa: ARG001 (key)
    return [_picture(shown) for shown in sample_wall(_site, _scan)]


def _picture(shown: Shown) -> Picture:
    uri = None
    if shown.scan is not None:
        content = to_jpeg(shown_rgb(shown.scan, longest=LONGEST))
        uri = f"data:image/jpeg;base64,{b64encode(content).decode()}"
    return uri, shown.label, shown.split or "not split", shown.synthetic


def _item(picture: Picture, task: Task | None) -> Html:
    uri, label, split, synthetic = picture
    title = task.label(label).title if task and label in task.names else label
    image = (
        f'<img src="{uri}" alt="{safe(title)}, {safe(split)}">'
        if uri
        else '<span class="rl-gone">no longer stored</span>'
    )
    mark = badge("synthetic", "rl-warn") if synthetic else ""
    return Html(f"<li>{image}<b>{safe(title)}</b><small>{safe(split)}</small>{mark}</li>")
