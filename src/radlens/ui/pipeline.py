"""The pipeline as drawn: its steps from data, each with what this site has of it now."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from radlens.domain.ledger import Kind
from radlens.installed import packages
from radlens.ports import Site
from radlens.ui.markup import many
from radlens.ui.samples import live

DRAWN = Path(__file__).with_name("pipeline.toml")


@dataclass(frozen=True)
class Step:
    """A box of the diagram; ``now`` is the line below its name."""

    name: str
    about: str
    now: str


@dataclass(frozen=True)
class Half:
    """A row of steps, each of which hands on to the next."""

    title: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Flow:
    """What goes from one step to another beside that."""

    start: str
    end: str
    says: str


def pipeline(site: Site) -> tuple[tuple[Half, ...], tuple[Flow, ...]]:
    """The two halves with the state of this site, and the flows between their steps."""
    told, now = _told(), counts(site)
    halves = tuple(
        Half(
            half["title"],
            tuple(Step(s["name"], s["about"], now[s["count"]]) for s in half["steps"]),
        )
        for half in told["half"]
    )
    return halves, tuple(Flow(o["from"], o["to"], o["says"]) for o in told["over"])


def counts(site: Site) -> Mapping[str, str]:
    """The live line of every step: counted, or measured, or that it is not yet."""
    datasets = site.ledger.items(Kind.DATASET)
    synthetic = sum(item.body.get("synthetic", 0) for item in datasets)
    return {
        "datasets": many(len(datasets), "dataset"),
        "synth": "drawn and diffused" if not packages("synth").missing else "drawn lesions",
        "synthetic": many(synthetic, "image"),
        "runs": many(len(site.ledger.items(Kind.RUN)), "run"),
        "evaluations": many(len(site.ledger.items(Kind.EVALUATION)), "evaluation"),
        "versions": many(len(site.registry.versions()), "version"),
        "formats": "PNG, JPEG, DICOM",
        "live": f"{sum(live(site, task) for task in site.tasks)} live",
        "predictions": many(site.records.count(), "prediction"),
        **_measured(site),
    }


def _measured(site: Site) -> dict[str, str]:
    timings = site.ledger.items(Kind.TIMING, limit=1)
    stages = ("decode", "prepare", "findings")
    if not timings:
        return dict.fromkeys(stages, "not measured")
    return {stage: f"{timings[0].body['median_ms'][stage]:.1f} ms" for stage in stages}


@cache
def _told() -> dict[str, Any]:
    return tomllib.loads(DRAWN.read_text("utf-8"))
