"""Earlier readings of the patient of a case, and how their answers differ from the present one."""

import streamlit as st

from radlens.domain.finding import Finding, percent
from radlens.domain.prediction import Prediction
from radlens.domain.prior import COURSE, ORDER, OTHER_MODEL, Change, Prior
from radlens.domain.task import Task
from radlens.ports import Site
from radlens.ui.looked import first
from radlens.ui.markup import Html, head, link, many, table
from radlens.ui.wording import card_of, headline
from radlens.usecases.priors import priors

NOBODYS = "Nothing on record says whose image this is: no earlier images of a patient are shown."
NONE = "No other study of this patient was read here before for this task."
PRIORS = ("Read here", "Version", "Reported by the model", "Review")
CHANGES = ("Finding", "Then", "Now", "By tier")


def show(site: Site, prediction: Prediction, task: Task) -> None:
    """Show what was found before, or why nothing is shown."""
    if prediction.whose is None:
        st.html(_fine(NOBODYS))
        return
    key = prediction.id
    found = first(
        f"priors of {key}",
        lambda who: priors(site, key, by=who),
        lambda: priors(site, key, by=None),
    )
    if not found:
        st.html(_fine(NONE))
        return
    rows = [_row(one, card_of(site, one.prediction)) for one in found]
    caption = f"{many(len(found), 'earlier reading')} of this patient, the newest first"
    st.html(head("Earlier readings") + table(caption, PRIORS, rows) + _fine(ORDER))
    chosen = found[0]
    if len(found) > 1:
        chosen = st.selectbox("Compared with", found, format_func=_named, key=f"prior-of-{key}")
    st.html(_changed(chosen, task))


def _row(prior: Prior, task: Task) -> list[object]:
    then = prior.prediction
    address = link(f"/worklist-review?case={then.id}", _named(prior))
    return [address, then.model.version, headline(then, task), prior.state]


def _named(prior: Prior) -> str:
    """No two have the same name: of a series, several are read in one second."""
    then = prior.prediction
    return f"{then.time:%Y-%m-%d %H:%M:%S %Z}, image {then.image.digest[:8]}"


def _changed(prior: Prior, task: Task) -> Html:
    told = [change for change in prior.changes if change.claimed]
    rows = [_change(change, task) for change in told]
    caption = f"The answer now beside that of {_named(prior)}"
    words = _fine(f"{OTHER_MODEL} {COURSE}" if prior.other_model else COURSE)
    left = len(prior.changes) - len(told)
    others = _fine(f"{many(left, 'other finding')}: reported neither then nor now.")
    return (table(caption, CHANGES, rows) if rows else Html("")) + (others if left else "") + words


def _change(change: Change, task: Task) -> list[object]:
    title = task.label(change.label).title
    return [title, _said(change.then), _said(change.now), change.turn]


def _said(finding: Finding | None) -> str:
    if finding is None:
        return "not looked for"
    return f"{percent(finding.probability)}, {finding.tier or 'not reported'}"


def _fine(words: str) -> Html:
    return Html('<p class="rl-fine">') + words + Html("</p>")
