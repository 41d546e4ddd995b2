"""Model Manager: the versions of each task's model, which is live, and how it came to be."""

import streamlit as st

from radlens.domain.registry import Move, Stage, Version
from radlens.ports import Site
from radlens.ui import door, prospects, versions
from radlens.ui.decide import decisions, offer_rollback, tell
from radlens.ui.intake_bundle import take_bundle
from radlens.ui.spoken import say, spoken
from radlens.ui.table import Row, table

OPENED = "version"  # in the address, so that it can be kept, and Back leads to the list
VERSIONS = ("Version", "Stage", "Figures on held-out cases", "From", "Registered", "By")
MOVES = ("Time", "Version", "Became", "By", "Reason")


def show() -> None:
    """Draw the versions of a task, or the one that was opened."""
    st.title("Model Manager", anchor=False)
    site = door.site()
    opened = st.query_params.get(OPENED)
    if opened is None:
        task = _choose(site)
        tell()
        with spoken():
            _overview(site, task)
        return
    st.button("Back to the versions", on_click=_close)
    tell()
    with spoken():
        version = site.registry.get(opened)
        versions.show(site, version)
        prospects.show(site, version)
        decisions(site, version)


def _close() -> None:
    st.query_params.pop(OPENED, None)


def _choose(site: Site) -> str:
    names = sorted(site.tasks)
    task: str = st.selectbox("Task", names, format_func=lambda name: site.tasks[name].title)
    return task


def _overview(site: Site, task: str) -> None:
    found = site.registry.versions(task=task)
    moves = site.registry.moves(task)
    with st.container(border=True, key="card-live"):
        _live(found, moves)
        for version, error in site.live.behind():
            if version.task == task:
                say(error, f"{version.version} is live and does not load in this process:")
        offer_rollback(site, task, moves)
    with st.container(border=True, key="card-versions"):
        _list(found)
    with st.container(border=True, key="card-add"):
        take_bundle(site)
    with st.container(border=True, key="card-moves"):
        _history(found, moves)


def _live(found: list[Version], moves: list[Move]) -> None:
    live = next((version for version in found if version.stage is Stage.LIVE), None)
    if live is None:
        st.html('<p class="rl-empty">No version is live: nothing answers for this task.</p>')
        return
    since = next(step for step in reversed(moves) if step.after is Stage.LIVE)
    st.html(versions.live_html(live, since))


def _list(found: list[Version]) -> None:
    if not found:
        st.html(
            '<p class="rl-empty">No version is registered yet. Send a bundle below, or run '
            "<code>radlens models add BUNDLE</code>.</p>"
        )
        return
    _open(table("Versions, the newest first", VERSIONS, [_row(v) for v in found], key="versions"))


def _row(version: Version) -> Row:
    cells = [
        version.version,
        versions.stage_of(version),
        versions.figures(version),
        version.source,
        f"{version.time:%Y-%m-%d %H:%M %Z}",
        version.by.name,
    ]
    return Row(id=version.digest, cells=cells)


def _history(found: list[Version], moves: list[Move]) -> None:
    names = {version.digest: version.version for version in found}
    rows = [
        Row(
            id=step.digest,
            cells=[
                f"{step.time:%Y-%m-%d %H:%M:%S %Z}",
                names.get(step.digest, step.digest[:12]),
                versions.became(step),
                f"{step.by.name} ({step.by.via})",
                step.reason or "no reason given",
            ],
        )
        for step in reversed(moves)
    ]
    if rows:
        _open(table("History, the newest first", MOVES, rows, key="moves"))


def _open(chosen: str | None) -> None:
    if chosen:
        st.query_params[OPENED] = chosen
        st.rerun()
