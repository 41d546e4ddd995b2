"""What drawn images are for: taken along, alone or among real ones, and trained with."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from radlens.domain.audit import Actor
from radlens.domain.job import JobKind
from radlens.domain.ledger import Item, Kind
from radlens.domain.release import Release
from radlens.domain.run import Run
from radlens.ports import Site
from radlens.ui import door, studio_jobs
from radlens.ui.dataset_words import title
from radlens.ui.markup import empty, head
from radlens.ui.recipes import known
from radlens.usecases.datasets import dataset_of
from radlens.usecases.synthesis import queue_training, take_along

WHAT = "training"
ZIP = "application/zip"
NEWEST = 100  # runs whose recipes are offered


def offer(site: Site, item: Item, verdicts: Mapping[str, Release]) -> None:
    """Downloads of the set and of the combined one, and a training with them once they may be."""
    st.html(
        head(
            "Put them to use",
            "Every image of a download says in its PNG and its manifest row that it is synthetic "
            "and how it was drawn; imported again it still is.",
        )
    )
    real = [each for each in site.ledger.items(Kind.DATASET) if _fits(each, item)]
    names = {each.id: f"{each.name} ({each.id[:8]}), {each.body['images']:,}" for each in real}
    chosen = st.selectbox(
        "Real images to put them among",
        list(names),
        format_func=names.__getitem__,
        placeholder="No real dataset of the task is on record",
        disabled=not real,
    )
    by = door.caller().actor
    left, right = st.columns(2)
    with left:
        _download("Synthetic set (ZIP)", f"{item.name}.zip", partial(_zip, site, item, None, by))
    other = next((each for each in real if each.id == chosen), None)
    if other:
        with right:
            name = f"{other.name}-with-{item.name}.zip"
            _download("Combined set (ZIP)", name, partial(_zip, site, item, other, by))
        _training(site, item, other, verdicts)


def _download(what: str, name: str, content: partial[bytes]) -> None:
    st.download_button(what, content, file_name=name, mime=ZIP, on_click="ignore", width="stretch")


def _zip(site: Site, item: Item, real: Item | None, by: Actor) -> bytes:
    """The bytes of a download; the log tells who takes it along."""
    from radlens.lab.synth.export import combined, export

    made = dataset_of(site, item)
    other = dataset_of(site, real) if real else None
    take_along(site, made, other, by=by)
    return export(site, combined(made, other, site.tasks[made.task]) if other else made)


def _training(site: Site, item: Item, real: Item, verdicts: Mapping[str, Release]) -> None:
    st.subheader("Train with these", anchor=False)
    task = site.tasks[item.body["task"]]
    blocked = [title(task, name) for name, each in verdicts.items() if not each.released]
    if blocked:
        st.html(empty(f"Not yet: the gate blocks {', '.join(blocked)}, for the reasons above."))
    elif not task.knows(tuple(next(iter(item.body["splits"].values()))["labels"])):
        st.html(empty(f"The card of {task.title} does not know this disease yet."))
    else:
        _ask(site, item, real)
    studio_jobs.tell_refusal(WHAT)
    job = studio_jobs.newest(
        site,
        JobKind.TRAIN,
        lambda job: (
            (job.arguments.get("data"), job.arguments.get("synthetic")) == (real.id, item.id)
        ),
    )
    studio_jobs.watch(job)
    if job and job.result:
        st.html(empty(f"They were trained with: {job.result['version']} is in the Model Manager."))


def _ask(site: Site, item: Item, real: Item) -> None:
    runs = [Run.of(each) for each in site.ledger.items(Kind.RUN, limit=NEWEST)]
    task = item.body["task"]
    able = [each for each in known(runs) if each.task == task and each.queueable]
    names = [f"{n}" for n in range(len(able))]
    chosen = st.selectbox("Recipe", names, format_func=lambda n: able[int(n)].title)
    if st.button("Train with these", type="primary"):
        told = able[int(chosen)].arguments
        studio_jobs.ask(WHAT, lambda by: queue_training(site, told, item.id, real.id, by=by))


def _fits(real: Item, made: Item) -> bool:
    body = real.body
    return bool(body["task"] == made.body["task"] and body["synthetic"] == 0)
