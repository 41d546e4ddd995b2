"""Live Prediction: an image in; findings, evidence, report and record out."""

from collections.abc import Callable
from html import escape

import streamlit as st

from radlens.domain.task import Task
from radlens.ports import Site
from radlens.ui import blind, door, intake, result, samples
from radlens.ui.files import Files, of_itself, reveal
from radlens.ui.intake import Intake, Upload
from radlens.ui.spoken import spoken

TASK = "What to look for"
RESULT = "Show the result of"
FORGOTTEN = (
    "The list of what was sent before is not known any more: the server was started again, or the "
    "list was another reader's or of another day. What was read stands in History. Send the others "
    "again; nothing is recorded twice."
)
SHOWN = "prediction"  # in the address, so that a reload shows the same result again


def show() -> None:
    """Draw the page; whatever is shown as a result is on record already."""
    st.title("Live Prediction", anchor=False)
    site, sent = door.site(), intake.here()
    _resume(sent)
    if sent.forgotten:
        st.warning(FORGOTTEN)
    with st.container(border=True, key="card-intake"):
        task = _choose_task(site)
        card = st.container()
        files = Files(site, sent, task.name, st.container())
        with card, spoken():
            site.live.current(task.name)  # without a live model there is nothing to send to
            _take(site, sent, task, files)
        files.first()
        if sent.of(task.name):
            st.button(
                "Clear this list", on_click=intake.renew, help="What is on record stays there."
            )
    chosen = _choose_answer(sent, task) if sent.answers else st.query_params.get(SHOWN)
    _address(SHOWN, chosen)
    _address(intake.LIST, sent.name if sent.answers else None)
    if chosen is not None:
        with spoken():
            _show(site, sent, chosen)
    files.rest()


def _resume(sent: Intake) -> None:
    """Let a reload show what was shown: the session is new, the list and the address are not."""
    if f"last {TASK}" in st.session_state or not sent.answers:
        return
    tasks = {answer.outcome: answer.task for answer in sent.answers.values()}
    shown = st.query_params.get(SHOWN)
    st.session_state[f"last {TASK}"] = tasks.get(shown) or list(tasks.values())[-1]
    if shown in tasks:
        st.session_state[f"last {RESULT}"] = shown


def _take(site: Site, sent: Intake, task: Task, files: Files) -> None:
    retry, uploads, by = not of_itself(), _uploads(sent, task), door.caller().actor
    began, files.left = sent.take(site, task.name, uploads, by=by, retry=retry)
    if began and retry:
        _forget_choice()  # the newest answer comes to the front


def _show(site: Site, sent: Intake, chosen: str) -> None:
    names = {answer.outcome: answer.name for answer in sent.answers.values()}
    if sent.blind and chosen in names and chosen not in sent.told:
        blind.ask(site, sent, chosen, file=names[chosen])
        return
    if chosen in names:
        reveal(sent, chosen)
        blind.compare(site, chosen)
    result.show(site, chosen, file=names.get(chosen))


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


def _address(name: str, value: str | None) -> None:
    """What the page shows stands in its address, so that a reload shows it again."""
    if value is None:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value


def _uploads(sent: Intake, task: Task) -> list[Upload]:
    # A key for each task: files that were sent for one are never read for another.
    inlet, at_hand = st.columns([3, 1], gap="medium")
    files = inlet.file_uploader(
        "Images: PNG, JPEG or DICOM, one or many, or all files of a series",
        accept_multiple_files=True,
        key=f"uploads-{task.name}-{sent.name}",
    )
    uploads = [Upload(file.name, file.file_id, file.getvalue) for file in files]
    with inlet:
        blind.switch(sent)
    with at_hand:
        sample = samples.offer(task.name)
    return [*uploads, sample] if sample else uploads


def _choose_answer(sent: Intake, task: Task) -> str | None:
    """Which result of this list to show, the newest if the reader does not say."""
    read = {a.outcome: a.name for a in sent.of(task.name)[::-1] if isinstance(a.outcome, str)}
    if len(read) < 2:
        return next(iter(read), None)
    return _choice(RESULT, list(read), lambda found: read[found])


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
