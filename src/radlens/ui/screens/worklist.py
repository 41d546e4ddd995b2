"""Worklist & Review: what waits for a reader, the most urgent first, and the review of each."""

from collections.abc import Mapping

import streamlit as st

from radlens.domain.errors import RadLensError
from radlens.domain.worklist import RULE, STATES, Case, Rank, Sought, State, age_words
from radlens.ports import Site
from radlens.ui import case_view, door, taken_along
from radlens.ui.looked import first
from radlens.ui.markup import Tile, empty, tiles
from radlens.ui.spoken import spoken
from radlens.ui.table import Row, table
from radlens.ui.wording import card_of, headline
from radlens.usecases.worklist import claim_next, worklist

PAGE = 25
OPENED = "case"  # in the address, so that it can be kept, and Back leads to the list
SKIP = "worklist-skip"
ANY = "any"
TO_READ, MINE = "to be read", "mine"
COLUMNS = ("Urgency", "State", "Age", "Reader", "Task", "What the model reports")


def show() -> None:
    """Draw the list with its filters, or the case that was opened."""
    st.title("Worklist & Review", anchor=False)
    site = door.site()
    opened = st.query_params.get(OPENED)
    with spoken():
        if opened is None:
            _list(site)
            return
    with st.container(horizontal=True):
        st.button("Back to the worklist", on_click=_close)
        with spoken():
            _offer_next(site, None)
    with spoken():
        case_view.show(site, opened)


def _close() -> None:
    st.query_params.pop(OPENED, None)


def _rewind() -> None:
    st.session_state[SKIP] = 0


def _list(site: Site) -> None:
    with st.container(border=True, key="card-filters"):
        sought = _filters(site)
    skip: int = st.session_state.setdefault(SKIP, 0)
    found, counts = first(
        "worklist",
        lambda by: worklist(site, sought, limit=PAGE + 1, skip=skip, by=by),
        lambda: worklist(site, sought, limit=PAGE + 1, skip=skip, by=None),
    )
    with st.container(border=True, key="card-worklist"):
        st.html(_counted(counts))
        st.html(f'<p class="rl-fine">{RULE}</p>')
        if not found:
            st.html(_nothing(counts))
            return
        _offer_next(site, sought.task)
        caption = f"Cases {skip + 1:,} to {skip + len(found[:PAGE]):,}, the most urgent first"
        rows = [_row(site, case) for case in found[:PAGE]]
        chosen = table(caption, COLUMNS, rows, key="worklist", keys=True)
        _turn(skip, more=len(found) > PAGE)
        taken_along.offer(site, found[:PAGE])
    if chosen:
        _open(chosen)


def _open(prediction_id: str) -> None:
    st.query_params[OPENED] = prediction_id
    st.rerun()


def _counted(counts: Mapping[State, int]) -> str:
    return tiles(
        Tile(f"{counts[state]:,}", state.capitalize(), meaning) for state, meaning in STATES.items()
    )


def _nothing(counts: Mapping[State, int]) -> str:
    if sum(counts.values()):
        return empty("No case fits these filters.")
    return empty(
        "There is no case yet. Every image that is read on the page Live Prediction, from the "
        "command line or over REST becomes one."
    )


def _offer_next(site: Site, task: str | None) -> None:
    if not st.button("Take the next case", type="primary", help="The most urgent that waits."):
        return
    case = claim_next(site, by=door.caller(active=True).actor, task=task)
    if case:
        _open(case.prediction.id)
    st.info("No case waits for you.")


def _filters(site: Site) -> Sought:
    """What is asked for; a change of it starts at the most urgent again."""
    state, rank, task, reader = st.columns(4)
    states = {TO_READ: Sought().states, ANY: frozenset(State)} | {
        str(one): frozenset({one}) for one in State
    }
    chosen = state.selectbox("State", list(states), on_change=_rewind)
    urgency = rank.selectbox("Urgency", [ANY, *Rank], on_change=_rewind)
    name = task.selectbox("Task", [ANY, *sorted(site.tasks)], on_change=_rewind)
    whose = reader.selectbox("Reader", [ANY, MINE], on_change=_rewind)
    return Sought(
        states=states[chosen],
        rank=None if urgency == ANY else Rank(urgency),
        task=None if name == ANY else name,
        reader=door.caller().actor.name if whose == MINE else None,
    )


def _turn(skip: int, *, more: bool) -> None:
    if not skip and not more:
        return
    with st.container(horizontal=True):  # what is pressed is done before the page is drawn: once
        st.button("More urgent", disabled=not skip, on_click=_to, args=(max(skip - PAGE, 0),))
        st.button("Less urgent", disabled=not more, on_click=_to, args=(skip + PAGE,))


def _to(skip: int) -> None:
    st.session_state[SKIP] = skip


def _row(site: Site, case: Case) -> Row:
    now, prediction = site.clock(), case.prediction
    try:
        card = card_of(site, prediction)
        task, said = card.title, headline(prediction, card)
    except RadLensError as error:
        task, said = prediction.model.task, error.message
    read = f", {case.readings} of {site.readings} readings" if site.readings > 1 else ""
    cells = [
        str(case.rank),
        f"{case.state(now)}{read}",
        age_words(case.age(now)),
        (case.reader if case.held(now) else case.signer) or "nobody",
        task,
        said,
    ]
    return Row(id=prediction.id, cells=cells)
