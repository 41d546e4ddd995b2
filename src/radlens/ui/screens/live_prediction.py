"""Live Prediction: an image in; findings, evidence, report and record out."""

from collections.abc import Callable
from html import escape

import streamlit as st

from radlens.domain.errors import RadLensError
from radlens.domain.task import Task
from radlens.ports import Site
from radlens.ui import door, intake, result, samples
from radlens.ui.intake import Answer, Upload
from radlens.ui.spoken import error_html, say, spoken
from radlens.ui.wording import card_of, headline

TASK = "What to look for"
RESULT = "Show the result of"
SHOWN = "prediction"  # in the address, so that a reload shows the same result again


def show() -> None:
    """Draw the page; whatever is shown as a result is on record already."""
    st.title("Live Prediction", anchor=False)
    site = door.site()
    with st.container(border=True, key="card-intake"):
        task = _choose_task(site)
        with spoken():
            site.live.current(task.name)  # without a live model there is nothing to send to
            if intake.take(site, task.name, _uploads(task)):
                _forget_choice()  # the newest answer comes to the front
    if intake.answers():
        chosen = _choose_answer(site, task)
        _address(chosen)
    else:
        chosen = st.query_params.get(SHOWN)
    if chosen is None:
        return
    with spoken():
        result.show(site, chosen, file=_file_of(chosen))


def turn_to(task: str) -> None:
    """Let the page show, when it is opened next, what this session last sent for a task."""
    st.session_state[f"last {TASK}"] = task
    st.session_state.pop(TASK, None)
    _forget_choice()


def _choose_task(site: Site) -> Task:
    names = sorted(site.tasks, key=lambda name: (not samples.live(site, name), name))
    task = site.tasks[_choice(TASK, names, lambda name: site.tasks[name].title)]
    demo = '<span class="rl-badge rl-warn">demonstration</span> ' if task.demonstration else ""
    st.html(
        f'<p class="rl-fine">{demo}{escape(task.intended_use)} '
        f"Modalities: {escape(', '.join(task.modalities))}.</p>"
    )
    return task


def _address(chosen: str | None) -> None:
    if chosen is None:
        st.query_params.pop(SHOWN, None)
    elif st.query_params.get(SHOWN) != chosen:
        st.query_params[SHOWN] = chosen


def _uploads(task: Task) -> list[Upload]:
    # A key for each task: files that were sent for one are never read for another.
    inlet, at_hand = st.columns([3, 1], gap="medium")
    files = inlet.file_uploader(
        "Images: PNG, JPEG or DICOM, one or many",
        accept_multiple_files=True,
        key=f"uploads-{task.name}-{intake.generation()}",
    )
    sent = [Upload(file.name, file.file_id, file.getvalue) for file in files]
    with at_hand:
        sample = samples.offer(task.name)
    return [*sent, sample] if sample else sent


def _choose_answer(site: Site, task: Task) -> str | None:
    """The list of what this session sent for a task, the newest first, and the one to show."""
    answers = [a for a in intake.answers().values() if a.task == task.name][::-1]
    if not answers:
        return None
    if len(answers) == 1 and isinstance(answers[0].outcome, RadLensError):
        say(answers[0].outcome, answers[0].name)
        return None
    read = {a.outcome: a for a in answers if isinstance(a.outcome, str)}
    if len(answers) > 1:
        _list(site, answers)
    if len(read) < 2:
        return next(iter(read), None)
    return _choice(RESULT, list(read), lambda found: read[found].name)


def _choice(label: str, options: list[str], title: Callable[[str], str]) -> str:
    """A box to choose from that keeps its choice when the page is left: its own state does not."""
    kept = f"last {label}"
    if st.session_state.get(label) not in options:
        last = st.session_state.get(kept)
        st.session_state[label] = last if last in options else options[0]
    chosen: str = st.selectbox(label, options, format_func=title, key=label)
    st.session_state[kept] = chosen
    return chosen


def _forget_choice() -> None:
    for name in (RESULT, f"last {RESULT}"):
        st.session_state.pop(name, None)


def _list(site: Site, answers: list[Answer]) -> None:
    with st.container(border=True, key="card-list"):
        rows = "".join(f"<li>{_row(site, answer)}</li>" for answer in answers)
        st.html(f'<ul class="rl-files" aria-label="Files of this session">{rows}</ul>')
        st.button("Clear this list", on_click=intake.forget, help="What is on record stays there.")


def _row(site: Site, answer: Answer) -> str:
    if isinstance(answer.outcome, RadLensError):
        return error_html(answer.outcome, answer.name)
    try:
        prediction = site.records.get(answer.outcome)
        said = headline(prediction, card_of(site, prediction))
    except RadLensError as error:
        return error_html(error, answer.name)
    return f"<b>{escape(answer.name)}</b> <span>{escape(said)}</span>"


def _file_of(prediction_id: str) -> str | None:
    found = (a.name for a in intake.answers().values() if a.outcome == prediction_id)
    return next(found, None)
