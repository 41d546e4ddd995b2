"""What the older applications claim, each beside what is measured here of the same kind."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from radlens.domain.evaluation import Measure
from radlens.domain.ledger import Kind, State
from radlens.domain.registry import Stage
from radlens.domain.study import Study
from radlens.ports import Site
from radlens.reports.part import shown
from radlens.ui.evaluation_choice import Choice
from radlens.ui.markup import code, head, safe, table

CLAIMS = Path(__file__).with_name("claims.toml")
LADDER = "src/radlens/lab/recipes/studies/ladder.toml"
COLUMNS = ("What", "Claimed, not ours", "Claimed by", "Measured here", "On what, and how")

# What was measured, and on what: dataset, day, version.
Ours = tuple[object, object]


def draw(site: Site, found: list[Choice]) -> None:
    """The table of claims; ``found`` are the evaluations that there are, the newest first."""
    st.html(
        head(
            "What the older applications claim",
            "Their data and weights are not at hand: claims stand here to be compared in kind, and "
            "were measured on other images, if they were measured.",
        )
    )
    rows = []
    for claim in claims():
        ours, where = _ours(site, found, claim)
        rows.append((claim["what"], claim["claimed"], claim["source"], ours, where))
    st.html(table("Claims and measurements, side by side", COLUMNS, rows))


@cache
def claims() -> list[dict[str, Any]]:
    """The claims in the order of their file."""
    listed: list[dict[str, Any]] = tomllib.loads(CLAIMS.read_text("utf-8"))["claim"]
    return listed


def _ours(site: Site, found: list[Choice], claim: Mapping[str, Any]) -> Ours:
    if "figure" in claim:
        return _figure(site, found, claim["task"], claim["figure"])
    if "rung" in claim:
        return _study(site, claim["rung"], added=False)
    if "step" in claim:
        return _study(site, claim["step"], added=True)
    if "timing" in claim:
        return _timing(site, claim["task"])
    return "not measured: nothing was timed on a GPU yet", ""


def _figure(site: Site, found: list[Choice], task: str, name: str) -> Ours:
    """Of the live version: the newest evaluation on record, or what the version came with."""
    live = next((v.digest for v in site.registry.versions(task=task, stage=Stage.LIVE)), None)
    choice = next((each for each in found if each.digest == live), None)
    evaluation = choice and choice.read(site)
    measure = evaluation and evaluation.scores.whole.get(name)
    if not (choice and evaluation and measure):
        return _missing(f"radlens evaluate {task} --dataset NAME")
    subject = evaluation.subject
    where = f"{subject.dataset}, split {subject.split}, {choice.day}; {subject.model}"
    return _said(measure), f"{where}. {subject.statement}"


def _study(site: Site, rung: str, *, added: bool) -> Ours:
    """The accuracy of a rung, or what it ``added``, with the most images a class.

    Of the newest study that was finished and has it.
    """
    for item in site.ledger.items(Kind.STUDY):
        study = Study.of(item)
        found = [
            (step.per_class, step.difference, f", against {step.before}")
            for step in study.steps
            if added and step.after == rung
        ] or [
            (level.per_class, level.accuracy, "")
            for level in study.levels
            if not added and level.rung == rung
        ]
        if study.state is State.DONE and found:
            images, measure, against = max(found, key=lambda each: each[0])
            where = f"study {study.name}, {images} images a class{against}, {item.time:%Y-%m-%d}"
            return _said(measure), where
    return _missing(f"radlens study {LADDER} --data NAME")


def _timing(site: Site, task: str) -> Ours:
    timings = site.ledger.items(Kind.TIMING, name=task, limit=1)
    if not timings:
        return "not measured here yet", "System Architecture has a button that measures it"
    body = timings[0].body
    where = f"this machine, {timings[0].time:%Y-%m-%d}; {body['version']}"
    return f"{body['whole_ms']:.0f} ms from file to record, the median of {body['times']}", where


def _said(measure: Measure) -> str:
    return f"{shown(measure)}, n = {measure.n:,}"


def _missing(command: str) -> Ours:
    return "not measured here yet", safe("this measures it: ") + code(command)
