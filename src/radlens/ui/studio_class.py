"""A disease that becomes a class of its task: added up to a candidate, each step told."""

from collections.abc import Iterator

import streamlit as st

from radlens.domain.disease import STEPS, Disease, Wish
from radlens.domain.job import JobKind
from radlens.domain.ledger import Item, Kind, State
from radlens.domain.synthesis import LEAST, LONGEST_PROMPT, QUOTA
from radlens.domain.task import LONGEST, Mode, Urgency
from radlens.ports import Site
from radlens.ui import going, studio_jobs
from radlens.ui.markup import Html, badge, empty, head, safe, table, told
from radlens.usecases.datasets import dataset_of
from radlens.usecases.diseases import ask_for, diseases
from radlens.usecases.generators import generators

WHAT = "a class"
FEW = "images of a new disease"
COLUMNS = ("Step", "What it came to", "Record")
MARKS = {State.DONE: "rl-good", State.RUNNING: "", State.FAILED: "rl-warn"}


def offer(site: Site, task: str) -> None:
    """Ask for a disease whose images are on record to be added, and tell of each that was."""
    st.html(
        head(
            "Make it a class, and send it to the registry",
            "One job does it all: a generator learns the disease and draws more of it, both are "
            "measured, a classifier that knows it too is trained, calibrated, held against the "
            "live version, and registered as a candidate. An administrator may then activate it.",
        )
    )
    few = [item for item in site.ledger.items(Kind.DATASET) if _shows_one(item, task)]
    able = {known.digest: known.name for known in generators(site, task) if known.learns}
    if few and able:
        _form(site, task, few, able)
    else:
        st.html(empty("No images of a new disease are on record yet; they are sent above."))
    studio_jobs.tell_refusal(WHAT)
    studio_jobs.watch(
        studio_jobs.newest(site, JobKind.DISEASE, lambda job: job.arguments.get("task") == task)
    )
    for added in [each for each in diseases(site) if each.wish.task == task][:3]:
        _tell(added)


def _form(site: Site, task: str, few: list[Item], able: dict[str, str]) -> None:
    names = {i.id: f"{_disease(i)} ({i.id[:8]}), {i.body['images']:,} images" for i in few}
    with st.form("class", border=False):
        left, right = st.columns(2, gap="medium")
        with left:
            chosen = st.selectbox(
                "Images of the disease", list(names), format_func=names.__getitem__
            )
            title = st.text_input("What people call it", max_chars=LONGEST[0])
            meaning = st.text_area(
                "What it is, in a plain sentence", max_chars=LONGEST[1], height=68
            )
            urgencies = [each.value for each in Urgency]
            urgency = st.selectbox("How soon somebody should look at it", urgencies)
        with right:
            prompt = st.text_area("How it looks", max_chars=LONGEST_PROMPT, height=68)
            base = st.selectbox(
                "Generator that learns it first", list(able), format_func=able.__getitem__
            )
            n = st.number_input("Synthetic images to draw", LEAST, QUOTA, Wish.n)
            # Labels stand beside each other: no other image says whether it shows a new one.
            others_without = site.tasks[task].mode is Mode.MULTI_LABEL and st.checkbox(
                "I know that no image of the task's own dataset shows it"
            )
        pressed = st.form_submit_button("Send to the registry", type="primary")
    if pressed:
        item = next(each for each in few if each.id == chosen)
        wish = Wish(
            task=task,
            disease=_disease(item),
            images=item.id,
            title=title.strip(),
            meaning=meaning.strip(),
            urgency=urgency,
            prompt=prompt.strip(),
            n=int(n),
            generator=base,
            others_without=others_without,
        )
        studio_jobs.ask(WHAT, lambda by: ask_for(site, wish, dataset_of(site, item), by=by))


def _shows_one(item: Item, task: str) -> bool:
    return bool(item.body["task"] == task and item.body["history"].get("made") == FEW)


def _disease(item: Item) -> str:
    """What every image of such a dataset shows."""
    [split] = item.body["splits"].values()
    shown = (name for name, count in split["labels"].items() if count["positive"])
    return str(next(shown))


def _tell(added: Disease) -> None:
    said = badge(added.state.value, MARKS[added.state])
    far = f"{len(added.steps)} of {len(STEPS)} steps are done"
    with st.expander(f"{added.wish.title}, {added.time:%Y-%m-%d %H:%M %Z}: {added.state.value}"):
        st.html(f'<p class="rl-fine">{said} {safe(far)}. {told(added.error)}</p>')
        st.html(table("What was done, and where it is on record", COLUMNS, _rows(added)))
        done = added.state is State.DONE and going.may_go("model-manager")
        if done and st.button("Open the Model Manager", key=f"manager-{added.id}"):
            going.go("model-manager")


def _rows(added: Disease) -> Iterator[tuple[str, Html, str]]:
    for step in added.steps:
        said = step.said.removeprefix("- ").replace("\n- ", "; ")
        yield step.name, told(said), step.record[:12]
