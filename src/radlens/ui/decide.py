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
from radlens.usecases.activate import activate, approve, roll_back
from radlens.usecases.retire import retire
from radlens.usecases.trial import LARGEST_SHARE, Terms, canary, shadow, withdraw

DONE = "decided"
SHARES = (0.01, 0.05, 0.1, 0.25, LARGEST_SHARE)


@dataclass(frozen=True)
class Decision:
    """A button, the question that it asks first, and what is done on yes, to a sentence.

    ``gated`` decisions pass the gate to promotion or override it; ``shared`` ones ask for the
    share of the images.
    """

    name: str
    question: str
    act: Callable[[Terms, float], str]
    gated: bool = False
    shared: bool = False


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

    def act(terms: Terms, _: float) -> str:
        version = roll_back(site, task, by=_me(), reason=terms.reason)
        return f"{version.version} answers again."

    question = f"{name} will answer for this task again, from the next image on."
    _buttons([Decision("Roll back", question, act)])


def _offered(site: Site, version: Version) -> list[Decision]:
    ways = NEXT[version.stage] if version.loadable else frozenset()
    tried = version.stage in (Stage.SHADOW, Stage.CANARY)
    return [
        decision
        for decision, possible in (
            (_activate(site, version), Stage.LIVE in ways),
            (_approve(site, version), Stage.LIVE in ways and site.approvals > 1),
            (_shadow(site, version), Stage.SHADOW in ways),
            (_canary(site, version), Stage.CANARY in ways),
            (_withdraw(site, version), tried),
            (_retire(site, version), tried or version.stage is Stage.CANDIDATE),
        )
        if possible
    ]


def _activate(site: Site, version: Version) -> Decision:
    name = version.version

    def act(terms: Terms, _: float) -> str:
        activate(
            site,
            version.digest,
            by=_me(),
            reason=terms.reason,
            override=terms.override,
            match=terms.match,
        )
        return f"{name} is live."

    question = (
        f"{name} will answer for this task from the next image on. It is loaded and proven first; "
        "if that fails, the present version goes on."
    )
    return Decision("Activate", question, act, gated=True)


def _approve(site: Site, version: Version) -> Decision:
    def act(terms: Terms, _: float) -> str:
        approve(site, version.digest, by=_me(), reason=terms.reason)
        return f"{version.version} is approved of; another account may let it answer."

    return Decision(
        "Approve", "You approve of its next step, to canary or live, by another account.", act
    )


def _shadow(site: Site, version: Version) -> Decision:
    def act(terms: Terms, _: float) -> str:
        shadow(site, version.digest, by=_me(), reason=terms.reason)
        return f"{version.version} reads in the shadow."

    question = (
        f"{version.version} will read what the live version answers. Its answers are recorded and "
        "never shown; how the two agree stands on this page."
    )
    return Decision("Shadow", question, act)


def _canary(site: Site, version: Version) -> Decision:
    def act(terms: Terms, share: float) -> str:
        canary(site, version.digest, share, by=_me(), terms=terms)
        return f"{version.version} answers for {share:.0%} of the images."

    question = (
        f"{version.version} will answer for a share of the images, always the same ones, and is "
        "stopped by itself where it fails or differs too often."
    )
    return Decision("Canary", question, act, gated=True, shared=True)


def _withdraw(site: Site, version: Version) -> Decision:
    def act(terms: Terms, _: float) -> str:
        withdraw(site, version.digest, by=_me(), reason=terms.reason)
        return f"{version.version} is a candidate again."

    return Decision("End the trial", f"{version.version} will be a candidate again.", act)


def _retire(site: Site, version: Version) -> Decision:
    def act(terms: Terms, _: float) -> str:
        retire(site, version.digest, by=_me(), reason=terms.reason)
        return f"{version.version} is retired."

    question = f"{version.version} will not be used any more. It stays in the history."
    return Decision("Retire", question, act)


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
        terms, share = _terms(decision)
        yes, no = st.columns(2)
        if no.button("Cancel", width="stretch"):
            st.rerun()
        if yes.button("Confirm", type="primary", width="stretch"):
            try:
                st.session_state[DONE] = decision.act(terms, share)
            except RadLensError as error:
                say(error)
                return
            st.rerun()

    asked()


def _terms(decision: Decision) -> tuple[Terms, float]:
    reason = st.text_input("Reason, kept in the history", max_chars=500, key="why")
    share, override, match = SHARES[2], False, False
    if decision.shared:
        share = st.select_slider("Share of the images", SHARES, share, format_func="{:.0%}".format)
    if decision.gated:
        match = st.checkbox(
            "At the live version's sensitivity",
            help="With the thresholds of their comparison, instead of its own operating points.",
        )
        override = st.checkbox(
            "Override the gate, should it object",
            help="The reason and what the gate objected to stay in the audit log.",
        )
    return Terms(reason, override, match), share
