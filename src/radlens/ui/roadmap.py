"""The roadmap, each item's state derived from what is installed and found on this site."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from radlens.domain.ledger import Kind
from radlens.domain.model import Manifest
from radlens.installed import packages
from radlens.ports import Site
from radlens.ui.samples import live

PLAN = Path(__file__).with_name("roadmap.toml")
KINDS_OF_IMAGE = {"CT": {"CT"}, "MR": {"MR"}, "X-ray": {"CR", "DX"}}
SECOND_MS = 1000


class State(StrEnum):
    """How far an item is, here."""

    HERE = "on this site"
    PARTLY = "in part"
    NOT_YET = "not yet"


@dataclass(frozen=True)
class Item:
    """An entry of the roadmap; ``evidence`` says what its state follows from."""

    title: str
    what: str
    state: State
    evidence: str


# What a site has to show for an item: whether that is all of it, and in words.
Found = tuple[bool, str]


def roadmap(site: Site) -> list[Item]:
    """Every item in the order of the file."""
    return [_item(site, entry) for entry in _plan()["item"]]


def limits() -> list[str]:
    """What holds whatever is installed."""
    return [entry["text"] for entry in _plan()["limit"]]


def manifests(site: Site) -> Iterator[Manifest]:
    """What the live models say of themselves, by task."""
    return (site.live.current(task).manifest for task in sorted(site.tasks) if live(site, task))


def _item(site: Site, entry: Mapping[str, Any]) -> Item:
    missing = [name for name in entry["modules"] if not _there(name)]
    lacking = [found.add for name in entry.get("extras", ()) if (found := packages(name)).missing]
    evidence = [f"not in this installation: {', '.join(missing)}"] if missing else []
    evidence += [f"to be added: {' and '.join(lacking)}"] if lacking else []
    whole = not evidence
    if name := entry.get("found"):
        complete, said = FINDINGS[name](site)
        evidence.append(said)
        whole &= complete
    elif whole:
        evidence.append("installed")
    state = State.HERE if whole else State.PARTLY
    if len(missing) == len(entry["modules"]):
        state = State.NOT_YET
    return Item(entry["title"], entry["what"], state, "; ".join(evidence))


def _there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package above it is not here
        return False


def _uncertainty(site: Site) -> Found:
    known = [manifest.uncertainty is not None for manifest in manifests(site)]
    return _all(known, "keep a set of labels that cannot be ruled out")


def _explanation(site: Site) -> Found:
    tests = [manifest.metrics.get("explanation", {}) for manifest in manifests(site)]
    return _all([bool(test.get("passed")) for test in tests], "have maps that passed every test")


def _gate(site: Site) -> Found:
    return _all([m.gate is not None for m in manifests(site)], "have an input gate of their own")


def _modalities(site: Site) -> Found:
    known = {word for m in manifests(site) for word in site.tasks[m.task].modalities}
    here = [name for name, words in KINDS_OF_IMAGE.items() if words & known]
    return len(here) == len(KINDS_OF_IMAGE), f"live models read {', '.join(here) or 'none'}"


def _robustness(site: Site) -> Found:
    measured = {
        item.body["subject"]["task"]
        for item in site.ledger.items(Kind.EVALUATION)
        if item.body["robustness"]
    }
    tasks = [manifest.task for manifest in manifests(site)]
    return _all([task in measured for task in tasks], "have it in an evaluation on this site")


def _synthetic(site: Site) -> Found:
    found = sum(item.body.get("synthetic", 0) for item in site.ledger.items(Kind.DATASET))
    return found > 0, f"{found:,} synthetic images in the datasets of this site"


def _speed(site: Site) -> Found:
    timings = site.ledger.items(Kind.TIMING, limit=1)
    if not timings:
        return False, "not measured here yet: System Architecture has a button for it"
    spent = timings[0].body["whole_ms"]
    return spent < SECOND_MS, f"{spent:.0f} ms for {timings[0].name}, measured here"


def _all(known: list[bool], what: str) -> Found:
    return bool(known) and all(known), f"{sum(known)} of {len(known)} live models {what}"


FINDINGS: Mapping[str, Callable[[Site], Found]] = {
    "uncertainty": _uncertainty,
    "explanation": _explanation,
    "gate": _gate,
    "modalities": _modalities,
    "robustness": _robustness,
    "synthetic": _synthetic,
    "speed": _speed,
}


@cache
def _plan() -> dict[str, Any]:
    return tomllib.loads(PLAN.read_text("utf-8"))
