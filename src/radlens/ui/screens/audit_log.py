"""Audit Log: who did what, when, from where, and how it ended; as it was chained and signed."""

import json
from datetime import UTC, date, datetime, time, timedelta
from html import escape

import streamlit as st

from radlens.domain.audit import Act, Entry, Outcome, Verb, Wanted
from radlens.domain.errors import NoSuchItem, RadLensError
from radlens.ports import Site
from radlens.ui import door
from radlens.ui.log_links import exports, leads
from radlens.ui.spoken import say, spoken
from radlens.ui.table import Row, table
from radlens.usecases.verify import verify_and_note

PAGE = 50
SHOWN = 24  # of an id or a digest in the list; the opened entry has all of it
OPENED = "entry"  # in the address, so that it can be kept, and Back leads to the list
COLUMNS = ("Entry", "Time", "Who", "Act", "Outcome", "About")
ANY = "any"


def show() -> None:
    """Draw the filters and the entries, or the one that was opened."""
    st.title("Audit Log", anchor=False)
    site = door.site()
    opened = st.query_params.get(OPENED)
    with spoken():
        _note_the_look(site)
        if opened is None:
            _overview(site)
            return
    st.button("Back to the log", on_click=_close)
    with spoken():
        _one(site, opened)


def _close() -> None:
    st.query_params.pop(OPENED, None)


def _note_the_look(site: Site) -> None:
    """Whoever opens the log is in it, once a session: a page runs at every touch."""
    if not st.session_state.get("looked-at-log"):
        by = door.caller(active=True).actor
        site.trail.note(Act(site.clock(), by, Verb.VIEW_AUDIT, "audit", {}))
        st.session_state["looked-at-log"] = True


def _overview(site: Site) -> None:
    with st.container(border=True, key="card-proof"):
        _proof(site)
    with st.container(border=True, key="card-filters"):
        wanted = _filters()
    with st.container(border=True, key="card-audit"):
        _list(site, wanted)


def _proof(site: Site) -> None:
    last, sealed = site.trail.ends()
    st.html(
        f'<p class="rl-fine">{last:,} entries; signed up to entry {sealed:,}. What came after the '
        "last signature could be cut off without being seen.</p>"
    )
    if not st.button("Verify the log"):
        return
    with st.spinner("Verifying every entry, signature and record"):
        try:
            found = verify_and_note(site, by=door.caller(active=True).actor)
        except RadLensError as error:
            say(error)
            return
    vouched = (
        f"signatures vouch for the first {found.sealed:,}"
        if found.sealed
        else "none is signed yet, so a tail that was cut off would not be seen"
    )
    st.success(f"{found.entries:,} entries verify; {vouched}.")
    for note in found.notes:
        st.warning(note)


def _filters() -> Wanted:
    """What is asked for; a change of it starts at the newest again."""
    first, second, third = st.columns(3)
    fourth, fifth, sixth = st.columns(3)  # a row of their own: on a phone they keep their order
    verb = first.selectbox("Act", [ANY, *sorted(Verb)], on_change=_rewind)
    outcome = second.selectbox("Outcome", [ANY, *Outcome], on_change=_rewind)
    actor = third.text_input("Who", on_change=_rewind, max_chars=200).strip()
    subject = fourth.text_input(
        "About: an id or a digest, whole", on_change=_rewind, max_chars=200
    ).strip()
    since = fifth.date_input("From day (UTC)", value=None, on_change=_rewind)
    until = sixth.date_input("To day (UTC)", value=None, on_change=_rewind)
    return Wanted(
        verb=None if verb == ANY else verb,
        actor=actor or None,
        subject=subject or None,
        outcome=None if outcome == ANY else Outcome(outcome),
        since=_midnight(since),
        until=_midnight(until, days=1),
    )


def _midnight(day: date | None, *, days: int = 0) -> datetime | None:
    return None if day is None else datetime.combine(day + timedelta(days), time(), UTC)


def _rewind() -> None:
    st.session_state["audit-trail"] = []


def _newer() -> None:
    st.session_state["audit-trail"].pop()


def _list(site: Site, wanted: Wanted) -> None:
    # The entries that the pages before this one ended with: one step back is one pop.
    trail: list[int] = st.session_state.setdefault("audit-trail", [])
    found = site.trail.search(wanted, limit=PAGE + 1, before=trail[-1] if trail else None)
    if not found:
        st.html('<p class="rl-empty">No entry fits these filters.</p>')
        return
    shown = found[:PAGE]
    caption = f"Entries {shown[-1].seq:,} to {shown[0].seq:,}, the newest first"
    chosen = table(caption, COLUMNS, [_row(entry) for entry in shown])
    with st.container(horizontal=True):  # what is pressed is done before the page is drawn: once
        st.button("Newer", disabled=not trail, on_click=_newer)
        older = len(found) > PAGE
        st.button("Older", disabled=not older, on_click=trail.append, args=(shown[-1].seq,))
    st.html(exports(wanted))
    if chosen:
        st.query_params[OPENED] = chosen
        st.rerun()


def _row(entry: Entry) -> Row:
    act = entry.act
    cells = [
        f"{entry.seq:,}",
        f"{act.time:%Y-%m-%d %H:%M:%S %Z}",
        f"{act.by.name} ({act.by.via})",
        act.verb,
        act.outcome,
        act.subject if len(act.subject) <= SHOWN else f"{act.subject[:SHOWN]}…",
    ]
    return Row(id=str(entry.seq), cells=cells)


def _one(site: Site, place: str) -> None:
    entry = _find(site, place)
    act = entry.act
    rows = {
        "Time": act.time.isoformat(),
        "Who": f"{act.by.name} ({act.by.via})",
        "From": act.by.origin,
        "Act": act.verb,
        "Outcome": act.outcome,
        "About": act.subject,
        "Follows": entry.previous,
        "Digest": entry.digest,
    }
    items = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>"
        for name, value in rows.items()
        if value
    )
    with st.container(border=True, key="card-entry"):
        st.html(f'<div class="rl-head"><h2>Entry {entry.seq:,}</h2></div>')
        st.html(f'<dl class="rl-origin" aria-label="The entry">{items}</dl>')
        detail = json.dumps(act.detail, indent=1, ensure_ascii=False)
        st.code(detail, language="json", wrap_lines=True)
        if links := leads(site, act):
            st.html(links)


def _find(site: Site, place: str) -> Entry:
    """The entry at a place; raises NoSuchItem."""
    if place.isascii() and place.isdecimal():
        for entry in site.trail.search(Wanted(), limit=1, before=int(place) + 1):
            if str(entry.seq) == place:
                return entry
    raise NoSuchItem(f"The audit log has no entry {place!r}.", hint="Go back to the log.")
