"""History: every prediction on record, the newest first, and each of them again."""

import streamlit as st

from radlens.domain.errors import RadLensError
from radlens.domain.prediction import Prediction
from radlens.ports import Site
from radlens.ui import door, priors, result
from radlens.ui.looked import first
from radlens.ui.spoken import spoken
from radlens.ui.table import Row, table
from radlens.ui.wording import card_of, headline, tiers
from radlens.usecases.history import history

PAGE = 20
OPENED = "prediction"  # in the address, so that it can be kept, and Back leads to the list
COLUMNS = ("Time", "Task", "Findings", "Tier", "Model", "Image")


def show() -> None:
    """Draw the list, or the one prediction that was opened."""
    st.title("History", anchor=False)
    site = door.site()
    opened = st.query_params.get(OPENED)
    with spoken():
        if opened is None:
            _list(site)
            return
    st.button("Back to the list", on_click=_close)
    with spoken():
        result.show(site, opened)
        _priors(site, opened)


def _priors(site: Site, prediction_id: str) -> None:
    """What was found before in the same patient, for whoever may ask for that over REST too."""
    if not door.may_get(f"/api/v1/predictions/{prediction_id}/priors"):
        return
    prediction = site.records.get(prediction_id)
    with st.container(border=True, key="card-priors"), spoken():
        priors.show(site, prediction, card_of(site, prediction))


def _close() -> None:
    st.query_params.pop(OPENED, None)


def _list(site: Site) -> None:
    # The ids that the pages before this one ended with: one step back is one pop.
    trail: list[str] = st.session_state.setdefault("trail", [])
    before = trail[-1] if trail else None
    found = first(
        f"history {before}",
        lambda by: history(site, limit=PAGE + 1, before=before, by=by),
        lambda: history(site, limit=PAGE + 1, before=before, by=None),
    )
    if not found:
        st.html(
            '<p class="rl-empty">Nothing is on record yet. Read a first image on the page '
            "Live Prediction; it stays here, also after a restart.</p>"
        )
        return
    with st.container(border=True, key="card-history"):
        number = len(trail) * PAGE
        caption = f"Predictions {number + 1} to {number + len(found[:PAGE])}, the newest first"
        chosen = table(caption, COLUMNS, [_row(site, prediction) for prediction in found[:PAGE]])
        _turn(trail, found)
    if chosen:
        st.query_params[OPENED] = chosen
        st.rerun()


def _turn(trail: list[str], found: list[Prediction]) -> None:
    if not trail and len(found) <= PAGE:
        return
    with st.container(horizontal=True):
        newer = st.button("Newer", disabled=not trail)
        older = st.button("Older", disabled=len(found) <= PAGE)
    if newer:
        trail.pop()
    if older:
        trail.append(found[PAGE - 1].id)
    if newer or older:
        st.rerun()


def _row(site: Site, prediction: Prediction) -> Row:
    try:
        card = card_of(site, prediction)
        task, said = card.title, headline(prediction, card)
    except RadLensError as error:
        task, said = prediction.model.task, error.message
    cells = [
        f"{prediction.time:%Y-%m-%d %H:%M:%S %Z}",
        task,
        said,
        tiers(prediction),
        prediction.model.version,
        prediction.image.digest[:12],
    ]
    return Row(id=prediction.id, cells=cells)
