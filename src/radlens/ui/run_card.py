"""One run: what it learned, how its curves went, why this epoch, what it cost, where it is from."""

from collections.abc import Sequence

import streamlit as st

from radlens.domain.account import ENGINEERS
from radlens.domain.errors import NoSuchItem
from radlens.domain.ledger import Kind, State
from radlens.domain.run import Run
from radlens.ports import Site
from radlens.ui import door, recipe_words, run_charts, run_words, training_job
from radlens.ui.jobs import EVERY_S
from radlens.ui.markup import Html, code, empty, facts, head, safe, table, tiles
from radlens.ui.recipes import Recipe
from radlens.ui.run_words import Stage
from radlens.ui.spoken import spoken

STRATEGY = (
    "Where images are few, a network that was taught on others learns in two stages: first the new "
    "last layer alone, on layers that keep their start, so that its first, wild errors do not "
    "spoil them; then every layer, at a lower rate."
)


def show(site: Site, run_id: str) -> None:
    """Draw a run from its entry; one that runs is drawn again until it ends."""
    run = find(site, run_id)
    with st.container(border=True, key="card-run"):
        st.fragment(_live, run_every=EVERY_S if run.state is State.RUNNING else None)(run.id)
    with st.container(border=True, key="card-stages"), spoken():
        stages(site, run_words.stages(site, run))
        if door.caller().may(ENGINEERS):
            _go_on(site, run)
    with st.container(border=True, key="card-recipe"), spoken():
        recipe(Recipe(run.name, run.recipe, run.id))
    with st.container(border=True, key="card-origin"), spoken():
        _origin(site, run)


def find(site: Site, run_id: str) -> Run:
    """A run by its id; raises NoSuchItem."""
    try:
        return Run.of(site.ledger.get(run_id))
    except NoSuchItem as error:
        raise NoSuchItem(
            f"The run {run_id[:12]} is not on record, or not any more.",
            hint="Go back to the runs: they are those that are.",
        ) from error


def recipe(which: Recipe) -> None:
    """A recipe in plain words, and as it is written."""
    told = recipe_words.told(which.entries)
    st.html(head(which.title, *filter(None, [which.about])))
    if told:
        st.html(facts(told, f"What the recipe {which.name} does"))
    else:
        st.html(empty("It was written for another edition of the code; this is what it says."))
    with st.expander("The recipe as it is written"):
        st.code(which.text, language="toml")


def stages(site: Site, found: Sequence[Stage]) -> None:
    """The two-stage strategy on the curves of runs that went on from each other."""
    st.html(head("In stages", STRATEGY))
    task = site.tasks.get(found[-1].run.task)
    if len(found) > 1:
        panel = run_charts.score(run_words.scored_by(task))
        st.subheader(panel.words, anchor=False)
        run_charts.staged(found, panel)
        st.caption(
            "At the broken line the next stage goes on from the weights of the ringed epoch."
        )
    columns = ("Stage", "Run", "Learning rate", f"Best {run_words.scored_by(task)}")
    rows = [(_numbered(n, stage), *_cells(stage)) for n, stage in enumerate(found, start=1)]
    st.html(table("What learned in each stage", columns, rows))


def _numbered(number: int, stage: Stage) -> str:
    return f"{number}. {stage.learns}"


def _cells(stage: Stage) -> tuple[str, ...]:
    run = stage.run
    best = "none yet"
    if run.best is not None and run.best_epoch is not None:
        best = f"{run.best:.3f} in epoch {run.best_epoch + 1} of {len(run.curve)}"
    return run_words.title(run), stage.rate, best


def _live(run_id: str) -> None:
    with spoken():
        site = door.site()
        run = find(site, run_id)
        task = site.tasks.get(run.task)
        if run.state is not State.RUNNING and st.session_state.get("was running") == run.id:
            del st.session_state["was running"]
            st.rerun()
        if run.state is State.RUNNING:
            st.session_state["was running"] = run.id
        st.html(head(run.name, run_words.state(run)))
        if not run.curve:
            st.html(empty("There is no epoch on record, so nothing to draw."))
            return
        st.html(tiles(run_words.costs(run)))
        training_job.draw([run], run_words.scored_by(task))
        st.caption("The ring is the best epoch.")
        st.html(_reasons(run_words.why(run, task)))


def _reasons(found: Sequence[str]) -> Html:
    items = "".join(f"<li>{safe(text)}</li>" for text in found)
    return head("Which epoch, and why") + Html(f'<ul class="rl-list">{items}</ul>')


def _go_on(site: Site, run: Run) -> None:
    """A second stage of a run that kept some layers, or how one is made."""
    if not run.version:
        return
    if Recipe(run.name, run.recipe, run.id).entries["frozen"]:
        st.html(empty("This run kept some layers. A second stage goes on with every one of them."))
        training_job.offer_second_stage(site, run)
        return
    st.html(empty("Every layer learned here. A recipe goes on from it with:"))
    st.html(code(f'start = "run:{run.id[:12]}"'))


def _origin(site: Site, run: Run) -> None:
    st.html(head("Figures on test images, and where all this is from"))
    if found := run_words.figures(run):
        st.html(
            table(
                "Measured once, after the training", ("Figure", "With its interval"), found.items()
            )
        )
    else:
        st.html(
            empty(
                "Nothing was measured: the training did not come to its end, or was not meant to."
            )
        )
    rows = {
        "Run": run.id,
        "Began": f"{run.time:%Y-%m-%d %H:%M:%S %Z}",
        "Task": site.tasks[run.task].title if run.task in site.tasks else run.task,
        "Dataset": _dataset(site, run),
        "Version": run.version,
        "Repeats the run": run.reproduces[:12],
        "Asked for as job": run.job[:12],
        "Code": f"{run.code['version']} ({run.code['sources'][:16]})",
        "Machine": ", ".join(f"{name} {value}" for name, value in run.environment.items()),
        "Weights": run.weights,
    }
    st.html(facts({name: value for name, value in rows.items() if value}, "Where this is from"))


def _dataset(site: Site, run: Run) -> str:
    try:
        item = site.ledger.get(run.dataset)
    except NoSuchItem:
        return f"{run.dataset[:12]}, not on record here"
    return f"{item.name} ({item.id[:12]})" if item.kind is Kind.DATASET else run.dataset
