"""Runs beside each other: their curves in one chart, where they differ, what each was worth."""

from collections.abc import Sequence

import streamlit as st

from radlens.domain.run import Run, differences
from radlens.ports import Site
from radlens.ui import run_words, training_job
from radlens.ui.drawing import COLOURS
from radlens.ui.markup import code, empty, head, table

MOST = len(COLOURS)


def draw(site: Site, runs: Sequence[Run]) -> None:
    """Choose some runs, and see them beside each other."""
    st.html(head("Runs beside each other"))
    named = {run.id: run for run in runs}
    chosen = st.multiselect(
        "Runs to compare",
        list(named),
        format_func=lambda run_id: run_words.title(named[run_id]),
        max_selections=MOST,
        placeholder="Choose two or more",
    )
    found = [named[run_id] for run_id in chosen]
    if len(found) < 2:
        st.html(empty("Two or more of them, and their curves are drawn over each other."))
        return
    metrics = {run_words.scored_by(site.tasks.get(run.task)) for run in found}
    training_job.draw(found, " or ".join(sorted(metrics)))
    columns = ("What", *map(run_words.title, found))
    apart = differences(*found)
    if apart:
        rows = [(name, *map(_said, values)) for name, values in apart.items()]
        st.html(table("Where they differ: data, code, machine, recipe", columns, rows))
    else:
        st.html(empty("Recipe, data, code and machine are the same."))
    figures = [run_words.figures(run) for run in found]
    if names := list(dict.fromkeys(name for each in figures for name in each)):
        cells = [(name, *(each.get(name, "not measured") for each in figures)) for name in names]
        st.html(table("Figures on each one's own test images", columns, cells))
    st.html(empty("Whether one model is better than another, a paired comparison says alone:"))
    st.html(code("radlens evaluate ONE --against OTHER --dataset NAME"))


def _said(value: object) -> str:
    if isinstance(value, list):
        shown = ", ".join(map(str, value[:3])) or "none"
        return f"{shown} and {len(value) - 3} more" if len(value) > 3 else shown
    return "not there" if value is None else str(value)
