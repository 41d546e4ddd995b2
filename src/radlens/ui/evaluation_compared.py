"""Two versions on the same cases: how far apart they are, and whether chance explains it."""

import streamlit as st

from radlens.domain.comparison import Comparison, Difference
from radlens.domain.ledger import Item, Kind
from radlens.domain.task import Task
from radlens.ports import Site
from radlens.reports.comparison import comparison_parts
from radlens.reports.evaluation import NAMES
from radlens.reports.part import shown
from radlens.ui import evaluation_charts
from radlens.ui.evaluation_choice import Choice
from radlens.ui.evaluation_tables import drawn
from radlens.ui.markup import code, empty, head


def draw(site: Site, choice: Choice, task: Task) -> None:
    """The comparisons on record that a version is in; where there is none, how one is made."""
    found = [item for item in site.ledger.items(Kind.COMPARISON) if choice.digest in item.parents]
    if not found:
        st.html(head("Compared with another version"))
        command = f"radlens evaluate {choice.model} --against OTHER --dataset NAME"
        words = "No comparison of it is on record. This makes a paired one, on the same cases:"
        st.html(empty(words) + code(command))
        return
    titles = {item.id: _title(item) for item in found}
    chosen = st.selectbox("Comparison", list(titles), format_func=titles.__getitem__)
    item = next(each for each in found if each.id == chosen)
    _compared(Comparison.from_json(item.body), task, item)


def _title(item: Item) -> str:
    first = item.body["first"]
    return f"{item.name}, on {first['dataset']}, split {first['split']}, {item.time:%Y-%m-%d}"


def _compared(found: Comparison, task: Task, item: Item) -> None:
    parts = comparison_parts(found, task)
    method = parts[-1]
    st.html(
        head(
            f"{found.first.model} less {found.second.model}",
            f"Paired, on {found.first.dataset}, split {found.first.split}, "
            f"{item.time:%Y-%m-%d %H:%M %Z}; n = {found.images:,} images of {found.units:,} "
            f"{found.first.unit}.",
        )
    )
    apart = {NAMES[name]: of for name, of in found.whole.items() if of}
    st.html(drawn(parts[1], "All labels together, with 95 % intervals"))
    st.subheader("First less second", anchor=False)
    differences = {name: of.difference for name, of in apart.items()}
    evaluation_charts.forest(differences, "First less second, 95 % interval", zero=True)
    st.html(f'<p class="rl-fine">{_verdict(apart)} {" ".join(method.words)}</p>')
    with st.expander("Each label"):
        for part in parts[2:-1]:
            st.html(drawn(part, " ".join((f"{part.title}.", *part.words))))


def _verdict(apart: dict[str, Difference]) -> str:
    """What the intervals say, in a sentence."""
    clear = [
        f"{name} ({shown(of.difference)})"
        for name, of in apart.items()
        if of.difference.low > 0 or of.difference.high < 0
    ]
    if not clear:
        return "No interval leaves zero out: the two cannot be told apart on these cases."
    return f"Zero lies outside of the interval of: {', '.join(clear)}."
