"""What may be done with a version, each act after a question and with a reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from radlens.domain.audit import Actor
from radlens.domain.errors import RadLensError
from radlens.domain.registry import NEXT, Move, Stage, Version, predecessor
from radlens.ports import Site
from radlens.ui import door
from radlens.ui.spoken import say
from radlens.usecases.activate import activate, roll_back
from radlens.usecases.retire import retire

DONE = "decided"


@dataclass(frozen=True)
class Decision:
    """A button, the question that it asks first, and what is done on yes."""

    name: str
    question: str
    act: Callable[[str], str]


def tell() -> None:
    """Say once what was decided last."""
    if said := st.session_state.pop(DONE, None):
        st.success(said)


def decisions(site: Site, version: Version) -> None:
    """Offer what the stage of a version allows."""
    with st.container(border=True, key="card-decide"):
        st.subheader("Decide", anchor=False)
        offered = _offered(site, version)
        if not offered:
            st.html('<p class="rl-empty">Nothing can be done with it at this stage.</p>')
        _buttons(offered)


def offer_rollback(site: Site, task: str, moves: Sequence[Move]) -> None:
    """Offer to let the version before the present one answer again, where there is one."""
    before = predecessor(moves)
    if before is None:
        return
    name = site.registry.get(before).version

    def act(reason: str) -> str:
        version = roll_back(site, task, by=_me(), reason=reason)
        return f"{version.version} answers again."

    question = f"{name} will answer for this task again, from the next image on."
    _buttons([Decision("Roll back", question, act)])


def _offered(site: Site, version: Version) -> list[Decision]:
    ways = NEXT[version.stage] if version.loadable else frozenset()
    found = []
    if Stage.LIVE in ways:
        question = (
            f"{version.version} will answer for this task from the next image on. It is loaded "
            "and proven first; if that fails, the present version goes on."
        )
        found.append(Decision("Activate", question, lambda why: _activated(site, version, why)))
    if version.stage in (Stage.CANDIDATE, Stage.SHADOW, Stage.CANARY):
        question = f"{version.version} will not be used any more. It stays in the history."
        found.append(Decision("Retire", question, lambda why: _retired(site, version, why)))
    return found


def _activated(site: Site, version: Version, reason: str) -> str:
    return f"{activate(site, version.digest, by=_me(), reason=reason).version} is live."


def _retired(site: Site, version: Version, reason: str) -> str:
    return f"{retire(site, version.digest, by=_me(), reason=reason).version} is retired."


def _me() -> Actor:
    return door.caller(active=True).actor


def _buttons(offered: Sequence[Decision]) -> None:
    with st.container(horizontal=True):
        for decision in offered:
            if st.button(decision.name, key=f"decide-{decision.name}"):
                _ask(decision)


def _ask(decision: Decision) -> None:
    @st.dialog(decision.name)
    def asked() -> None:
        st.write(decision.question)
        reason = st.text_input("Reason, kept in the history", max_chars=500, key="why")
        yes, no = st.columns(2)
        if no.button("Cancel", width="stretch"):
            st.rerun()
        if yes.button("Confirm", type="primary", width="stretch"):
            try:
                st.session_state[DONE] = decision.act(reason)
            except RadLensError as error:
                say(error)
                return
            st.rerun()

    asked()
