"""What drawn images are worth: how near they are to real ones, whose copies they are, the gate."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any

import streamlit as st

from radlens.domain.audit import Actor
from radlens.domain.dataset import HELD_OUT
from radlens.domain.evaluation import Measure
from radlens.domain.job import JobKind
from radlens.domain.ledger import Item, Kind
from radlens.domain.promotion import Result
from radlens.domain.release import DECIDING, LARGEST_RATIO, Release
from radlens.domain.synthesis import LEAST
from radlens.domain.task import Task
from radlens.ports import Site
from radlens.ui import studio_jobs
from radlens.ui.dataset_words import title
from radlens.ui.looked import first
from radlens.ui.markup import (
    Html,
    Tile,
    badge,
    empty,
    head,
    safe,
    table,
    tiles,
    told,
)
from radlens.ui.versions import interval
from radlens.usecases.release import assessment_of
from radlens.usecases.synthesis import neighbours, queue_assess

WHAT = "measuring"
WHOLE = ""
FIGURES = {
    "fid": (
        "Frechet distance (FID)",
        "How far the images as a whole lie from held-out real ones; lower is nearer.",
    ),
    "kid": (
        "Kernel distance (KID)",
        "The same without a bias for few images; near nothing where both are alike.",
    ),
    "precision": ("Precision", "The share of images that look like some real one."),
    "recall": ("Recall", "The share of real images that some drawn one looks like."),
}
ALIKE = (
    "SSIM of two images",
    "How much two images of one class are alike; above real, they repeat each other.",
)
COLUMNS = ("Figure", "Drawn", "Real", "What it means")


def draw(site: Site, item: Item, verdicts: Mapping[str, Release]) -> None:
    """The assessment of a drawn dataset, or how one is made; then what the gate says."""
    st.html(head("What they are worth", "Held against real images that no generator has seen."))
    studio_jobs.tell_refusal(WHAT)
    job = studio_jobs.newest(
        site, JobKind.ASSESS, lambda job: job.arguments.get("dataset") == item.id
    )
    studio_jobs.watch(job)
    found = assessment_of(site, item.id)
    if not (job and job.open):
        with st.expander("Measure again", expanded=False) if found else st.container():
            _ask(site, item)
    if found:
        _found(site, found)
    _gate(site.tasks.get(item.body["task"]), verdicts)


def _ask(site: Site, item: Item) -> None:
    real = [each for each in site.ledger.items(Kind.DATASET) if _against(each, item)]
    if not real:
        st.html(
            empty(
                "No real dataset of these labels with held-out images is on record, that they "
                "could be held against. `radlens data split NAME` splits one."
            )
        )
        return
    names = {each.id: f"{each.name} ({each.id[:8]}), {each.body['images']:,}" for each in real}
    against = st.selectbox("Held against", list(names), format_func=names.__getitem__)
    if st.button("Measure them", type="primary"):
        studio_jobs.ask(WHAT, lambda by: queue_assess(site, item.id, against, by=by))


def _against(real: Item, made: Item) -> bool:
    def labels(item: Item) -> set[str]:
        return {name for split in item.body["splits"].values() for name in split["labels"]}

    held = any(split in real.body["splits"] for split in HELD_OUT)
    same = real.body["task"] == made.body["task"] and labels(real) == labels(made)
    return held and same and real.body["synthetic"] < real.body["images"]


def _found(site: Site, item: Item) -> None:
    body, task = item.body, site.tasks.get(item.body["task"])
    images = body["images"]
    st.html(
        f'<p class="rl-fine">Measured {item.time:%Y-%m-%d %H:%M %Z}: {images["made"]:,} drawn '
        f"images against {safe(body['real']['name'])}, of which {images['train']:,} are training "
        f"images and {images['held_out']:,} held out.</p>"
    )
    measured = [name for name, each in body["classes"].items() if each["images"]["made"]]
    chosen = WHOLE
    if len(measured) > 1:
        chosen = st.selectbox(
            "Figures of", [WHOLE, *measured], format_func=lambda n: title(task, n) or "the whole"
        )
    elif measured:
        chosen = measured[0]
    figures = body["classes"][chosen] if chosen else body["whole"]
    if "fid" in figures["fidelity"][DECIDING]:
        caption = "As the task's own classifier sees them, with 95 % intervals"
        st.html(table(caption, COLUMNS, _rows(figures)))
    else:
        st.html(empty(_too_few(figures["images"])))
    _copies(body["copies"])
    _sheet(site, item)
    st.download_button(
        "Card of the assessment",
        lambda: site.blobs.get(item.files["card.md"]),
        file_name=f"{item.name}-assessment.md",
        mime="text/markdown",
        on_click="ignore",
    )


def _too_few(images: Mapping[str, int]) -> str:
    return (
        f"Its images are too few to measure how near they are to real ones: {images['made']:,} "
        f"drawn, {images['train']:,} training and {images['held_out']:,} held-out images, and "
        f"{LEAST} of each are needed."
    )


def _rows(figures: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    near = figures["fidelity"][DECIDING]
    ratio = _measure(near.get("fid_ratio"))
    words = (
        f"How many times as far away they are as real training images; {LARGEST_RATIO:g} times "
        "is let through."
    )
    yield "FID, drawn over real", ratio, "", words
    for name, (named, meant) in FIGURES.items():
        yield named, _measure(near.get(name)), _measure(near.get(f"{name}_real")), meant
    alike = figures["diversity"]
    yield ALIKE[0], _measure(alike.get("ssim")), _measure(alike.get("ssim_real")), ALIKE[1]


def _measure(found: Mapping[str, Any] | None) -> str:
    return interval(Measure(**found) if found else None)


def _copies(found: Mapping[str, Any]) -> None:
    rate, control = found["rate"], found["control"]
    st.html(
        tiles(
            [
                Tile(
                    f"{rate['hits']:,} of {rate['n']:,}",
                    "repeat a training image",
                    f"at most {rate['at_most']:.1%} of what this generator draws, with 95 % "
                    "confidence",
                ),
                Tile(
                    f"{control['caught']} of {control['planted']}",
                    "planted copies were found",
                    "mirrored, shifted and noisy ones, hidden to test the search",
                ),
                Tile(
                    f"{found['held_out_accused']['hits']:,} of {found['held_out_accused']['n']:,}",
                    "held-out images were accused",
                    "wrongly: no generator has seen them",
                ),
            ]
        )
    )


def _sheet(site: Site, item: Item) -> None:
    if not st.toggle("Show them beside the real images that they are nearest to"):
        return

    def look(by: Actor) -> bytes:
        return neighbours(site, item.id, by=by)

    content = first(f"sheet {item.id}", look, lambda: site.blobs.get(item.files["neighbours.png"]))
    image = b64encode(content).decode()
    alt = "Drawn images, each beside its nearest training and its nearest held-out image"
    st.html(
        f'<div class="rl-sheet" tabindex="0" role="region" aria-label="Nearest real images">'
        f'<img src="data:image/png;base64,{image}" alt="{alt}"></div>'
    )


def _gate(task: Task | None, verdicts: Mapping[str, Release]) -> None:
    st.subheader("May they be trained on?", anchor=False)
    rows = [(title(task, name), _verdict(each), _reasons(each)) for name, each in verdicts.items()]
    st.html(table("What the gate says of each class", ("Class", "Verdict", "Why"), rows))


def _verdict(release: Release) -> Html:
    return badge("released", "rl-good") if release.released else badge("blocked", "rl-warn")


def _reasons(release: Release) -> Html:
    marks = {Result.PASSED: "", Result.FAILED: "rl-warn", Result.MISSING: ""}
    lines = (
        f'<p class="rl-fine {marks[check.result]}"><b>{safe(check.name)}</b> '
        f"{told(check.sentence)}</p>"
        for check in release.checks
    )
    return Html("".join(lines))
