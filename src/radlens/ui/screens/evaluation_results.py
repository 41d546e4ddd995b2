"""Evaluation & Results: what a version is worth, on what it was measured, and what was claimed."""

import streamlit as st

from radlens.domain.evaluation import Evaluation
from radlens.domain.ledger import Kind
from radlens.domain.task import Task
from radlens.ports import Site
from radlens.ui import (
    claims,
    door,
    evaluation_compared,
    evaluation_curves,
    evaluation_files,
    evaluation_tables,
)
from radlens.ui.evaluation_choice import Choice, choices, choose
from radlens.ui.markup import Html, code, empty, facts, head, safe
from radlens.ui.spoken import spoken
from radlens.usecases.recall import card_named


def show() -> None:
    """Draw the evaluation that was chosen, all of it from its record or from its bundle."""
    st.title("Evaluation & Results", anchor=False)
    site = door.site()
    found = choices(site)
    if not found:
        with st.container(border=True, key="card-none"):
            st.html(head("Nothing was measured yet", "Train a model, or add a bundle, and ask:"))
            st.html(code("radlens evaluate MODEL --dataset NAME"))
    else:
        with spoken():
            _chosen(site, choose(site, found))
    with st.container(border=True, key="card-claims"), spoken():
        claims.draw(site, found)


def _chosen(site: Site, choice: Choice) -> None:
    task = card_named(site, choice.task)
    evaluation = choice.read(site)
    if evaluation is None:
        with st.container(border=True, key="card-none"):
            st.html(head(choice.model, "Its figures are in a form of before, without labels."))
            _how(site, choice, "To measure it here:")
        return
    with st.container(border=True, key="card-subject"):
        _about(choice, evaluation, task)
    with st.container(border=True, key="card-figures"), spoken():
        evaluation_tables.figures(evaluation, task)
    if evaluation.scores.confusion:
        with st.container(border=True, key="card-confusion"), spoken():
            evaluation_tables.confusion(evaluation, task)
    if evaluation.curves:
        evaluation_curves.draw(site, choice, evaluation, task)
    _parts(site, choice, evaluation, task)
    with st.container(border=True, key="card-compared"), spoken():
        evaluation_compared.draw(site, choice, task)
    with st.container(border=True, key="card-files"), spoken():
        evaluation_files.draw(site, choice, evaluation)


def _parts(site: Site, choice: Choice, evaluation: Evaluation, task: Task) -> None:
    """What not every record has: parts of the cases, and images that were made worse."""
    if evaluation.subgroups:
        with st.container(border=True, key="card-subgroups"), spoken():
            evaluation_tables.subgroups(evaluation, task)
    if evaluation.robustness:
        with st.container(border=True, key="card-robustness"), spoken():
            evaluation_tables.robustness(evaluation, task)
    missing = {
        "curves and thresholds": evaluation.curves,
        "subgroups": evaluation.subgroups,
        "robustness": evaluation.robustness,
    }
    lacking = [name for name, found in missing.items() if not found]
    if lacking:
        with st.container(border=True, key="card-missing"), spoken():
            st.html(head("Not measured here", f"Not on record: {', '.join(lacking)}."))
            _how(site, choice, "An evaluation on this site measures them, where data allow:")


def _how(site: Site, choice: Choice, words: str) -> None:
    """The exact command, with a dataset of this site where there is one of its task."""
    found = [item for item in site.ledger.items(Kind.DATASET) if item.body["task"] == choice.task]
    names = [item.name for item in found if "test" in item.body["splits"]]
    known = names[0] if names else "NAME"
    st.html(empty(words) + code(f"radlens evaluate {choice.model} --dataset {known}"))
    if not names:
        command = f"radlens data import FOLDER --task {choice.task} --name NAME"
        st.html(empty("NAME is a dataset with a split test, which this makes:") + code(command))


def _about(choice: Choice, evaluation: Evaluation, task: Task) -> None:
    subject = evaluation.subject
    brought = "" if choice.item else " by its own training, as it came to this site"
    st.html(
        head(
            subject.model,
            f"{task.title}. Measured on: {subject.dataset}, split {subject.split}, {choice.day}"
            f"{brought}.",
        )
        + Html(f'<p class="rl-statement" role="note">{safe(subject.statement)}</p>')
    )
    evaluation_tables.glance(evaluation, task)
    parts = evaluation_tables.parts_of(evaluation, task)
    with st.expander("Exactly what was measured, and how"):
        rows = {row[0]: row[1] for row in parts["What was measured"].rows}
        st.html(facts(rows, "What was measured on what"))
        for words in parts["Method"].words:
            st.html(f'<p class="rl-fine">{safe(words)}</p>')
