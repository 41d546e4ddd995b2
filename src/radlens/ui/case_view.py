"""One case of the worklist: the image, the answer, and what readers make of it."""

from collections.abc import Callable
from datetime import datetime
from html import escape

import streamlit as st

from radlens.domain.audit import Actor
from radlens.domain.errors import Erased, RadLensError, Taken
from radlens.domain.prediction import Prediction
from radlens.domain.review import LATE, UNDO, Review
from radlens.domain.task import Task
from radlens.domain.worklist import Case, Rank, age_words
from radlens.ports import Site
from radlens.reports.reading import reading
from radlens.ui import door, findings, priors, review_form
from radlens.ui.looked import first
from radlens.ui.markup import Html, badge, facts, head, many, table
from radlens.ui.plates import plates
from radlens.ui.result import downloads, start_label
from radlens.ui.spoken import say, spoken
from radlens.ui.viewer import view
from radlens.ui.wording import card_of
from radlens.usecases.disclose import look
from radlens.usecases.review import review, undo
from radlens.usecases.worklist import claim, follow, keep_hold, release
from radlens.wire_reviews import opinions_of

SIGNED = "signed-review"  # the review that this session signed last
TURN = "review-turn"
REFUSED = "review-refused"  # the case, and why what was signed just now is not on record
WRITING = "review-writing"  # the case whose form is open here, and how much its reader had said
PRESSED = "case-pressed"  # the case and the button of it that was pressed just now
GIVE, TAKE, AMEND = "Give it back", "Take this case", "Take it again to amend the review"
KINDS = {Rank.CRITICAL: "rl-critical", Rank.MODERATE: "rl-moderate", Rank.ROUTINE: "rl-routine"}


def show(site: Site, prediction_id: str) -> None:
    """Show a case; raises NoSuchPrediction, or Erased where somebody has erased its image."""
    by = door.caller(active=True).actor
    follow(site)
    case = keep_hold(site, site.worklist.case(prediction_id), by=by)
    if erased := case.prediction.erased:
        plates.clear()  # or the pictures would be shown from this process's memory
        raise Erased(f"The image of this case was erased by {erased.by}: {erased.reason}")
    prediction = first(
        prediction_id, lambda who: look(site, prediction_id, by=who), lambda: case.prediction
    )
    task = card_of(site, prediction)
    with st.container(border=True, key="card-case"):
        st.html(_about(site, case, task))
        _hands(site, case)
        words, evidence = st.columns([2, 3], gap="large")
        with words, spoken():
            _review(site, case, task)
        with evidence, spoken():
            view(
                prediction,
                plates(prediction_id, _site=site, _task=task),
                start=start_label(prediction, task),
            )
            downloads(site, prediction, task)
    with st.container(border=True, key="card-priors"), spoken():
        priors.show(site, prediction, task)
    if decided := reading(site.reviews.of(prediction_id), prediction, task).rows:
        with st.container(border=True, key="card-decided"):
            columns = ("Finding", "Model", "Reader", "By the reader it is", "Reason")
            rows = [(one.title, one.model, one.done, one.holds, one.reason) for one in decided]
            st.html(table(f"{many(len(rows), 'finding')} decided", columns, rows))


def _about(site: Site, case: Case, task: Task) -> Html:
    now, prediction = site.clock(), case.prediction
    zone = prediction.time.tzinfo
    rows: dict[str, object] = {
        "Urgency": badge(case.rank, KINDS.get(case.rank, "")),
        "State": str(case.state(now)),
        "Read by the model": f"{age_words(case.age(now))}, {prediction.time:%Y-%m-%d %H:%M %Z}",
        "Model": f"{prediction.model.task} {prediction.model.version}",
    }
    if case.lease and case.held(now):
        rows["Reader"] = f"{case.reader}, until {case.lease.astimezone(zone):%H:%M}"
    if case.signer:
        rows["Signed by"] = case.signer
    if site.readings > 1:
        rows["Readings"] = f"{case.readings} of {site.readings}" + _adjudication(site, case)
    statement = Html('<p class="rl-statement" role="note">') + prediction.model.statement
    return head(task.title) + statement + Html("</p>") + facts(rows, "The case")


def _adjudication(site: Site, case: Case) -> str:
    open_still = case.outcome is None and case.readings >= site.readings
    return "; they differ, so another reader decides" if open_still else ""


def _hands(site: Site, case: Case) -> None:
    """Buttons to take the case, or to give it back."""
    prediction_id, by = case.prediction.id, door.caller().actor
    acts: dict[str, Callable[[], object]] = {
        GIVE: lambda: _give_back(site, prediction_id, by),
        TAKE: lambda: claim(site, prediction_id, by=by),
        AMEND: lambda: claim(site, prediction_id, by=by, amend=True),
    }
    # What was pressed is answered even where another reader was faster, and its button is gone.
    pressed_at, pressed = st.session_state.pop(PRESSED, (None, ""))
    if pressed_at == prediction_id:
        _done(acts[pressed])
    held = case.held(site.clock())
    if held and case.reader != by.name:
        return
    name = GIVE if held else TAKE if case.outcome is None else AMEND
    st.button(
        name,
        type="primary" if name == TAKE else "secondary",
        on_click=_press,
        args=(prediction_id, name),
    )


def _give_back(site: Site, prediction_id: str, by: Actor) -> None:
    release(site, prediction_id, by=by)
    st.session_state.pop(WRITING, None)


def _press(prediction_id: str, name: str) -> None:
    st.session_state[PRESSED] = (prediction_id, name)


def _done(act: Callable[[], object]) -> None:
    """Do what was pressed, and draw the page anew; or say why it was not done."""
    try:
        act()
    except RadLensError as error:
        say(error)
    else:
        # The hands are others now, whatever was said of them; and a form that was signed in the
        # same moment was not read: it is drawn anew, so that it can be signed.
        st.session_state.pop(REFUSED, None)
        st.session_state[TURN] = st.session_state.get(TURN, 0) + 1
        st.rerun()


def _review(site: Site, case: Case, task: Task) -> None:
    now, by = site.clock(), door.caller().actor
    said = site.reviews.of(case.prediction.id)
    writing = (case.prediction.id, sum(one.by.name == by.name for one in said))
    if case.held(now) and case.reader == by.name:
        st.session_state[WRITING] = writing
        _write(site, case.prediction, task)
        return
    if st.session_state.get(WRITING) == writing:
        _lapsed(case, now)
        _write(site, case.prediction, task)
        return
    last = next((one for one in reversed(said) if one.standing), None)
    if last and last.id == st.session_state.get(SIGNED) and now - last.time <= UNDO + LATE:
        _take_back(site, last, case.prediction)
    found = reading(said, case.prediction, task)
    words = Html(f'<p class="rl-statement" role="note">{escape(found.status)}</p>')
    if found.impression:
        words += Html('<p class="rl-impression">') + found.impression + Html("</p>")
    st.html(words)
    findings.summarise(case.prediction, task)


def _lapsed(case: Case, now: datetime) -> None:
    """Say who has a case whose form is open here still, since nobody signed it here."""
    if case.held(now):
        who = f"{case.reader} has this case now"
    elif case.outcome:
        who = f"{case.signer} has signed this case meanwhile"
    else:
        who = "Nobody has this case now"
    kept = "What you wrote stays in this tab. It can be signed once you have the case again."
    say(Taken(f"{who}: the time for which it was yours is over.", hint=kept))


def _write(site: Site, prediction: Prediction, task: Task) -> None:
    refused_at, refused = st.session_state.pop(REFUSED, (None, None))
    if refused_at == prediction.id:
        say(refused)
    turn = st.session_state.setdefault(TURN, 0)
    by = door.caller(active=True).actor
    pressed = review_form.write(prediction, task, turn=turn, by=by)
    findings.show_alike(prediction, task)
    if not pressed.signed:
        return
    st.session_state[TURN] = turn + 1  # what was refused can be pressed again
    try:
        new = pressed.review
        opinions, impression = opinions_of(new), new.get("impression", "")
        signed = review(site, prediction.id, opinions, impression=impression, by=by)
    except RadLensError as error:
        st.session_state[REFUSED] = (prediction.id, error)
    else:
        st.session_state[SIGNED] = signed.id
    st.rerun()


def _take_back(site: Site, signed: Review, prediction: Prediction) -> None:
    pressed = review_form.take_back(signed, prediction)
    if pressed.undone == signed.id:
        undo(site, signed.id, by=door.caller(active=True).actor)
        st.session_state.pop(SIGNED, None)
        st.rerun()
