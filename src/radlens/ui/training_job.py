"""A training that is asked for on a page: a recipe and a dataset, a worker, its curves so far."""

from collections.abc import Mapping, Sequence

import streamlit as st

from radlens.domain.job import OPEN, Job, JobKind, JobState
from radlens.domain.ledger import Item, Kind
from radlens.domain.run import Run
from radlens.ports import Site
from radlens.ui import door, run_charts, run_words
from radlens.ui.jobs import EVERY_S, show_job
from radlens.ui.lacking import lacking
from radlens.ui.markup import Html, code, empty, head
from radlens.ui.recipes import Recipe, plain, second_stage
from radlens.ui.spoken import spoken
from radlens.usecases.datasets import dataset_of
from radlens.usecases.jobs import enqueue
from radlens.usecases.release import unreleased

OTHERWISE = (JobState.FAILED, JobState.CANCELLED)
LOOKED, SHOWN = 100, 3  # of the newest jobs; of those that did not come to their end


def offer(site: Site, recipe: Recipe) -> None:
    """Choose a dataset and queue a training by the recipe, where it can be."""
    if not recipe.queueable:
        st.html(empty("It starts from a file that lies beside it, so only the command can run it:"))
        st.html(code(f"radlens train {recipe.name}.toml --data NAME --out runs/{recipe.name}"))
        return
    found = [item for item in site.ledger.items(Kind.DATASET) if item.body["task"] == recipe.task]
    if not found:
        st.html(empty("No dataset of its task is on record yet. Import a folder of images:"))
        st.html(code(f"radlens data import FOLDER --task {recipe.task} --name NAME"))
        return
    named = {item.id: _named(item) for item in found}
    chosen = st.selectbox("Dataset to train on", list(named), format_func=named.__getitem__)
    for told in (*_unproven(site, found, chosen), *lacking("Training", "lab")):
        st.html(empty(told))
    if st.button("Start a run", type="primary"):
        _queue(site, recipe.arguments | {"data": chosen})


def offer_second_stage(site: Site, run: Run) -> None:
    """Queue a run that goes on from this one with every layer."""
    if st.button("Queue the second stage", type="primary"):
        name = plain(f"{run.name}-stage-2")
        _queue(site, {"recipe": second_stage(run), "name": name, "data": run.dataset})


def watch(site: Site) -> None:
    """The trainings that are queued or run, live, and the last ones that came to no good end."""
    jobs = [job for job in site.jobs.jobs(limit=LOOKED) if job.kind == JobKind.TRAIN]
    going = [job for job in site.jobs.jobs(*OPEN) if job.kind == JobKind.TRAIN]
    st.html(
        head("Under way", "Queued for a worker, one after the other; closing the page is fine.")
    )
    if not going:
        st.html(empty("No training is queued or runs."))
    for job in going:
        show_job(job.id)
        st.fragment(_curves_of, run_every=EVERY_S)(job.id)
    ended = [job for job in jobs if job.state in OTHERWISE][:SHOWN]
    if ended:
        with st.expander("The last ones that did not come to their end", expanded=not going):
            for job in ended:
                st.html(_asked(job))
                show_job(job.id)


def _curves_of(job_id: str) -> None:
    """The curves of the run that a job trains, once it has an epoch."""
    with spoken():
        site = door.site()
        runs = map(Run.of, site.ledger.items(Kind.RUN, limit=LOOKED))
        run = next((run for run in runs if run.job == job_id), None)
        if run and run.curve:
            metric = run_words.scored_by(site.tasks.get(run.task))
            draw([run], metric)
            st.caption(run_words.state(run))


def draw(runs: Sequence[Run], metric: str) -> None:
    """Both curves of runs, side by side."""
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader(run_charts.LOSS.words, anchor=False)
        run_charts.curves(runs, run_charts.LOSS)
    with right:
        panel = run_charts.score(metric)
        st.subheader(panel.words, anchor=False)
        run_charts.curves(runs, panel)


def _queue(site: Site, arguments: Mapping[str, str]) -> None:
    with spoken():
        caller = door.caller(active=True)
        enqueue(site, JobKind.TRAIN, arguments, by=caller.actor)
        st.rerun()


def _named(item: Item) -> str:
    return f"{item.name} ({item.id[:8]}), {item.body['images']:,} images"


def _asked(job: Job) -> Html:
    name = job.arguments.get("name") or job.arguments.get("recipe", "")
    return empty(f"Asked for on {job.time:%Y-%m-%d %H:%M %Z} by {job.by.name}: {str(name)[:100]}")


def _unproven(site: Site, found: Sequence[Item], dataset: str) -> list[str]:
    """Why synthetic images of a dataset are not released for training."""
    item = next(item for item in found if item.id == dataset)
    return unreleased(site, dataset_of(site, item)) if item.body["synthetic"] else []
