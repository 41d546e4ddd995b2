"""What drawn images are for: taken along, alone or among real ones, and trained with."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from radlens.domain.audit import Actor
from radlens.domain.errors import NotFound
from radlens.domain.job import Job, JobKind
from radlens.domain.ledger import Item, Kind
from radlens.domain.release import Release
from radlens.ports import Site
from radlens.ui import door, studio_jobs
from radlens.ui.markup import empty, head
from radlens.ui.recipes import shipped
from radlens.usecases.datasets import dataset_of, register
from radlens.usecases.jobs import enqueue_once
from radlens.usecases.synthesis import take_along

WHAT = "training"
ZIP = "application/zip"


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


def _download(title: str, name: str, content: partial[bytes]) -> None:
    st.download_button(title, content, file_name=name, mime=ZIP, on_click="ignore", width="stretch")


def _zip(site: Site, item: Item, real: Item | None, by: Actor) -> bytes:
    """The bytes of a download; the log tells who takes it along."""
    from radlens.lab.synth.export import combined, export

    made = dataset_of(site, item)
    other = dataset_of(site, real) if real else None
    take_along(site, made, other, by=by)
    return export(site, combined(made, other, site.tasks[made.task]) if other else made)


def _training(site: Site, item: Item, real: Item, verdicts: Mapping[str, Release]) -> None:
    st.subheader("Train with these", anchor=False)
    blocked = [each.sentence for each in verdicts.values() if not each.released]
    task = site.tasks[item.body["task"]]
    if blocked:
        st.html(empty("Not yet. " + " ".join(blocked)))
    elif not task.knows(tuple(next(iter(item.body["splits"].values()))["labels"])):
        st.html(empty(f"The card of {task.title} does not know this disease yet."))
    else:
        able = [each.name for each in shipped() if each.task == task.name and each.queueable]
        recipe = st.selectbox("Recipe", able)
        if st.button("Train with these", type="primary"):
            studio_jobs.ask(WHAT, lambda by: _queue(site, (item, real), recipe, by))
    studio_jobs.tell_refusal(WHAT)
    pair = (real.id, item.id)
    studio_jobs.watch(studio_jobs.newest(site, JobKind.TRAIN, lambda job: _on(site, job, pair)))


def _queue(site: Site, pair: tuple[Item, Item], recipe: str, by: Actor) -> Job:
    """Put both on record as one dataset, and have a model trained on it."""
    from radlens.lab.synth.export import combined

    made, real = (dataset_of(site, item) for item in pair)
    data = register(site, combined(made, real, site.tasks[made.task])).id
    return enqueue_once(site, JobKind.TRAIN, {"recipe": recipe, "data": data}, by=by)


def _on(site: Site, job: Job, pair: tuple[str, str]) -> bool:
    """Whether a training is on the dataset that was put together of a pair."""
    try:
        return site.ledger.get(str(job.arguments.get("data"))).parents == pair
    except NotFound:
        return False


def _fits(real: Item, made: Item) -> bool:
    body = real.body
    return bool(body["task"] == made.body["task"] and body["synthetic"] == 0)
