"""An evaluation's tables, as its card words them."""

from collections.abc import Mapping

import streamlit as st

from radlens.domain.evaluation import Evaluation, Measure
from radlens.domain.task import Mode, Task
from radlens.reports.evaluation import evaluation_parts
from radlens.reports.part import Part
from radlens.ui import evaluation_charts
from radlens.ui.markup import Html, Tile, head, safe, table, tiles
from radlens.ui.versions import named

FIRST = {
    Mode.MULTI_CLASS: ("accuracy", "macro_f1", "mean_auroc", "ece_debiased"),
    Mode.MULTI_LABEL: ("mean_auroc", "mean_average_precision", "macro_f1", "ece_debiased"),
}


def parts_of(evaluation: Evaluation, task: Task) -> Mapping[str, Part]:
    """The parts of its card that are words and tables, by their titles."""
    return {part.title: part for part in evaluation_parts(evaluation, task, pictures=())}


def drawn(part: Part, caption: str) -> Html:
    """A part's table."""
    first, *others = part.head
    return table(caption, (first.capitalize() or "What", *others), part.rows)


def cases(evaluation: Evaluation) -> str:
    """How many there are of what, as it stands beside every figure."""
    scores = evaluation.scores
    return f"n = {scores.images:,} images of {scores.units:,} {evaluation.subject.unit}"


def glance(evaluation: Evaluation, task: Task) -> None:
    """The first figures, each with its interval and its number of cases."""
    whole = evaluation.scores.whole
    found = [(name, measure) for name in FIRST[task.mode] if (measure := whole.get(name))]
    st.html(tiles(_tile(name, measure) for name, measure in found))


def _tile(name: str, measure: Measure) -> Tile:
    bounds = f"{measure.low:.3f} to {measure.high:.3f}"
    words = named(name)
    return Tile(
        f"{measure.value:.3f}", words[:1].upper() + words[1:], f"95 %: {bounds}; n = {measure.n:,}"
    )


def figures(evaluation: Evaluation, task: Task) -> None:
    """All figures, of the whole and of each label."""
    parts, n = parts_of(evaluation, task), cases(evaluation)
    results = parts["Results"]
    st.html(head("Every figure", *results.words))
    left, right = st.columns(2, gap="large")
    with left:
        st.html(drawn(results, f"With 95 % intervals; {n}"))
    with right:
        st.subheader("AUROC of each label", anchor=False)
        areas = {
            task.label(name).title: area
            for name, scores in evaluation.scores.labels.items()
            if (area := scores.measures.get("auroc"))
        }
        if areas:
            evaluation_charts.forest(areas, "AUROC of each label with its 95 % interval")
    for title in ("Each label against the rest", "Each label at its operating point"):
        if part := parts.get(title):
            with st.expander(f"{title}, in figures"):
                st.html(drawn(part, " ".join((f"{n}.", *part.words))))


def confusion(evaluation: Evaluation, task: Task) -> None:
    """How the answers fit the truth; each row is all the cases of one class."""
    counts = evaluation.scores.confusion
    if counts is None:
        return
    titles = [task.label(name).title for name in evaluation.scores.labels]
    st.html(head("Confusion matrix", "Rows are the truth, columns the answer."))
    rows = [
        (f"{title} (n = {sum(row):,})", *(_cell(count, sum(row)) for count in row))
        for title, row in zip(titles, counts, strict=True)
    ]
    caption = f"How many of each class got which answer; {cases(evaluation)}"
    st.html(table(caption, ("Truth", *titles), rows))


def _cell(count: int, of: int) -> Html:
    """A count with its share of the row, darker the larger it is."""
    share = count / of if of else 0.0
    shown = f"{count:,} <small>({share:.0%})</small>"
    return Html(f'<span class="rl-cell" style="--share: {share:.3f}">{shown}</span>')


def subgroups(evaluation: Evaluation, task: Task) -> None:
    """Whether it serves everybody alike."""
    part = parts_of(evaluation, task).get("Subgroups")
    if part is None:
        return
    st.html(head("Subgroups", *part.words))
    rows = {
        f"{found.by}: {found.value} ({found.images})": area
        for found in evaluation.subgroups
        if (area := found.measures.get("mean_auroc"))
    }
    if len(rows) > 1:
        evaluation_charts.forest(rows, "Mean AUROC of each part with its 95 % interval")
        st.caption("Mean AUROC with its 95 % interval; in brackets, how many images.")
    st.html(drawn(part, "Figures of each part with 95 % intervals"))


def robustness(evaluation: Evaluation, task: Task) -> None:
    """How fast it gets worse when images do."""
    part = parts_of(evaluation, task).get("Robustness")
    if part is None:
        return
    n = max((m.n for s in evaluation.robustness for m in s.measures.values() if m), default=0)
    st.html(head("Robustness", "Images were perturbed before any preprocessing.", f"n = {n:,}."))
    kinds = dict.fromkeys((s.perturbation, s.unit) for s in evaluation.robustness)
    columns = st.columns(2, gap="large")
    for at, (name, unit) in enumerate(kinds):
        found = [s for s in evaluation.robustness if s.perturbation == name]
        with columns[at % 2]:
            st.subheader(name.capitalize(), anchor=False)
            evaluation_charts.stress(found, f"{name}, in {unit}")
    with st.expander("The perturbed images in figures"):
        st.html(drawn(part, safe("At the third and the fifth of five strengths")))
