"""A disease that a generator is to learn: its name, its images, and how the learning goes."""

import streamlit as st

from radlens.domain.job import Job, JobKind
from radlens.domain.synthesis import LONGEST_PROMPT, Wish
from radlens.ports import Site
from radlens.ui import studio_jobs
from radlens.ui.markup import empty, head, many, safe, table
from radlens.usecases.disease_images import FEWEST, MOST
from radlens.usecases.generators import Known, generators
from radlens.usecases.synthesis import queue_adapt

WHAT = "learning"
DISEASES = ("Disease", "Learned from", "Described as", "Generator")


def offer(site: Site, task: str) -> None:
    """Take a disease's name, prompt and images, and queue the learning; watch the last one."""
    st.html(
        head(
            "Teach a disease",
            "A generator learns it on top of what it draws already, which stays as it is. "
            f"{FEWEST} real images are enough to begin with, 20 to 50 are good; they go on record "
            "as a dataset.",
        )
    )
    known = generators(site, task)
    able = [each for each in known if each.learns]
    if able:
        _form(site, task, able)
    else:
        command = f"radlens synth train RECIPE.toml --data NAME --out runs/{task}"
        st.html(
            empty(f"No generator of this task is here that could learn one: `{command}` trains it.")
        )
    studio_jobs.tell_refusal(WHAT)
    studio_jobs.watch(studio_jobs.newest(site, JobKind.ADAPT, lambda job: _of(job, task)))
    learned = [each for each in known if each.disease and each.draws]
    if learned:
        st.html(table("Learned so far", DISEASES, map(_row, learned)))


def _form(site: Site, task: str, able: list[Known]) -> None:
    with st.form("teach", border=False):
        left, right = st.columns(2, gap="medium")
        with left:
            name = st.text_input(
                "Name of the disease", placeholder="optic_glioma", help="Letters, digits and _"
            )
            prompt = st.text_area(
                "What it looks like", max_chars=LONGEST_PROMPT, help="Kept with what is learned"
            )
        with right:
            names = {each.digest: each.name for each in able}
            base = st.selectbox(
                "Generator that learns it", list(names), format_func=names.__getitem__
            )
            sent = st.file_uploader(
                f"Real images of it, {FEWEST} to {MOST}: PNG, JPEG or DICOM",
                accept_multiple_files=True,
            )
        pressed = st.form_submit_button("Learn it", type="primary")
    if pressed:
        images = [(file.name, file.getvalue()) for file in sent]
        wish = Wish(name.strip(), task, prompt.strip(), base)
        with st.spinner("Looking at the images"):
            studio_jobs.ask(WHAT, lambda by: queue_adapt(site, wish, images, by=by))


def _of(job: Job, task: str) -> bool:
    return job.arguments.get("task") == task


def _row(known: Known) -> tuple[object, ...]:
    described = known.prompt or safe("not described")
    return known.disease, many(known.images, "image"), described, f"{known.id[:12]}, {known.kind}"
