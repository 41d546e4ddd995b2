"""Model Training: recipes in plain words, runs as they go on and as they ended, side by side."""

import streamlit as st

from radlens.domain.account import ENGINEERS
from radlens.domain.ledger import Kind
from radlens.domain.run import Run
from radlens.ports import Site
from radlens.ui import door, recipes, run_card, run_comparison, run_words, training_job
from radlens.ui.markup import code, empty, head
from radlens.ui.spoken import spoken
from radlens.ui.table import Row, table

OPENED = "run"  # in the address, so that it can be kept, and Back leads to the list
NEWEST, PAGE = 200, 20
COLUMNS = ("Began", "Name", "State", "Epochs", "Best on validation", "Time", "Version")


def show() -> None:
    """Draw recipes and runs, or the one run that was opened."""
    st.title("Model Training", anchor=False)
    site = door.site()
    opened = st.query_params.get(OPENED)
    if opened is not None:
        st.button("Back to the runs", on_click=_close)
        with spoken():
            run_card.show(site, opened)
        return
    with spoken():
        _overview(site)


def _close() -> None:
    st.query_params.pop(OPENED, None)


def _overview(site: Site) -> None:
    runs = [Run.of(item) for item in site.ledger.items(Kind.RUN, limit=NEWEST)]
    engineer = door.caller().may(ENGINEERS)
    with st.container(border=True, key="card-recipe"), spoken():
        _recipes(site, runs, engineer=engineer)
    if engineer:
        with st.container(border=True, key="card-jobs"), spoken():
            training_job.watch(site)
    with st.container(border=True, key="card-runs"), spoken():
        _runs(runs)
    if not runs:
        return
    with st.container(border=True, key="card-stages"), spoken():
        _stages(site, runs)
    with st.container(border=True, key="card-compared"), spoken():
        run_comparison.draw(site, runs)


def _recipes(site: Site, runs: list[Run], *, engineer: bool) -> None:
    found = recipes.known(runs)
    names = [f"{n}" for n in range(len(found))]
    chosen = st.selectbox("Recipe", names, format_func=lambda n: found[int(n)].title)
    recipe = found[int(chosen)]
    run_card.recipe(recipe)
    if engineer:
        training_job.offer(site, recipe)


def _runs(runs: list[Run]) -> None:
    st.html(head("Runs", "Every training of this site, also those that failed."))
    if not runs:
        st.html(empty("Nothing was trained yet. Start a run above, or in a shell:"))
        st.html(code("radlens train RECIPE.toml --data NAME --out runs/NAME"))
        return
    last = (len(runs) - 1) // PAGE
    at = min(st.session_state.setdefault("page of runs", 0), last)
    shown = runs[at * PAGE : (at + 1) * PAGE]
    caption = f"Runs {at * PAGE + 1} to {at * PAGE + len(shown)}, the newest first"
    chosen = table(caption, COLUMNS, [_row(run) for run in shown], key="runs")
    if last:
        with st.container(horizontal=True):
            newer = st.button("Newer", disabled=at == 0)
            older = st.button("Older", disabled=at == last)
        if newer or older:
            st.session_state["page of runs"] = at + 1 if older else at - 1
            st.rerun()
    if len(runs) == NEWEST:
        st.html(empty(f"The newest {NEWEST} are listed; `radlens runs list` knows the others."))
    if chosen:
        st.query_params[OPENED] = chosen
        st.rerun()


def _row(run: Run) -> Row:
    cells = [
        f"{run.time:%Y-%m-%d %H:%M %Z}",
        run.name,
        f"repeats {run.reproduces[:8]}, {run.state}" if run.reproduces else run.state.value,
        str(len(run.curve)),
        "none" if run.best is None else f"{run.best:.3f}",
        run_words.long(run.seconds),
        run.version or "none",
    ]
    return Row(id=run.id, cells=cells)


def _stages(site: Site, runs: list[Run]) -> None:
    """The newest run that went on from another, else how such a run is made."""
    for run in runs:
        if len(found := run_words.stages(site, run)) > 1:
            run_card.stages(site, found)
            return
    st.html(head("In stages", run_card.STRATEGY))
    st.html(
        empty(
            "No run went on from another one yet. Open a run that kept some layers: its second "
            "stage is one button away. In a recipe of your own, this makes it one:"
        )
    )
    st.html(code('start = "run:NAME"') + " " + code("frozen = []"))
