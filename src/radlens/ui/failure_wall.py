"""The failures of an evaluation: what was said, what was true, and what the model looked at."""

from base64 import b64encode

import streamlit as st

from radlens.domain.account import ENGINEERS
from radlens.domain.evaluation import Failure
from radlens.domain.finding import percent
from radlens.domain.ledger import Item
from radlens.domain.task import Task
from radlens.ports import Site
from radlens.ui import door
from radlens.ui.dataset_words import title
from radlens.ui.looked import first
from radlens.ui.markup import Html, code, empty, head, safe, table
from radlens.ui.plates import KEPT_S
from radlens.usecases.failures import failure_picture, failures_of, look_at_failures

# Who may see images of a dataset; everybody else reads what was said of them.
EVERY, PAGE = "all", 12
COLUMNS = ("Kind", "Label", "What was said", "What was true")


def draw(site: Site, found: list[Item]) -> None:
    """Choose an evaluation, a label and a kind of error, and look at the worst ones."""
    st.html(
        head("Failures", "The surest wrong answers of an evaluation, a few of each label and kind.")
    )
    if not found:
        st.html(empty("No evaluation is on record yet. This makes one, with its failures:"))
        st.html(code("radlens evaluate brain-tumor --dataset NAME --out report/"))
        return
    named = {item.id: item for item in found}
    chosen = st.selectbox("Evaluation", list(named), format_func=lambda key: _named(named[key]))
    item = named[chosen]
    task = site.tasks.get(item.body["subject"]["task"])
    every = failures_of(item)
    if not every:
        st.html(empty("It has no failure: every answer was right."))
        return
    shown = _filtered(every, task)
    if not shown:
        st.html(empty("None of them is of that label and kind."))
    elif door.caller().may(ENGINEERS):
        _pictures(site, item, shown, task)
    else:
        rows = [(each.kind, title(task, each.label), *_words(each, task)) for each in shown]
        st.html(empty("The images themselves are for engineers and administrators."))
        st.html(table("What was said and what was true", COLUMNS, rows))


def _named(item: Item) -> str:
    subject = item.body["subject"]
    return f"{item.name} on {subject['dataset']} ({subject['split']}), {item.time:%Y-%m-%d %H:%M}"


def _filtered(every: list[Failure], task: Task | None) -> list[Failure]:
    left, right = st.columns(2)
    with left:
        labels = [EVERY, *dict.fromkeys(each.label for each in every)]
        label = st.selectbox("Label", labels, format_func=lambda name: title(task, name))
    with right:
        kind = st.selectbox("Kind of error", [EVERY, *dict.fromkeys(each.kind for each in every)])
    return [each for each in every if label in (EVERY, each.label) and kind in (EVERY, each.kind)]


def _pictures(site: Site, item: Item, found: list[Failure], task: Task | None) -> None:
    pages = -(-len(found) // PAGE)
    at = st.number_input("Page", 1, pages) if pages > 1 else 1
    shown = found[(at - 1) * PAGE : at * PAGE]
    key = f"failures {item.id} {[each.picture for each in shown]}"
    first(key, lambda by: look_at_failures(site, item, shown, by=by), lambda: None)
    items = "".join(_item(site, item, failure, task) for failure in shown)
    st.html(f'<ul class="rl-failures" aria-label="Failures">{items}</ul>')
    st.caption("On the left the image, on the right where the evidence for the label lies.")


def _item(site: Site, item: Item, failure: Failure, task: Task | None) -> Html:
    picture = item.files.get(failure.picture)
    uri = _uri(failure.image, picture, _site=site) if picture else None
    label = title(task, failure.label)
    alt = f"{failure.kind}, {label}: image and heat map"
    image = (
        f'<img src="{uri}" alt="{safe(alt)}">'
        if uri
        else '<span class="rl-gone">no longer stored</span>'
    )
    said, true = _words(failure, task)
    return Html(
        f"<li>{image}<b>{safe(failure.kind.capitalize())}: {safe(label)}</b>"
        f"<span>Said: {safe(said)}</span><span>True: {safe(true)}</span></li>"
    )


def _words(failure: Failure, task: Task | None) -> tuple[str, str]:
    """What was said, the label in question first, and what was true."""
    others = [name for name in failure.probabilities if name != failure.label]
    most = max(others, key=failure.probabilities.__getitem__, default=None)
    names = [failure.label, *([most] if most else [])]
    said = ", ".join(
        f"{title(task, name)} {percent(failure.probabilities[name])}" for name in names
    )
    true = ", ".join(title(task, name) for name in failure.truth)
    return said, true or "none of the labels"


@st.cache_data(max_entries=256, ttl=KEPT_S, show_spinner=False)
def _uri(image: str, picture: str, *, _site: Site) -> str | None:
    content = failure_picture(_site, image, picture)
    return None if content is None else f"data:image/png;base64,{b64encode(content).decode()}"
