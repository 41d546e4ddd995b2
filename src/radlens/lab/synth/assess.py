"""``radlens synth assess``: what made images are worth, and whose copies they are, on record."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from radlens.domain.dataset import Dataset
from radlens.domain.errors import StorageUnavailable
from radlens.domain.ledger import Item, Kind, State
from radlens.domain.metrics import Proportion
from radlens.lab.memory import keep_freed_memory
from radlens.lab.progress import Seen, silent, stages
from radlens.lab.record import code, environment
from radlens.lab.subject import find_model, scan_of, trained_on
from radlens.lab.synth.asked import Asked, asked, units_of
from radlens.lab.synth.assess_card import assessment_card
from radlens.lab.synth.copies import ACCUSED, PLANTED, membership
from radlens.lab.synth.features import Penultimate
from radlens.lab.synth.fidelity import RESAMPLES
from radlens.lab.synth.gathered import Gathered, gather
from radlens.lab.synth.judges import Judge
from radlens.lab.synth.measured import judges_of, measured, plainly, sets_of
from radlens.lab.synth.sheet import Row, sheet
from radlens.model_ports import Engine
from radlens.ports import Site
from radlens.usecases.datasets import register
from radlens.usecases.synthesis import SHEET

CARD = "card.md"
SHOWN = 24


@dataclass(frozen=True, eq=False)
class Assessed:
    """The entry, and its files by their names."""

    item: Item
    files: Mapping[str, bytes]


def assess(
    site: Site, reference: str, *, against: str, seed: int = 1, seen: Seen = silent
) -> Assessed:
    """Measure the made images of a dataset against the real one that its generator learned from.

    Both are named, or the beginning of an id; the entry is on record when all is done, and beside
    it a version of the dataset without copies. Raises NoSuchItem, BadDataset or NoLiveModel, and
    then nothing is.
    """
    began = site.clock()
    asking = asked(site, reference, against)
    engine = find_model(site, asking.task.name)
    network = site.blobs.get(site.registry.get(engine.ref.digest).files["model.onnx"])
    keep_freed_memory()
    stage = stages(seen, 100)
    judge = Penultimate(network, engine.manifest.input)
    gathered = gather(site.blobs, asking, judge, seed=seed, seen=stage(80))
    sets = sets_of(asking, gathered)
    known = trained_on(site, engine.manifest, asking.train)
    judges = judges_of(engine, sets, asking.task.mode, known)
    found = measured(asking, sets, judges, seed=seed, seen=stage(20))
    kept = _without(asking, gathered)
    body = _body(asking, gathered, engine, judges, seed) | found
    body["without_copies"] = None if kept is None else kept.id
    files = {
        SHEET: _sheet(site, asking, gathered),
        CARD: assessment_card(asking.dataset.name, body).encode(),
    }
    if kept is not None:
        register(site, kept)
    item = Item(
        id=site.new_id(),
        kind=Kind.ASSESSMENT,
        name=asking.dataset.name,
        time=began,
        state=State.DONE,
        body=body,
        parents=(asking.dataset.id, asking.real.id),
        files={name: site.blobs.put(content) for name, content in files.items()},
    )
    site.ledger.put(item)
    return Assessed(item, files)


def write(done: Assessed, folder: Path) -> None:
    """The entry's files and ``record.json`` in a folder; raises StorageUnavailable."""
    item = done.item
    record = {"id": item.id, "kind": item.kind, "time": item.time.isoformat(), **item.body}
    written = json.dumps(record, indent=1, sort_keys=True, allow_nan=False).encode()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in {**done.files, "record.json": written}.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise StorageUnavailable(
            f"{folder} cannot be written: {error.strerror}.",
            hint=f"The entry {item.id} is on record with all its files.",
        ) from error


def _body(
    asked: Asked, gathered: Gathered, engine: Engine, judges: list[Judge], seed: int
) -> dict[str, Any]:
    """All but the figures of classes, as plain JSON."""
    near = (gathered.near_train, gathered.near_held)
    units = units_of(asked.train), units_of(gathered.held_images)
    told = membership(gathered.made, near, (gathered.train, gathered.held.views), units)
    rate = Proportion(int(gathered.copies.sum()), len(asked.made))
    body: dict[str, Any] = {
        "task": asked.task.name,
        "dataset": {"name": asked.dataset.name, "id": asked.dataset.id},
        "real": {"name": asked.real.name, "id": asked.real.id},
        "images": {
            "made": len(asked.made),
            "train": len(asked.train),
            "held_out": len(gathered.held_images),
        },
        "repeated": [image.file for image in gathered.repeated],
        "classifier": {"version": engine.ref.version, "digest": engine.ref.digest},
        "judges": {judge.name: judge.what for judge in judges},
        "copies": {
            "found": _found(asked, gathered),
            "rate": {"hits": rate.hits, "n": rate.n, "at_most": rate.at_most},
            "held_out_accused": {
                "hits": gathered.accused_held,
                "n": len(gathered.held_images),
                "allowed": ACCUSED,
            },
            "control": {"planted": PLANTED, "caught": gathered.caught},
            "limits": asdict(gathered.limit),
            "membership": plainly(told),
        },
        "seed": seed,
        "resamples": RESAMPLES,
        "code": code(),
        "environment": environment(),
    }
    return body


def _found(asked: Asked, gathered: Gathered) -> list[dict[str, Any]]:
    """Each copy: what it repeats, and how plainly."""
    near = gathered.near_train
    return [
        {
            "file": asked.made[at].file,
            "digest": asked.made[at].digest,
            "repeats": asked.train[near.which[at]].file,
            "repeated_digest": asked.train[near.which[at]].digest,
            "agreement": round(float(near.agreement[at]), 4),
            "alone": round(float(gathered.signs.alone[at]), 4),
            "ratios": {n: round(float(r[at]), 4) for n, r in gathered.signs.ratios.items()},
        }
        for at in np.flatnonzero(gathered.copies)
    ]


def _without(asked: Asked, gathered: Gathered) -> Dataset | None:
    """The dataset without its copies; itself where it has none, None where nothing else is left."""
    dataset = asked.dataset
    gone = {asked.made[at].file for at in np.flatnonzero(gathered.copies)}
    rest = tuple(image for image in dataset.images if image.file not in gone)
    if not gone or not rest:
        return dataset if rest else None
    history = {
        "made": "copies dropped",
        "dropped": sorted(gone),
        "before": dict(dataset.history),
    }
    name = f"{dataset.name}-without-copies"
    parents = (*dataset.parents, dataset.id)
    return replace(dataset, name=name, images=rest, parents=parents, history=history)


def _sheet(site: Site, asked: Asked, gathered: Gathered) -> bytes:
    """Those nearest to a training image first, copies or not, then some of the others."""
    near, held = gathered.near_train, gathered.near_held
    order = np.lexsort((-near.agreement, ~gathered.copies))
    half = SHOWN // 2
    picked = [*order[:half], *order[half :: max(1, (len(order) - half) // half)][:half]]

    def row(at: int) -> Row:
        copy = bool(gathered.copies[at])
        images = (
            asked.made[at],
            asked.train[near.which[at]],
            gathered.held_images[held.which[at]],
        )
        one, two, three = (scan_of(site.blobs, image) for image in images)
        words = f"agree {near.agreement[at]:.3f} with training, {held.agreement[at]:.3f} held-out"
        return Row((one, two, three), f"{'COPY: ' if copy else ''}{words}", copy)

    return sheet([row(at) for at in picked])
