"""One prediction from the record, as a card: findings, evidence, numbers, downloads."""

import json
from collections.abc import Callable
from html import escape

import streamlit as st

from radlens.domain.audit import Verb
from radlens.domain.prediction import Prediction
from radlens.domain.task import Task
from radlens.ports import Site
from radlens.ui import chart, door, findings
from radlens.ui.looked import first
from radlens.ui.plates import plates
from radlens.ui.spoken import spoken
from radlens.ui.viewer import view
from radlens.ui.wording import by_probability, card_of, reported
from radlens.usecases.disclose import disclose, look
from radlens.wire import prediction_json


def show(site: Site, prediction_id: str, *, file: str | None = None) -> None:
    """Show what is on record under an id; raises NoSuchPrediction, UnknownTask.

    The log tells of it first, or nothing is shown.
    """
    prediction = first(
        prediction_id,
        lambda by: look(site, prediction_id, by=by),
        lambda: site.records.get(prediction_id),
    )
    task = card_of(site, prediction)
    with st.container(border=True, key="card-result"):
        st.html(_statement(prediction, task, file))
        words, evidence = st.columns([1, 2], gap="large")
        with words:
            findings.summarise(prediction, task)
        if prediction.erased:
            plates.clear()  # or the pictures would be shown from this process's memory
        with evidence, spoken():
            pictures = plates(prediction_id, _site=site, _task=task)
            view(prediction, pictures, start=start_label(prediction, task))
            downloads(site, prediction, task)
    with st.container(border=True, key="card-findings"):
        left, right = st.columns([3, 2], gap="large")
        with left:
            st.subheader("All findings", anchor=False)
            findings.list_all(prediction, task)
        with right:
            st.subheader("Probabilities", anchor=False)
            chart.draw(prediction, task)
            st.html(_origin(prediction))


def start_label(prediction: Prediction, task: Task) -> str:
    """The label that the viewer starts with: the most urgent of the reported, or the likeliest."""
    found = [finding for finding, _ in reported(prediction, task)] or by_probability(prediction)
    return found[0].label


def _statement(prediction: Prediction, task: Task, file: str | None) -> str:
    """What the model is, beside every result."""
    image = prediction.image
    frame = (
        f" This file has {image.frames} frames; frame {image.frame} was read, the others were not."
        if image.frames > 1
        else ""
    )
    return (
        f'<div class="rl-head"><h2>{escape(file or task.title)}</h2>'
        f'<p class="rl-fine">{escape(task.title)} \N{MIDDLE DOT} '
        f"{prediction.time:%Y-%m-%d %H:%M:%S %Z}</p></div>"
        f'<p class="rl-statement" role="note">{escape(prediction.model.statement)} '
        f"{escape(task.intended_use)}{frame}</p>"
    )


def downloads(site: Site, prediction: Prediction, task: Task) -> None:
    """Offer the report and the answer, each made and told to the log when it is asked for."""
    with st.container(horizontal=True):
        st.download_button(
            "PDF report",
            _report(site, prediction, task),  # made when the button is pressed, not before
            file_name=f"radlens-{prediction.id}.pdf",
            mime="application/pdf",
            on_click="ignore",
            key=f"pdf-{prediction.id}",
        )
        st.download_button(
            "JSON",
            _answer(site, prediction),
            file_name=f"radlens-{prediction.id}.json",
            mime="application/json",
            on_click="ignore",
            key=f"json-{prediction.id}",
        )


def _answer(site: Site, prediction: Prediction) -> Callable[[], str]:
    by = door.caller().actor

    def make() -> str:
        found = look(site, prediction.id, Verb.DOWNLOAD_ANSWER, by=by)
        # Without the name under which it was sent, which may be a patient's.
        return json.dumps(prediction_json(found, None), indent=1, ensure_ascii=False)

    return make


def _report(site: Site, prediction: Prediction, task: Task) -> Callable[[], bytes]:
    name, by = door.site_name(), door.caller().actor

    def make() -> bytes:
        from radlens.reports.pdf import pdf  # reportlab and its fonts, for those who press

        recalled = disclose(site, prediction.id, Verb.DOWNLOAD_REPORT, by=by)
        return pdf(
            recalled.prediction,
            task=task,
            scan=recalled.scan,
            evidence=recalled.evidence,
            said=recalled.said,
            site_name=name,
        )

    return make


def _origin(prediction: Prediction) -> str:
    model, image = prediction.model, prediction.image
    rows = {
        "Prediction": prediction.id,
        "Model": f"{model.task} {model.version}",
        "Model digest": model.digest,
        "Image digest": image.digest,
        "Asked by": f"{prediction.by.name} ({prediction.by.via})",
    }
    items = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows.items()
    )
    return f'<dl class="rl-origin" aria-label="Where this comes from">{items}</dl>'
