"""Blind first: what the reader thinks is on record before the answer of the model is shown."""

from collections.abc import Collection

import streamlit as st

from radlens.domain.audit import Verb
from radlens.domain.errors import RadLensError
from radlens.domain.prediction import Prediction
from radlens.domain.review import Opinion, answers_of
from radlens.domain.task import Mode, Task
from radlens.ports import Site
from radlens.ui import door
from radlens.ui.intake import Intake
from radlens.ui.looked import first
from radlens.ui.markup import head, many, table
from radlens.ui.plates import plates
from radlens.ui.spoken import say, spoken
from radlens.ui.viewer import view_alone
from radlens.ui.wording import card_of
from radlens.usecases.disclose import disclose
from radlens.usecases.review import state_blind

SEEN, UNSURE, NOT_SEEN = "seen", "the image does not tell", "not seen"
WORDS = {True: SEEN, False: NOT_SEEN, None: UNSURE}


def switch(sent: Intake) -> None:
    """Let the reader choose whether answers of this list wait for an opinion of their own."""
    sent.blind = st.toggle(
        "Blind first, then the answer",
        value=sent.blind,
        key=f"blind-{sent.name}",
        help="You say what you see before the answer is shown, and it is kept with your name, the "
        "time and the version of the model.",
    )


def ask(site: Site, sent: Intake, prediction_id: str, *, file: str) -> None:
    """Show the image alone and ask for an opinion; raises what ``disclose`` raises.

    Once it is on record the page runs again, and shows the answer.
    """
    prediction = first(
        f"image of {prediction_id}",
        lambda by: disclose(site, prediction_id, Verb.VIEW_IMAGE, by=by).prediction,
        lambda: site.records.get(prediction_id),
    )
    task = card_of(site, prediction)
    with st.container(border=True, key="card-blind"):
        st.html(
            head(file, "The answer is on record, and is shown once you have said what you see.")
        )
        words, image = st.columns([1, 2], gap="large")
        with words:
            _form(site, sent, prediction, task)
        with image, spoken():
            view_alone(prediction, plates(prediction_id, _site=site, _task=task))


def compare(site: Site, prediction_id: str) -> None:
    """Show what this reader said before the answer, beside the answer; nothing without that."""
    by = door.caller().actor
    said = [one for one in site.reviews.of(prediction_id) if one.blind and one.by.name == by.name]
    if not said:
        return
    prediction = site.records.get(prediction_id)
    task, answers = card_of(site, prediction), answers_of(prediction)
    own = {opinion.label: opinion.present for opinion in said[0].opinions}
    told = [label for label, positive in answers.items() if positive or own.get(label) is not False]
    rows = [
        (task.label(label).title, WORDS[own.get(label)], _reported(answers[label]))
        for label in told
    ]
    rest = len(answers) - len(told)
    others = [f"Neither you nor the model saw the other {many(rest, 'label')}."] if rest else []
    with st.container(border=True, key="card-compared"):
        st.html(
            head(
                "What you said before the answer",
                f"{said[0].time:%Y-%m-%d %H:%M:%S %Z}, on record; it cannot be changed any more.",
                *others,
            )
            + (table("Side by side", ("Finding", "You", "Model"), rows) if rows else "")
        )


def opinions(task: Task, *, seen: Collection[str], unsure: Collection[str]) -> list[Opinion]:
    """An opinion of every label: what was not chosen was looked for and not seen."""
    return [Opinion(name, None if name in unsure else name in seen) for name in task.names]


def _form(site: Site, sent: Intake, prediction: Prediction, task: Task) -> None:
    with st.form(f"opinion-{prediction.id}", border=False):
        stated = _choices(task)
        pressed = st.form_submit_button("Record my opinion, show the answer", type="primary")
    skipped = st.button("Show the answer without one", key=f"skip-{prediction.id}")
    if pressed:
        if not stated:
            st.warning("Choose an answer first.")
            return
        try:
            state_blind(site, prediction.id, stated, by=door.caller(active=True).actor)
        except RadLensError as error:
            say(error)
            return
    if pressed or skipped:
        sent.told.add(prediction.id)  # not by ``reveal``: the log tells of this look
        st.rerun()


def _choices(task: Task) -> list[Opinion]:
    """What the reader chose, as an opinion of every label; nothing where an answer is wanted."""

    def title(name: str) -> str:
        return task.label(name).title if name else "The image does not tell"

    if task.mode is Mode.MULTI_CLASS:
        chosen = st.radio("What do you see?", [*task.names, ""], format_func=title, index=None)
        if chosen is None:
            return []
        return opinions(task, seen=[chosen], unsure=() if chosen else task.names)
    seen, unsure = (
        st.pills(question, task.names, format_func=title, selection_mode="multi")
        for question in ("What do you see?", "Of what does the image not tell?")
    )
    st.html('<p class="rl-fine">What you do not choose counts as not seen.</p>')
    return opinions(task, seen=seen, unsure=[name for name in unsure if name not in seen])


def _reported(positive: bool) -> str:  # noqa: FBT001
    return "reported" if positive else "not reported"
