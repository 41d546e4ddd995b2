"""Images that are to be drawn: of what, how many, and each as soon as it is there."""

from base64 import b64encode

import streamlit as st

from radlens.domain.errors import NotFound
from radlens.domain.job import Job, JobKind
from radlens.domain.ledger import Item, Kind
from radlens.domain.synthesis import MOST_GUIDANCE, MOST_STEPS, QUOTA, Order
from radlens.ports import Site
from radlens.ui import door, studio_jobs
from radlens.ui.dataset_words import title
from radlens.ui.jobs import EVERY_S
from radlens.ui.markup import badge, empty, head, safe
from radlens.ui.spoken import spoken
from radlens.usecases.generators import generators
from radlens.usecases.synthesis import queue_generate

WHAT = "drawing"
SHOWN, USUAL = 18, 40


def offer(site: Site, task: str) -> None:
    """Take an order, queue it, and show what is drawn while it is drawn."""
    st.html(
        head(
            "Draw images",
            "What is drawn shows no patient. Each image says so for ever, and can be drawn again "
            "from its record: generator, seed and number.",
        )
    )
    able = [known for known in generators(site, task) if known.draws]
    if not able:
        st.html(empty("No generator of this task is here yet."))
        return
    learned = [known.disease for known in able if known.disease]
    others = [label for known in able for label in known.labels]
    _form(site, task, list(dict.fromkeys((*learned, *others))))
    studio_jobs.tell_refusal(WHAT)
    ours = {known.digest for known in able}
    job = studio_jobs.newest(
        site, JobKind.GENERATE, lambda job: job.arguments.get("generator") in ours
    )
    studio_jobs.watch(job)
    if job:
        st.fragment(_pictures, run_every=EVERY_S if job.open else None)(job.id)


def _form(site: Site, task: str, labels: list[str]) -> None:
    card = site.tasks.get(task)
    with st.form("draw", border=False):
        left, middle, right = st.columns(3, gap="medium")
        disease = left.selectbox(
            "What they are to show", labels, format_func=lambda name: title(card, name)
        )
        n = middle.number_input("How many", 1, QUOTA, USUAL)
        seed = right.number_input("Seed", 0, value=1, help="Another seed draws other images")
        with st.expander("How they are drawn"):
            one, two, three = st.columns(3, gap="medium")
            guidance = one.number_input(
                "Guidance", 0.0, MOST_GUIDANCE, Order.guidance, help="How much it is insisted on"
            )
            steps = two.number_input("Looks at each image", 1, MOST_STEPS, Order.steps)
            name = three.text_input("Name of the dataset", placeholder="DISEASE-synthetic")
        pressed = st.form_submit_button("Draw them", type="primary")
    if pressed:
        order = Order(
            disease=disease,
            n=int(n),
            seed=int(seed),
            guidance=float(guidance),
            steps=int(steps),
            name=name.strip()[:100],
            task=task,
        )
        studio_jobs.ask(WHAT, lambda by: queue_generate(site, order, by=by))


def _pictures(job_id: str) -> None:
    """The images of a drawing so far, the newest first, each marked."""
    with spoken():
        door.caller()
        site = door.site()
        job = site.jobs.get(job_id)
        item = _drawing(site, job)
        if item is None or not item.files:
            return
        label, files = str(job.arguments["disease"]), list(item.files.items())
        st.html(head(f"{len(files):,} of {job.arguments['n']:,} images", _below(len(files))))
        shown = "".join(_shown(site, label, *each) for each in files[: -SHOWN - 1 : -1])
        st.html(f'<ul class="rl-wall" aria-label="Images drawn so far">{shown}</ul>')


def _drawing(site: Site, job: Job) -> Item | None:
    """The newest entry of the order that a job is to do."""
    entries = site.ledger.items(Kind.GENERATION)
    return next((i for i in entries if i.body["order"] == dict(job.arguments)), None)


def _below(count: int) -> str:
    return f"The last {SHOWN} of them." if count > SHOWN else "Drawn, and of no patient."


def _shown(site: Site, label: str, number: str, digest: str) -> str:
    try:
        content = b64encode(site.blobs.get(digest)).decode()
    except NotFound:
        image = '<span class="rl-gone">no longer stored</span>'
    else:
        alt = f"synthetic {safe(label)}, number {int(number) + 1}"
        image = f'<img src="data:image/png;base64,{content}" alt="{alt}">'
    mark = badge("synthetic", "rl-warn")
    return f"<li>{image}<small>{safe(label)} {int(number) + 1}</small>{mark}</li>"
